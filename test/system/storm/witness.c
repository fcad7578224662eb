/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest beside the stormy one, on the same core and with the same priority: it tells that one what to do, and checks
 * that it goes on itself, that its timer does, and that the other's VMM answers.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/timer.h"

#include "storm.h"

#define WINDOW_US  100000
#define TICK_US    5000
#define TICK_COUNT (WINDOW_US / TICK_US)
#define WAIT_US    1000000
#define PING_COUNT 20
/* Interrupts that make a storm: the other guest takes at least one in each of its timeslices, every millisecond or two.
 */
#define STORM_MIN (WINDOW_US / 2000)
/* Of the rounds without a storm, where the other guest spins: it is the same to the witness. */
#define SHARE_PERCENT_MIN 75

static volatile uint64_t tick_count;

static void on_interrupt(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == GIC_INTID_TIMER_VIRTUAL) {
        tick_count++;
        timer_start(TICK_US);
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

/* Whether a word comes to differ from `old` (is_change) or to be `old`, within WAIT_US. */
static bool wait_for(const volatile uint32_t *word, uint32_t old, bool is_change)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    while ((*word != old) != is_change) {
        if (timer_now() >= end) {
            return false;
        }
    }
    return true;
}

struct progress {
    uint64_t rounds;
    uint64_t ticks;
    uint64_t taken; /* by the other guest */
    uint64_t boots;
};

/* What happens in a window of time. */
static struct progress measure(void)
{
    struct progress before = {0, tick_count, storm->taken, storm->boots};
    const uint64_t end = timer_now() + timer_ticks(WINDOW_US);
    while (timer_now() < end) {
        before.rounds++;
    }
    return (struct progress){before.rounds, tick_count - before.ticks, storm->taken - before.taken,
                             storm->boots - before.boots};
}

static uint64_t ping(void)
{
    uint64_t answered = 0;
    for (int i = 0; i < PING_COUNT; i++) {
        const uint32_t before = storm->answers;
        write32(STORM_DOORBELL, 1);
        answered += wait_for(&storm->answers, before, true);
    }
    return answered;
}

static struct progress weather(enum storm_mode mode, const char *name, uint64_t calm_rounds)
{
    storm->mode = mode;
    harness_put(name);
    harness_put("\n");
    check("the other guest does it", wait_for(&storm->running, mode, false));
    const struct progress progress = measure();
    harness_put("rounds ");
    harness_put_decimal(progress.rounds);
    harness_put(", interrupts of the other ");
    harness_put_decimal(progress.taken);
    harness_put(", its boots ");
    harness_put_decimal(progress.boots);
    harness_put("\n");
    check_range("share", progress.rounds, calm_rounds * SHARE_PERCENT_MIN / 100, ~UINT64_C(0));
    check_range("ticks of the timer", progress.ticks, TICK_COUNT / 2, TICK_COUNT);
    check_equal("the other's VMM answers", ping(), PING_COUNT);
    return progress;
}

static void end_storm(void)
{
    storm->mode = STORM_CALM;
    check("it ends", wait_for(&storm->running, STORM_CALM, false));
    check_equal("nothing afterwards", measure().taken, 0);
}

void guest_main(void)
{
    gic_init();
    gic_set_priority(GIC_INTID_TIMER_VIRTUAL, 0x80);
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    interrupt_set_handler(on_interrupt);
    interrupt_unmask();
    timer_start(TICK_US);

    /* `running` is STORM_CALM from the beginning. */
    storm->mode = STORM_MASKED;
    check("the other guest runs", wait_for(&storm->running, STORM_MASKED, false));
    const uint64_t calm_rounds = weather(STORM_CALM, "calm", 0).rounds;
    check_range("interrupts of an unserved device", weather(STORM_UNSERVED, "unserved", calm_rounds).taken, STORM_MIN,
                UINT32_MAX);
    end_storm();
    check_range("interrupts that are not ended", weather(STORM_UNENDED, "unended", calm_rounds).taken, 0, 1);
    end_storm();
    check_equal("interrupts that are masked", weather(STORM_MASKED, "masked", calm_rounds).taken, 0);
    end_storm();
    check_range("resets", weather(STORM_RESET, "reset", calm_rounds).boots, 2, UINT32_MAX);
    end_storm();
    check_range("interrupts after resets", weather(STORM_UNSERVED, "unserved again", calm_rounds).taken, STORM_MIN,
                UINT32_MAX);
    end_storm();
}
