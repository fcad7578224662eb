/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The timer job of a client; see client.h. */
#include "client.h"

__attribute__((section(SDDF_TIMER_CLIENT_CONFIG), used)) struct sddf_timer_client_config timer_config;

microkit_channel timer_channel = 63; /* none, until the job has begun */

static uint64_t interval_ns;
static uint64_t set_at_ns;
static unsigned left;
static unsigned done;
static unsigned early;

static void set(void)
{
    set_at_ns = sddf_timer_now(timer_channel);
    sddf_timer_set_timeout(timer_channel, interval_ns);
}

void timer_notified(void)
{
    uint64_t now = sddf_timer_now(timer_channel);

    early += now - set_at_ns < interval_ns;
    done++;
    if (--left != 0) {
        set();
    }
}

static bool timer_step(void)
{
    if (left != 0) {
        return false;
    }
    say("%s: %u timeouts, %s%u early\n", microkit_name, done, early != 0 ? "BAD " : "", early);
    return true;
}

job_t timer_test(unsigned count, unsigned us)
{
    if (!sddf_magic_is(timer_config.magic, SDDF_TIMER_VERSION)) {
        say("BAD timer configuration\n");
    }
    timer_channel = timer_config.driver_id;
    interval_ns = (uint64_t)us * 1000;
    left = count;
    done = 0;
    early = 0;
    sddf_timer_set_timeout(timer_channel, UINT64_MAX); /* never; the next one takes its place */
    set();
    return timer_step;
}
