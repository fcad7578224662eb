/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the kernel keeps for each core. TPIDR_EL2 points to it.
 */
#ifndef KERNEL_CORE_CORE_H
#define KERNEL_CORE_CORE_H

#include "kernel/core/thread.h"

#define PRIORITY_COUNT (IMAGE_PRIORITY_MAX + 1)

struct core {
    uint64_t stack_top; /* first: the exception vectors read it */
    uint32_t id;
    volatile bool is_online;
    bool is_alone; /* there is no other core: nobody to lock out */
    bool must_schedule;

    /* The thread that runs, or NULL: the core is idle. Not in a queue. */
    struct thread *current;

    /* What the hardware holds: whose address space, EL1 registers, FP registers. */
    struct thread *loaded;
    struct thread *resident_vcpu;
    struct thread *fp_owner;

    /* Its registers have gone from the hardware into memory, and what it waits for has not been seen to yet; or NULL.
     */
    struct thread *evicted;

    uint64_t charged_at;
    struct thread *charged; /* whose budget is being used up, since charged_at */

    /*
     * Ready threads by priority. Bit p % 64 of word p / 64 is set where queue p
     * is not empty, bit w of the summary where word w is not 0.
     */
    uint64_t ready_summary;
    uint64_t ready_words[PRIORITY_COUNT / 64 + 1];
    struct thread_queue ready[PRIORITY_COUNT];

    /* Threads to be woken at a time, earliest first. */
    struct thread *asleep;
    struct thread *timeouts; /* vCPUs whose physical timer is on, earliest first */
    uint64_t next_wake;      /* when the first of both lists is due; UINT64_MAX: never */
    uint64_t timer_at;       /* what the timer is set to; UINT64_MAX: off */

    /* Another core wants this one in the kernel, with its vCPU's registers in memory. */
    volatile bool stall_request;
    uint64_t entry_esr; /* why the kernel was entered; 0: interrupt */
};

extern struct core cores[IMAGE_CORE_COUNT_MAX];
extern uint32_t core_count; /* cores that the image uses */

/* Whether the vCPU's registers are in its core's hardware. */
static inline bool core_holds(const struct thread *vcpu)
{
    return cores[vcpu->core].resident_vcpu == vcpu;
}

#endif
