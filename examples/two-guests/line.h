/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the console and a guest's VMM share: two of sDDF's serial queues, and whether the guest is off.
 */
#pragma once

#include <libvmm/sddf/serial.h>

#define LINE_QUEUE_BYTES 64
#define LINE_OUT_BYTES   0x4000
#define LINE_IN_BYTES    0x1000

struct line {
    _Alignas(LINE_QUEUE_BYTES) struct sddf_serial_queue out_queue; /* from the guest */
    _Alignas(LINE_QUEUE_BYTES) struct sddf_serial_queue in_queue;  /* to the guest */
    _Alignas(LINE_QUEUE_BYTES) uint32_t is_off;                    /* the VMM's */
    _Alignas(0x1000) uint8_t in_data[LINE_IN_BYTES];
    _Alignas(0x1000) uint8_t out_data[LINE_OUT_BYTES];
};

static inline bool line_open(struct line *line, enum sddf_role out_role, struct sddf_serial *out,
                             struct sddf_serial *in)
{
    const struct sddf_serial_connection out_connection = {
        .queue = {&line->out_queue, LINE_QUEUE_BYTES},
        .data = {line->out_data, LINE_OUT_BYTES},
    };
    const struct sddf_serial_connection in_connection = {
        .queue = {&line->in_queue, LINE_QUEUE_BYTES},
        .data = {line->in_data, LINE_IN_BYTES},
    };
    return sddf_serial_open(out, &out_connection, out_role) &&
           sddf_serial_open(in, &in_connection, out_role == SDDF_PRODUCER ? SDDF_CONSUMER : SDDF_PRODUCER);
}
