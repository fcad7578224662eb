/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Stops the client while servers are at work for it. They go on with what
 * they have themselves, and serve others.
 */
#include "passive.h"

#define CLIENT 1

static void wait_us(seL4_Word us)
{
    seL4_Word begin = harness_now();
    while (harness_now() - begin < harness_ticks(us)) {
    }
}

void init(void)
{
    while (SHARED->is_client_done == 0) {
    }
    seL4_Word calls = SHARED->calls;
    wait_us(4300); /* in this period, the client's budget is used up */
    microkit_pd_stop(CLIENT);
    check_equal("the client was stopped before it had its answer", SHARED->calls, calls);

    seL4_Word begin = harness_now();
    while (SHARED->calls < calls + 2 && harness_now() - begin < harness_ticks(200000)) {
    }
    check_equal("the servers end what they began", SHARED->calls, calls + 2);
    harness_done();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
