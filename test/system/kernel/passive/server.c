/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A passive server, which is busy for as long as it is asked to, or has the
 * one behind it be so.
 */
#include "passive.h"

/* Runs for `us` microseconds of its own: a step of the counter above 10 us is somebody else's. */
static void be_busy(seL4_Word us)
{
    seL4_Word busy = 0;
    seL4_Word last = harness_now();
    while (busy < harness_ticks(us)) {
        seL4_Word now = harness_now();
        busy += now - last < harness_ticks(10) ? now - last : 0;
        last = now;
    }
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo message)
{
    if (microkit_msginfo_get_label(message) == REQUEST_BACK && ch == CHANNEL_FRONT) {
        (void)microkit_ppcall(CHANNEL_BACK, message);
    } else {
        be_busy(microkit_mr_get(0));
    }
    SHARED->calls++;
    return microkit_msginfo_new(0, 0);
}

void notified(microkit_channel ch)
{
    (void)ch;
    be_busy(NOTIFIED_US);
    SHARED->notifications++;
}

void init(void)
{
    SHARED->passive_count += microkit_passive ? 1 : 0;
}
