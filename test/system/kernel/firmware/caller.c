/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls functions of the firmware: of PSCI it reaches those that switch the
 * machine off, and none that starts or stops a core.
 */
#include "harness.h"

#define PROGRAM       ((volatile uint32_t *)0x10000000)
#define PROGRAM_PADDR 0x60000000UL
#define RAN           0x5ead

#define NOT_SUPPORTED (~0UL)
#define PSCI_1_0      0x10000

static seL4_ARM_SMCContext answer;

static seL4_Word call(seL4_Word function, seL4_Word a, seL4_Word b, seL4_Word c)
{
    seL4_ARM_SMCContext words = {.x0 = function, .x1 = a, .x2 = b, .x3 = c};
    microkit_arm_smc_call(&words, &answer);
    return answer.x0;
}

static void check_refused(const char *what, seL4_Word function)
{
    check_equal(what, call(function, 1, PROGRAM_PADDR, PROGRAM_PADDR), NOT_SUPPORTED);
}

/* At EL2 with the MMU off, x0 being the program's own address. */
static void write_program(void)
{
    static const uint32_t program[] = {
        0xd28bd5a1, /* mov x1, #RAN */
        0xb9040001, /* str w1, [x0, #0x400] */
        0xd5033f9f, /* dsb sy */
        0x14000000, /* b . */
    };
    for (unsigned i = 0; i < sizeof(program) / sizeof(program[0]); i++) {
        PROGRAM[i] = program[i];
    }
    __asm__ volatile("dc civac, %0\n dsb sy" : : "r"(PROGRAM) : "memory");
}

void init(void)
{
    write_program();
    check("PSCI_VERSION is 1.0 or newer", (uint32_t)call(0x84000000, 0, 0, 0) >= PSCI_1_0);
    check_equal("PSCI_FEATURES knows SYSTEM_OFF", call(0x8400000a, 0x84000008, 0, 0), 0);
    check_equal("the upper half of x0 says nothing", call(0xffffffff8400000a, 0x84000008, 0, 0), 0);
    check_refused("CPU_SUSPEND", 0xc4000001);
    check_refused("CPU_OFF", 0x84000002);
    check_refused("CPU_ON", 0xc4000003);
    check_refused("CPU_ON, 32-bit arguments", 0x84000003);
    check_refused("CPU_ON, other bits above", 0x1c4000003);
    check_refused("AFFINITY_INFO", 0xc4000004);
    check_refused("CPU_FREEZE", 0x8400000b);
    check_refused("SDEI_EVENT_REGISTER", 0xc4000021);
    check_refused("a SiP function that is not listed", 0xc2000000);
    (void)call(0xc2000000, 1, 2, 3);
    check("a refused call changes x0 only", answer.x1 == 1 && answer.x2 == 2 && answer.x3 == 3);

    seL4_Word begin = harness_now();
    while (harness_now() - begin < harness_ticks(2000)) {
        harness_yield();
    }
    check("no other core ran the PD's program", PROGRAM[0x100] != RAN);
    harness_done();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
