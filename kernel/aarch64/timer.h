/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The core's own timer: the EL2 physical timer [Arm ARM D13.2].
 */
#ifndef KERNEL_ARCH_TIMER_H
#define KERNEL_ARCH_TIMER_H

#include "kernel/aarch64/cpu.h"

#define TIMER_INTID 26

#define TIMER_TICKS_MAX BIT(60) /* added to the counter it does not wrap */

/* Ticks of the counter in `us` microseconds: 1 to TIMER_TICKS_MAX. */
static inline uint64_t timer_ticks(uint64_t us)
{
    uint64_t hz = SYSREG_READ(cntfrq_el0);
    uint64_t seconds = us / 1000000;
    if (seconds >= TIMER_TICKS_MAX / hz) {
        return TIMER_TICKS_MAX;
    }
    uint64_t ticks = seconds * hz + us % 1000000 * hz / 1000000;
    return ticks == 0 ? 1 : ticks;
}

static inline uint64_t timer_now(void)
{
    cpu_isb();
    return SYSREG_READ(cntpct_el0);
}

/* Interrupts this core at counter value `at`; UINT64_MAX: never. */
static inline void timer_set(uint64_t at)
{
    if (at != UINT64_MAX) {
        SYSREG_WRITE(cnthp_cval_el2, at);
    }
    SYSREG_WRITE(cnthp_ctl_el2, at != UINT64_MAX);
    cpu_isb();
}

#endif
