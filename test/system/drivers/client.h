/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A client of all drivers, which obeys commands from its console: see commands[] in client.c. A command is a job, whose
 * step function is called at every notification until it answers true. Nobody polls: a wake-up that is lost is a job
 * that does not end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvmm/sddf/blk.h>
#include <libvmm/sddf/net.h>
#include <libvmm/sddf/serial.h>
#include <libvmm/sddf/timer.h>
#include <libvmm/util/util.h>

typedef bool (*job_t)(void);

/* Writes a line of the client's own to its console; there must be room. */
void say(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

extern struct sddf_serial console_rx;
extern struct sddf_serial console_tx;

bool blk_start(void);
/* The jobs get the command's numbers; each answers its first step. */
job_t blk_verify(unsigned seed, unsigned rounds);
job_t blk_out_of_range(unsigned is_read_only, unsigned unused);
job_t blk_status(unsigned block, unsigned code);
job_t blk_barrier(unsigned unused, unsigned unused2);

bool net_start(void);
/* At every notification: takes what has come. */
void net_listen(void);
job_t net_ping(unsigned count, unsigned size);
job_t net_broadcast(unsigned unused, unsigned unused2);
job_t net_to_peer(unsigned last_byte, unsigned count);
job_t net_heard(unsigned unused, unsigned unused2);

void timer_notified(void);
job_t timer_test(unsigned count, unsigned us);
extern microkit_channel timer_channel;
