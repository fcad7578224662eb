/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Of the highest priority, with little time: looks now and then whether both
 * guests are done, and then at what they found.
 */
#include "items.h"

static void check_results(const struct vm_results *results)
{
    check_equal("rounds", results->rounds, ROUND_COUNT);
    check("rounds in which it was preempted", results->spins >= ROUND_COUNT / 8);
    check_equal("rounds in which the guest's registers had changed", results->damages, 0);
    check_equal("which of them", results->first_bits, 0);
    check_equal("times that the VMM's FP registers had changed", results->vmm_damages, 0);
    check_equal("timer rounds", results->timer_rounds, TIMER_ROUNDS);
    check_equal("wake-ups before the time", results->early, 0);
    /* A period of one VM, a timeslice of the other, and the time of their VMMs: a timeslice counts the guest's time
     * only. */
    check_range("ticks that the latest was late", results->latest, 0, harness_ticks(5000));
}

void init(void)
{
    while (RESULTS[0].is_done == 0 || RESULTS[1].is_done == 0) {
    }
    check_results(&RESULTS[0]);
    check_results(&RESULTS[1]);
    harness_done();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
