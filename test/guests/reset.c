/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A thousand lives, ended by the guest's own PSCI SYSTEM_RESET and SYSTEM_RESET2: nothing of one is visible in the
 * next.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/life.h"
#include "harness/psci.h"

#define LIFE_COUNT_MAX 1000

static void reset(uint64_t life)
{
    struct smccc_registers registers = {{PSCI_SYSTEM_RESET}};
    for (size_t i = 4; i < ARRAY_SIZE(registers.x); i++) {
        registers.x[i] = 0xdead0000 + i;
    }
    if (harness_is_native() || life % 3 == 0) {
        smccc_hvc(&registers);
    } else if (life % 3 == 1) {
        smccc_smc(&registers);
    } else {
        registers.x[0] = PSCI_64(PSCI_SYSTEM_RESET2);
        smccc_hvc(&registers);
    }
    check("SYSTEM_RESET does not return", false);
    harness_end();
}

/* From within an interrupt's handler. */
static uint64_t life_now;

static void reset_in_handler(void)
{
    (void)gic_acknowledge();
    reset(life_now);
}

/* QEMU's GICv2, as of version 7.2, does not reset active priorities. */
static bool is_qemu_v2(void)
{
    return harness_is_native() && !gic_is_v3();
}

static enum life_mess mess_of(uint64_t life)
{
    const enum life_mess mess = (enum life_mess)(life % LIFE_MESS_COUNT);
    return is_qemu_v2() && (mess == LIFE_IN_SERVICE || mess == LIFE_DEVICE) ? LIFE_PENDING : mess;
}

void guest_main(void)
{
    life_now = life_begin();
    if (life_now > LIFE_COUNT_MAX) {
        harness_put("\n");
        check_equal("lives", life_now - 1, LIFE_COUNT_MAX);
        return;
    }
    life_spoil(mess_of(life_now));
    if (life_now % 7 == 0 && !is_qemu_v2()) {
        interrupt_set_handler(reset_in_handler);
        interrupt_unmask();
    }
    reset(life_now);
}
