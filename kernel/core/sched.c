/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Scheduling; see sched.h.
 *
 * Time is read, and the timer set, only where a budget can run out: for a
 * thread with less budget than period, or with another of its priority ready.
 */
#include "kernel/core/sched.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/timer.h"

struct core cores[IMAGE_CORE_COUNT_MAX];
uint32_t core_count;

static void enqueue(struct core *core, struct thread *thread, bool first)
{
    struct thread_queue *queue = &core->ready[thread->priority];
    if (first) {
        thread_queue_push_front(queue, thread);
    } else {
        thread_queue_push(queue, thread);
    }
    core->ready_words[thread->priority / 64] |= BIT(thread->priority % 64);
    core->ready_summary |= BIT(thread->priority / 64);
}

static void dequeue(struct core *core, struct thread *thread)
{
    struct thread_queue *queue = &core->ready[thread->priority];
    thread_queue_remove(queue, thread);
    if (queue->head == NULL) {
        uint64_t *word = &core->ready_words[thread->priority / 64];
        *word &= ~BIT(thread->priority % 64);
        if (*word == 0) {
            core->ready_summary &= ~BIT(thread->priority / 64);
        }
    }
}

static bool needs_charging(const struct core *core, struct thread *thread)
{
    return thread->payer->is_limited || core->ready[thread->priority].head != NULL;
}

/* Whether a thread comes before all that are ready and the current one. */
static bool is_better(const struct core *core, const struct thread *thread)
{
    return (core->current == NULL || thread->priority > core->current->priority) &&
           (int)thread->priority > sched_highest_ready(core);
}

/* Makes a thread that is_better the current one of this core. */
static void take_core(struct core *core, struct thread *thread)
{
    if (core->current != NULL) {
        enqueue(core, core->current, true);
    } else {
        core->must_schedule = false;
    }
    core->current = thread;
}

void sched_make_ready(struct thread *thread)
{
    struct core *core = &cores[thread->core];

    thread->state = THREAD_READY;
    thread->is_timeslice_over = false;
    if (thread->payer->is_out_of_budget) {
        return;
    }
    if (core == cpu_core() && is_better(core, thread)) {
        take_core(core, thread);
        return;
    }
    enqueue(core, thread, false);
    if (core->current == NULL || core->current->priority <= thread->priority) {
        core->must_schedule = true;
        if (core->is_online && core != cpu_core()) {
            gic_send_reschedule(core->id);
        }
    }
}

void sched_go_on(struct thread *thread)
{
    struct core *core = &cores[thread->core];

    if (core != cpu_core() || core->current != NULL || thread->is_timeslice_over || thread->payer->is_out_of_budget ||
        (int)thread->priority < sched_highest_ready(core)) {
        sched_make_ready(thread);
        return;
    }
    thread->state = THREAD_READY;
    core->current = thread;
    core->must_schedule = false;
}

bool sched_hand_over(struct thread *from, struct thread *to)
{
    struct core *core = cpu_core();

    if (core->current != from || to->core != core->id || (to->is_limited && !to->is_passive) || core->charged != NULL ||
        core->must_schedule || (int)to->priority <= sched_highest_ready(core)) {
        return false;
    }
    to->state = THREAD_READY;
    core->current = to;
    return true;
}

void sched_remove(struct thread *thread)
{
    struct core *core = &cores[thread->core];

    if (core->current == thread) {
        core->current = NULL;
        core->must_schedule = true;
    } else if (!thread->payer->is_out_of_budget) {
        dequeue(core, thread);
    }
}

/* The last of the passive PDs that serve each other, beginning with the one that `thread` waits for. */
static struct thread *last_server(struct thread *thread)
{
    while (thread->state == THREAD_AWAITING_REPLY && thread->receiver->is_passive) {
        thread = thread->receiver;
    }
    return thread;
}

/* The READY thread that runs on the budget of `payer`, or NULL. */
static struct thread *runner_of(struct thread *payer)
{
    struct thread *last = last_server(payer);
    return last->state == THREAD_READY && last->payer == payer ? last : NULL;
}

/* `pd` and the passive PDs that serve it run on `payer`'s budget. */
static void set_payer(struct thread *pd, struct thread *payer)
{
    struct thread *last = last_server(pd);

    for (; pd != last; pd = pd->receiver) {
        pd->payer = payer;
    }
    last->payer = payer;
}

void sched_end_service(struct thread *pd)
{
    struct thread *runner = last_server(pd);
    bool is_ready = pd->is_passive && runner->state == THREAD_READY;
    bool had_budget = !runner->payer->is_out_of_budget;

    pd->serving = NULL;
    if (is_ready && had_budget && pd->is_out_of_budget) {
        sched_remove(runner);
    }
    set_payer(pd, pd);
    if (is_ready && !had_budget) {
        sched_make_ready(runner);
    }
}

/* Sets the timer of this core to `at`. */
static void set_timer(struct core *core, uint64_t at)
{
    if (core->timer_at != at) {
        core->timer_at = at;
        timer_set(at);
    }
}

static void set_next_wake(struct core *core)
{
    uint64_t asleep_until = core->asleep != NULL ? core->asleep->wake_at : UINT64_MAX;
    uint64_t timeout_at = core->timeouts != NULL ? core->timeouts->timeout_at : UINT64_MAX;

    core->next_wake = asleep_until < timeout_at ? asleep_until : timeout_at;
}

void sched_sleep(struct thread *thread, uint64_t at)
{
    struct core *core = &cores[thread->core];
    struct thread **link = &core->asleep;

    while (*link != NULL && (*link)->wake_at <= at) {
        link = &(*link)->next_asleep;
    }
    thread->wake_at = at;
    thread->is_asleep = true;
    thread->next_asleep = *link;
    *link = thread;
    set_next_wake(core);
    if (core != cpu_core()) {
        gic_send_reschedule(core->id);
    }
}

