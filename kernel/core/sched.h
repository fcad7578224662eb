/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Scheduling: on each core the ready thread of the highest priority runs,
 * threads of equal priority one after the other, each for its budget. A thread whose
 * budget is less than its period sleeps, when it has used it up, until the
 * period is over; the period begins when the thread first runs in it. A
 * passive PD that serves a call or a fault runs at its own priority on the
 * budget of the thread that made it; otherwise on its own.
 */
#ifndef KERNEL_CORE_SCHED_H
#define KERNEL_CORE_SCHED_H

#include "kernel/core/core.h"

/* A PD serves nobody any more, because that thread is stopped; a passive PD goes on with its own budget. */
void sched_end_service(struct thread *pd);

/* Makes a thread that is in no queue READY; its core will run it when it comes first. */
void sched_make_ready(struct thread *thread);

/*
 * Makes a thread that has been replied to READY. It goes on before others of its priority, as on seL4, unless its
 * timeslice ended meanwhile: one that has woken another may hold the lock that this will want.
 */
void sched_go_on(struct thread *thread);

/* Priority of the best thread in the ready queues, or -1. */
static inline int sched_highest_ready(const struct core *core)
{
    if (core->ready_summary == 0) {
        return -1;
    }
    int word = 63 - __builtin_clzl(core->ready_summary);
    return word * 64 + 63 - __builtin_clzl(core->ready_words[word]);
}

/*
 * Gives the core of `from`, its current thread, to `to`, which is in no queue, where nothing else could
 * run before and no time has to be kept; false: nothing has been done.
 */
bool sched_hand_over(struct thread *from, struct thread *to);

/* Takes a READY thread out of the ready queue, or off its core (after lock_stall). */
void sched_remove(struct thread *thread);

/* Wakes `thread` at time `at` (counter): a FAULTED vCPU, or a READY thread out of budget. */
void sched_sleep(struct thread *thread, uint64_t at);
void sched_forget_sleep(struct thread *thread);

/* Takes a thread out of the sleepers whose time has come; NULL: there is none. */
struct thread *sched_take_woken(struct core *core, uint64_t now);

/* Whatever a vCPU does, it is to be told at time `at` (counter) that its physical timer is due; UINT64_MAX: never. */
void sched_set_timeout(struct thread *vcpu, uint64_t at);

/* Takes a vCPU out of the timeouts that is to be told by now; NULL: there is none. */
struct thread *sched_take_timeout(struct core *core, uint64_t now);

/* A thread out of budget has a whole one again; whoever runs on it is ready. */
void sched_refill(struct thread *thread);

/* The core's timer has fired. */
void sched_timer_expired(struct core *core);

/* Makes the best ready thread the core's current one; leaves NULL where there is none. */
void sched_choose(struct core *core);

/*
 * Whether the right budget is running, or none, and the timer is set early enough. A vCPU's timeslice goes on while its
 * VMM serves it.
 */
bool sched_is_time_kept(const struct core *core, struct thread *thread);

/* Charges the time since it began to the thread that is being charged, if any; it may lose the core by it. */
void sched_stop_charging(struct core *core, uint64_t now);

/* From now on the current thread is charged, where that matters; sets the timer for its budget and the next sleeper. */
void sched_start_charging(struct core *core, uint64_t now);

#endif
