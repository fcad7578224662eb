/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * sDDF's timer: protected calls on the channel to the timer driver, which notifies on the same channel when a timeout
 * is due. A client has one timeout; a new one takes the place of the old.
 */
#pragma once

#include <microkit.h>

#include <libvmm/sddf/queue.h>

#define SDDF_TIMER_VERSION       ((char)6)
#define SDDF_TIMER_CLIENT_CONFIG ".timer_client_config"

/** Section .timer_client_config. */
struct sddf_timer_client_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t driver_id; /**< the channel */
};

_Static_assert(sizeof(struct sddf_timer_client_config) == 6, "layout of sDDF");
_Static_assert(offsetof(struct sddf_timer_client_config, driver_id) == 5, "layout of sDDF");

/** Labels of the protected calls. */
enum sddf_timer_call {
    SDDF_TIMER_NOW,         /**< answers the time in message register 0, in ns */
    SDDF_TIMER_SET_TIMEOUT, /**< takes ns from now in message register 0 */
};

/** The time now, in ns since some moment in the past. A protected call: not from a PD of the driver's priority. */
static inline uint64_t sddf_timer_now(microkit_channel channel)
{
    (void)microkit_ppcall(channel, microkit_msginfo_new(SDDF_TIMER_NOW, 0));
    return microkit_mr_get(0);
}

/** Asks for a notification on the channel in `ns` from now. A protected call. */
static inline void sddf_timer_set_timeout(microkit_channel channel, uint64_t ns)
{
    microkit_mr_set(0, ns);
    (void)microkit_ppcall(channel, microkit_msginfo_new(SDDF_TIMER_SET_TIMEOUT, 1));
}
