/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The virtual timer and its counter.
 */
#pragma once

#include "harness.h"
#include "spec/arm/timer.h"

static inline uint64_t timer_now(void)
{
    uint64_t now;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(now) : : "memory");
    return now;
}

static inline uint64_t timer_ticks(uint64_t us)
{
    return us * (READ_SYSREG(cntfrq_el0) / 1000000);
}

static inline void timer_control(uint64_t bits)
{
    WRITE_SYSREG(cntv_ctl_el0, bits);
}

static inline void timer_set(uint64_t compare)
{
    WRITE_SYSREG(cntv_cval_el0, compare);
}

/* Switches the timer on, due in `us`. */
static inline void timer_start(uint64_t us)
{
    timer_set(timer_now() + timer_ticks(us));
    timer_control(CNT_CTL_ENABLE);
}

/* One round of a busy loop: lets others go first where vCPUs share a processor. */
static inline void timer_yield(void)
{
    __asm__ volatile("yield" : : : "memory");
}

static inline void timer_spin(uint64_t us)
{
    const uint64_t end = timer_now() + timer_ticks(us);
    while (timer_now() < end) {
        timer_yield();
    }
}
