/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Lets PDs compete for the core and measures what each of them gets. The
 * meter has the highest priority and 1 % of the time: it wakes up every 10 ms,
 * sees whether the phase is over, and ends it.
 */
#include "meter.h"

#define PHASE_US 100000

static seL4_Word phase_ticks;

/* Waits for the meter's next budget, lest this one ends between the begin of a phase and its notifications. */
static void wait_for_budget(void)
{
    seL4_Word last = harness_now();
    for (seL4_Word now = last; now - last < harness_ticks(1000); now = harness_now()) {
        last = now;
    }
}

static void run_phase(enum spinner a, enum spinner b)
{
    wait_for_budget();
    seL4_Word begin = harness_now();

    METER->phase++;
    METER->busy[a] = 0;
    METER->busy[b] = 0;
    microkit_notify(a);
    microkit_notify(b);
    while (harness_now() - begin < harness_ticks(PHASE_US)) {
    }
    phase_ticks = harness_now() - begin;
    METER->is_over[METER->phase] = 1;
}

static seL4_Word permille(enum spinner spinner)
{
    return METER->busy[spinner] * 1000 / phase_ticks;
}

void init(void)
{
    run_phase(HOG, REST);
    check_range("budget of 200 in 1000 us gives 20 %", permille(HOG), 190, 210);
    check_range("lower priority gets the rest", permille(REST), 750, 810);

    run_phase(HOG, HOG);
    check_range("nobody else wants the core: a budget of 200 in 1000 us gives 20 % all the same", permille(HOG), 190,
                210);

    run_phase(EVEN_A, EVEN_B);
    check_range("equal priority, equal budget: first", permille(EVEN_A), 470, 510);
    check_range("equal priority, equal budget: second", permille(EVEN_B), 470, 510);

    run_phase(EVEN_A, LONG);
    check_range("equal priority, budget of 1000 us: a quarter", permille(EVEN_A), 230, 270);
    check_range("equal priority, budget of 3000 us: three quarters", permille(LONG), 710, 760);

    run_phase(REST, EVEN_A);
    check_range("higher priority takes all", permille(REST), 960, 1000);
    check_equal("lower priority gets nothing meanwhile", METER->busy[EVEN_A], 0);
    harness_done();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
