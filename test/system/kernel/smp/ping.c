/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * On core 0: notifications to and fro with a PD on core 1, protected calls to
 * servers on both cores, and children on core 1 that are stopped and started.
 */
#include "smp.h"

#define ENTRY 0x200000 /* of every PD: microkit.ld */

/* Far more than anything here takes. */
#define PATIENCE_US 5000000

/* Each check repeats what it does up to so often, but only for so long: two threads on a busy host are slow. */
#define PHASE_US 1000000

static seL4_Word phase_begin;

static void begin_phase(void)
{
    phase_begin = harness_now();
}

static bool phase_goes_on(seL4_Word done, seL4_Word most)
{
    return done < most && harness_now() - phase_begin < harness_ticks(PHASE_US);
}

static bool wait_for_change(const volatile seL4_Word *word, seL4_Word from)
{
    seL4_Word begin = harness_now();
    while (*word == from) {
        if (harness_now() - begin > harness_ticks(PATIENCE_US)) {
            return false;
        }
        harness_yield();
    }
    return true;
}

static void wait_us(seL4_Word us)
{
    seL4_Word begin = harness_now();
    while (harness_now() - begin < harness_ticks(us)) {
        harness_yield();
    }
}

static void check_calls(const char *what, microkit_channel ch)
{
    seL4_Word right = 0;
    seL4_Word i;
    begin_phase();
    for (i = 0; phase_goes_on(i, CALL_COUNT); i++) {
        seL4_Word count = i % 65;
        for (seL4_Uint8 k = 0; k < count; k++) {
            microkit_mr_set(k, i + k);
        }
        microkit_msginfo answer = microkit_ppcall(ch, microkit_msginfo_new(i, (seL4_Uint16)count));
        bool holds = microkit_msginfo_get_label(answer) == i + 1 && microkit_msginfo_get_count(answer) == count;
        for (seL4_Uint8 k = 0; k < count; k++) {
            holds = holds && microkit_mr_get(k) == i + k + 1;
        }
        right += holds ? 1 : 0;
    }
    check_equal(what, right, i);
}

static void check_stops(void)
{
    seL4_Word stopped = 0;
    seL4_Word resumed = 0;
    seL4_Word i;
    begin_phase();
    for (i = 0; phase_goes_on(i, STOP_COUNT); i++) {
        microkit_pd_stop(CHILD_COUNTER);
        seL4_Word count = SMP->count;
        wait_us(i % 32);
        stopped += SMP->count == count ? 1 : 0;
        microkit_pd_resume(CHILD_COUNTER);
        resumed += wait_for_change(&SMP->count, count) ? 1 : 0;
    }
    check_equal("child on the other core stops at once", stopped, i);
    check_equal("and goes on when resumed", resumed, i);
    check_equal("from where it was", SMP->starts, 1);
}

static void check_restarts(void)
{
    seL4_Word restarted = 0;
    seL4_Word i;
    begin_phase();
    for (i = 0; phase_goes_on(i, STOP_COUNT); i++) {
        seL4_Word starts = SMP->starts;
        microkit_pd_restart(CHILD_COUNTER, ENTRY);
        restarted += wait_for_change(&SMP->starts, starts) ? 1 : 0;
        wait_us(i % 32);
    }
    check_equal("child on the other core restarts", restarted, i);
    check_equal("once each time", SMP->starts, 1 + i);
}

static void check_registers(void)
{
    seL4_Word right = 0;
    seL4_Word i;
    begin_phase();
    for (i = 0; phase_goes_on(i, STOP_COUNT); i++) {
        seL4_UserContext regs;
        int error = seL4_TCB_ReadRegisters(BASE_TCB_CAP + CHILD_COUNTER, 0, 0, 36, &regs);
        right += error == seL4_NoError && regs.pc >= ENTRY && regs.pc < ENTRY + 0x1000 ? 1 : 0;
    }
    check_equal("registers of a child that runs there can be read", right, i);
    check("and it runs on", wait_for_change(&SMP->count, SMP->count));
    microkit_pd_stop(CHILD_COUNTER);
}

/* Stops a child in the midst of its system calls, at whatever point of them. */
static void check_caller(void)
{
    seL4_Word resumed = 0;
    microkit_pd_resume(CHILD_CALLER);
    seL4_Word i;
    begin_phase();
    for (i = 0; phase_goes_on(i, STOP_COUNT); i++) {
        seL4_Word calls = SMP->calls;
        wait_us(i % 16);
        microkit_pd_stop(CHILD_CALLER);
        microkit_pd_resume(CHILD_CALLER);
        resumed += wait_for_change(&SMP->calls, calls) ? 1 : 0;
    }
    microkit_pd_stop(CHILD_CALLER);
    check_equal("child that is stopped in its system calls goes on", resumed, i);
    check_equal("and gets the right answers", SMP->wrong_answers, 0);
}

static void check_everything_else(void)
{
    check_calls("protected calls on the same core", PING_NEAR);
    check_calls("protected calls to the other core", PING_FAR);
    microkit_pd_resume(CHILD_COUNTER);
    check("child on the other core runs", wait_for_change(&SMP->count, 0));
    check_stops();
    check_restarts();
    check_registers();
    check_caller();
    harness_done();
}

void init(void)
{
    microkit_pd_stop(CHILD_COUNTER);
    microkit_pd_stop(CHILD_CALLER);
    begin_phase();
    microkit_notify(PING_PONG);
}

void notified(microkit_channel ch)
{
    static seL4_Word rounds;
    if (ch != PING_PONG) {
        return;
    }
    rounds++;
    if (phase_goes_on(rounds, ROUND_COUNT)) {
        microkit_notify(PING_PONG);
        return;
    }
    check_range("no notification between cores is lost", rounds, 1, ROUND_COUNT);
    check_everything_else();
}
