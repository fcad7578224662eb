/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What client, servers and boss of this test share.
 */
#ifndef PASSIVE_H
#define PASSIVE_H

#include "harness.h"

#define CHANNEL_FRONT 0
#define CHANNEL_BACK  1

/* Label of a call: who is to be busy for the number of microseconds in message register 0. */
enum request {
    REQUEST_FRONT,
    REQUEST_BACK,
};

#define NOTIFIED_US 250 /* that a server is busy when it is notified */

struct shared {
    volatile seL4_Word calls; /* that servers have finished */
    volatile seL4_Word notifications;
    volatile seL4_Word is_client_done;
    volatile seL4_Word passive_count; /* servers that know that they are passive */
};

#define SHARED ((struct shared *)HARNESS_SHARED)

#endif
