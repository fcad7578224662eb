/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Random bytes from a PD that has a source of them: what a client has, such as a VMM with a virtio entropy device.
 *
 * sDDF has no class for this. It is the receiving half of a serial connection: a ring of bytes, which the source keeps
 * full, and a channel, on which it says that it has added some. No byte goes to two clients, and a client wipes what it
 * takes out of the ring.
 */
#pragma once

#include <microkit.h>

#include <libvmm/sddf/serial.h>

/** The section that struct entropy_client_config is in; tools/sddf/configure fills it in. */
#define ENTROPY_CLIENT_CONFIG ".entropy_client_config"

/** Section .entropy_client_config. Filled in, its magic is "LVMM" and 1. */
struct entropy_client_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_serial_connection stream;
};

_Static_assert(sizeof(struct entropy_client_config) == 48, "layout that configure knows");

/**
 * Takes random bytes, fit for keys if the source's are.
 *
 * @param stream  opened by sddf_serial_open as SDDF_CONSUMER.
 * @param to      where to.
 * @param bytes   at most so many.
 * @return how many there were. Fewer than asked for: more come later, with a notification on the stream's channel.
 */
static inline uint32_t entropy_take(struct sddf_serial *stream, uint8_t *to, uint32_t bytes)
{
    uint32_t done = 0;

    while (done < bytes) {
        uint8_t *from;
        uint32_t length = sddf_serial_piece(stream, &from);
        if (length == 0) {
            break;
        }
        length = length < bytes - done ? length : bytes - done;
        __builtin_memcpy(to + done, from, length);
        __builtin_memset(from, 0, length);
        sddf_serial_advance(stream, length);
        done += length;
    }
    if (done != 0 && sddf_serial_producer_waits(stream)) {
        microkit_notify(stream->channel);
    }
    return done;
}
