/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Notifies the VMM at a rate that has nothing to do with what the guest is doing. Its budget makes it leave the core to
 * the guest in between. It reads the physical counter: seL4 lets PDs read no other [CNTHCTL_EL2, CNTKCTL_EL1].
 */
#include <microkit.h>

#include <stdint.h>

#define VMM_CH    0
#define PERIOD_US 1370

static uint64_t now(void)
{
    uint64_t count;
    __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(count) : : "memory");
    return count;
}

void init(void)
{
    uint64_t hz;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    const uint64_t period = hz / 1000000 * PERIOD_US;
    uint64_t next = now();
    for (;;) {
        next += period;
        while (now() < next) {
        }
        microkit_notify(VMM_CH);
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}
