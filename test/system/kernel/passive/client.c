/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Measures how long servers take for it, which tells whose budget they use.
 */
#include "passive.h"

static seL4_Word elapsed_us(seL4_Word begin)
{
    return (harness_now() - begin) / harness_ticks(1);
}

static seL4_Word call(enum request who, seL4_Word us)
{
    seL4_Word begin = harness_now();
    microkit_mr_set(0, us);
    (void)microkit_ppcall(CHANNEL_FRONT, microkit_msginfo_new(who, 1));
    return elapsed_us(begin);
}

void init(void)
{
    check_equal("servers that are passive", SHARED->passive_count, 2);
    check_range("a server is busy for 3000 us on the 30 % of its client", call(REQUEST_FRONT, 3000), 8500, 12000);
    check_range("one behind it likewise", call(REQUEST_BACK, 3000), 8500, 12000);

    seL4_Word begin = harness_now();
    microkit_notify(CHANNEL_FRONT);
    while (SHARED->notifications == 0) {
    }
    check_range("a notification is served for 250 us on the server's own 5 %", elapsed_us(begin), 3500, 7000);

    check_equal("calls that were served", SHARED->calls, 3);
    SHARED->is_client_done = 1;
    (void)call(REQUEST_BACK, 3000);
    check("the boss has stopped this", false);
}

void notified(microkit_channel ch)
{
    (void)ch;
}
