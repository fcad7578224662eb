/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Faults in one way after the other; its parent decides how it goes on.
 */
#include "children.h"

/* Runs one instruction after it has told its address; x0 = argument before and the result after. */
#define STEP(number, instruction, argument)                                                                            \
    ({                                                                                                                 \
        register seL4_Word x0_ __asm__("x0") = (argument);                                                             \
        CHILDREN->step = (number);                                                                                     \
        __asm__ volatile("adr x1, 1f\n str x1, [%1]\n1: " instruction                                                  \
                         : "+r"(x0_)                                                                                   \
                         : "r"(&CHILDREN->address)                                                                     \
                         : "x1", "memory");                                                                            \
        x0_;                                                                                                           \
    })

void init(void)
{
    CHILDREN->faulter_starts++;
    if (CHILDREN->faulter_starts == 1) {
        (void)STEP(STEP_READ, "ldr x1, [x0]", UNMAPPED + 8);
        CHILDREN->answer = STEP(STEP_SVC, "svc #500", 0x1234);
        (void)STEP(STEP_UNDEFINED, "udf #0", 0);
        (void)STEP(STEP_PRIVILEGE, "udf #1", 0);
        (void)STEP(STEP_STILL_EL0, "mrs x0, CurrentEL", 0);
        (void)STEP(STEP_RESTART, "str x1, [x0]", UNMAPPED);
        microkit_dbg_puts("BAD faulter was not restarted\n");
    }
    (void)STEP(STEP_STAY, "br x0", UNMAPPED);
    microkit_dbg_puts("BAD faulter was not left stopped\n");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