static void take_from_sleepers(struct core *core, struct thread *thread)
{
    struct thread **link = &core->asleep;
    while (*link != thread) {
        link = &(*link)->next_asleep;
    }
    *link = thread->next_asleep;
    thread->is_asleep = false;
    set_next_wake(core);
}

void sched_forget_sleep(struct thread *thread)
{
    /* A thread without budget gets none by being stopped and started. */
    if (thread->is_asleep && !thread->is_out_of_budget) {
        take_from_sleepers(&cores[thread->core], thread);
    }
}

struct thread *sched_take_woken(struct core *core, uint64_t now)
{
    struct thread *thread = core->asleep;

    if (thread == NULL || thread->wake_at > now) {
        return NULL;
    }
    take_from_sleepers(core, thread);
    return thread;
}

static void take_from_timeouts(struct core *core, struct thread *vcpu)
{
    struct thread **link = &core->timeouts;
    while (*link != vcpu) {
        link = &(*link)->next_timeout;
    }
    *link = vcpu->next_timeout;
    vcpu->timeout_at = UINT64_MAX;
    set_next_wake(core);
}

void sched_set_timeout(struct thread *vcpu, uint64_t at)
{
    struct core *core = &cores[vcpu->core];
    struct thread **link = &core->timeouts;

    if (vcpu->timeout_at != UINT64_MAX) {
        take_from_timeouts(core, vcpu);
    }
    if (at == UINT64_MAX) {
        return;
    }
    while (*link != NULL && (*link)->timeout_at <= at) {
        link = &(*link)->next_timeout;
    }
    vcpu->timeout_at = at;
    vcpu->next_timeout = *link;
    *link = vcpu;
    set_next_wake(core);
    if (core != cpu_core()) {
        gic_send_reschedule(core->id);
    }
}

struct thread *sched_take_timeout(struct core *core, uint64_t now)
{
    struct thread *vcpu = core->timeouts;

    if (vcpu == NULL || vcpu->timeout_at > now) {
        return NULL;
    }
    take_from_timeouts(core, vcpu);
    return vcpu;
}

void sched_refill(struct thread *thread)
{
    thread->is_out_of_budget = false;
    thread->budget_left = thread->budget;
    thread->period_start = thread->wake_at;
    struct thread *runner = runner_of(thread);
    if (runner != NULL) {
        sched_make_ready(runner);
    }
}

/* A thread has used up its budget, by itself or through a passive PD. */
static void end_of_budget(struct core *core, struct thread *thread)
{
    struct thread *runner = runner_of(thread);

    core->must_schedule = true;
    if (!thread->is_limited) {
        thread->budget_left = thread->budget;
        if (runner != NULL && runner == core->current) {
            core->current = NULL;
            enqueue(core, runner, false);
        } else {
            thread->is_timeslice_over = true;
        }
        return;
    }
    if (runner != NULL && runner == core->current) {
        core->current = NULL;
    } else if (runner != NULL) {
        dequeue(core, runner);
    }
    sched_forget_sleep(thread);
    thread->is_out_of_budget = true;
    sched_sleep(thread, thread->period_start + thread->period);
}

/* Takes the time since it began from the budget of the thread that is being charged. */
static void stop_charging(struct core *core, uint64_t now)
{
    struct thread *thread = core->charged;
    uint64_t used = now - core->charged_at;

    core->charged = NULL;
    thread->budget_left = used < thread->budget_left ? thread->budget_left - used : 0;
    if (thread->budget_left == 0) {
        end_of_budget(core, thread);
    }
}

static void start_charging(struct core *core, struct thread *thread, uint64_t now)
{
    if (thread->is_limited && now - thread->period_start >= thread->period) {
        thread->period_start = now;
        thread->budget_left = thread->budget;
    }
    core->charged = thread;
    core->charged_at = now;
}

void sched_timer_expired(struct core *core)
{
    core->timer_at = UINT64_MAX;
    timer_set(UINT64_MAX);
    core->must_schedule = true;
}

void sched_choose(struct core *core)
{
    int best = sched_highest_ready(core);

    core->must_schedule = false;
    if (core->current != NULL) {
        if (best <= (int)core->current->priority) {
            return;
        }
        enqueue(core, core->current, true);
    }
    core->current = best < 0 ? NULL : core->ready[best].head;
    if (core->current != NULL) {
        dequeue(core, core->current);
    }
}

bool sched_is_time_kept(const struct core *core, struct thread *thread)
{
    const struct thread *payer = thread->payer;

    if (core->charged == NULL) {
        return !needs_charging(core, thread) && core->timer_at == core->next_wake;
    }
    bool is_right = core->charged == payer ? payer != thread || needs_charging(core, thread)
                                           : core->charged == thread->serving && core->charged->has_fastpath &&
                                                 !needs_charging(core, thread);
    return is_right && core->timer_at <= core->next_wake;
}

void sched_stop_charging(struct core *core, uint64_t now)
{
    if (core->charged != NULL) {
        stop_charging(core, now);
    }
}

void sched_start_charging(struct core *core, uint64_t now)
{
    struct thread *thread = core->current;
    uint64_t at = core->next_wake;

    if (thread != NULL && needs_charging(core, thread)) {
        struct thread *payer = thread->payer;
        if (payer->is_out_of_budget) { /* a passive PD has just received its message */
            core->current = NULL;
            core->must_schedule = true;
            return;
        }
        start_charging(core, payer, now);
        uint64_t end = now + payer->budget_left;
        at = end < at ? end : at;
    }
    set_timer(core, at);
}
