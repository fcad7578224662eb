/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Takes one step after the other; between two of them everybody else does
 * what there is to do, until the idler, of the lowest priority, tells the boss
 * to go on.
 */
#include "ipc.h"

static void step_preemption(void)
{
    microkit_pd_stop(CHILD_SERVER);
    harness_log_clear();
    harness_log('a');
    microkit_notify(BOSS_ECHO);
    harness_log('b');
    microkit_notify(BOSS_CLIENT);
    harness_log('c');
}

static void step_deferred(void)
{
    check_log("a higher priority preempts at once, a lower one waits", "aHbcX");
    harness_log_clear();
    microkit_deferred_notify(BOSS_ECHO);
    harness_log('d');
}

static void step_two_deferred(void)
{
    check_log("a deferred notification goes with the next wait", "dH");
    harness_log_clear();
    microkit_deferred_notify(BOSS_ECHO);
    harness_log('e');
    microkit_deferred_notify(BOSS_CLIENT);
    harness_log('f');
}

static void step_coalesce(void)
{
    check_log("of two deferred ones the first goes at once", "eHfX");
    harness_log_clear();
    for (int i = 0; i < 5; i++) {
        microkit_notify(BOSS_CLIENT);
    }
}

static bool call_echo(seL4_Word count, seL4_Word label)
{
    for (seL4_Uint8 i = 0; i < 64; i++) {
        microkit_mr_set(i, i < count ? label + i : 0xbad);
    }
    microkit_msginfo answer = microkit_ppcall(BOSS_ECHO, microkit_msginfo_new(label, (seL4_Uint16)count));
    bool holds = microkit_msginfo_get_label(answer) == (label ^ ECHO_LABEL_CHANGE);
    holds = holds && microkit_msginfo_get_count(answer) == 64 - count;
    for (seL4_Uint8 i = 0; i < 64 - count; i++) {
        holds = holds && microkit_mr_get(i) == ECHO_WORD(i < count ? label + i : i);
    }
    return holds;
}

static void step_calls(void)
{
    check_log("of five notifications the waiting PD gets one, and the others as one", "XX");
    seL4_Word right = 0;
    for (seL4_Word count = 0; count <= 64; count++) {
        right += call_echo(count, count * 0x1000001) ? 1 : 0;
    }
    check_equal("protected calls with 0 to 64 words both ways", right, 65);
    check("a label of 52 bits arrives whole", call_echo(1, 0xfedcba9876543));
    check("no channel: the call answers nothing",
          microkit_msginfo_get_count(microkit_ppcall(BOSS_IDLER, microkit_msginfo_new(0, 0))) == 0);
    harness_log_clear();
}

static void step_call_10(void)
{
    microkit_notify(BOSS_CLIENT_CALL);
}

static void step_call_30(void)
{
    microkit_notify(BOSS_CLIENT_CALL + 3);
}

static void step_call_20a(void)
{
    microkit_notify(BOSS_CLIENT_CALL + 1);
}

static void step_call_20b(void)
{
    microkit_notify(BOSS_CLIENT_CALL + 2);
}

static void step_serve(void)
{
    check_log("callers wait for a server that is stopped", "");
    microkit_notify(BOSS_SERVER);
    microkit_pd_resume(CHILD_SERVER);
}

static void step_stop_waiting(void)
{
    check_log("notification first, then calls by priority and age", "NcabxCABX");
    harness_log_clear();
    microkit_pd_stop(CHILD_SERVER);
    microkit_pd_resume(CHILD_SERVER);
}

static void step_stop_caller(void)
{
    check_log("a PD that was stopped while it waited waits on", "");
    microkit_pd_stop(CHILD_SERVER);
    microkit_notify(BOSS_CLIENT_CALL);
}

static void step_withdraw_call(void)
{
    microkit_pd_stop(CHILD_CLIENT);
    microkit_pd_resume(CHILD_SERVER);
}

static void step_repeat_call(void)
{
    check_log("the call of a PD that was stopped is withdrawn", "");
    microkit_pd_resume(CHILD_CLIENT);
}

static void step_server_works(void)
{
    check_log("and is made when that PD is resumed", "xX");
    harness_log_clear();
    microkit_notify(BOSS_SERVER);
}

static void step_end(void)
{
    check_log("the server goes on as before", "N");
    harness_done();
}

static void (*const steps[])(void) = {
    step_preemption,    step_deferred,    step_two_deferred, step_coalesce, step_calls,        step_call_10,
    step_call_30,       step_call_20a,    step_call_20b,     step_serve,    step_stop_waiting, step_stop_caller,
    step_withdraw_call, step_repeat_call, step_server_works, step_end,
};

static unsigned next_step;

static void go_on(void)
{
    if (next_step < sizeof(steps) / sizeof(steps[0])) {
        microkit_notify(BOSS_IDLER);
        steps[next_step++]();
    }
}

void init(void)
{
    go_on();
}

void notified(microkit_channel ch)
{
    if (ch == BOSS_IDLER) {
        go_on();
    }
}
