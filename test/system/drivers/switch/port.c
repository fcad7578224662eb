/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A client of the switch: sends each kind of frame to each of the others at start, ROUNDS times, and writes down what
 * it hears. Addresses end in the number of the port, counted from 1.
 */
#include "board.h"

#include <libvmm/sddf/net.h>
#include <libvmm/util/util.h>

#define ROUNDS       20
#define FRAME_BYTES  1514
#define TYPE         0x88b5 /* for local experiments */
#define SPEAKER      14     /* offsets in a frame */
#define KIND         15
#define HEADER_BYTES 16

__attribute__((section(SDDF_NET_CLIENT_CONFIG), used)) struct sddf_net_client_config config;

static struct sddf_net rx;
static struct sddf_net tx;
static unsigned sent; /* of ROUNDS * PORTS * KINDS */

static void fill(uint8_t *frame, unsigned to, enum kind kind)
{
    unsigned self = config.mac[5];

    memcpy(frame, config.mac, 6);
    memcpy(frame + 6, config.mac, 6);
    frame[5] = (uint8_t)(to + 1);
    if (kind == KIND_BROADCAST) {
        memset(frame, 0xff, 6);
    } else if (kind == KIND_FORGED) {
        frame[11] = (uint8_t)(self % PORTS + 1);
    }
    frame[12] = TYPE >> 8;
    frame[13] = TYPE & 0xff;
    frame[SPEAKER] = (uint8_t)(self - 1);
    frame[KIND] = (uint8_t)kind;
    memset(frame + HEADER_BYTES, (int)(self * 16 + kind), FRAME_BYTES - HEADER_BYTES);
}

static bool send_one(void)
{
    struct sddf_net_buffer buffer;

    while (!sddf_net_take(&tx.free, &buffer)) {
        if (sddf_net_wait(&tx.free)) {
            return false;
        }
    }
    fill((uint8_t *)config.tx_data.vaddr + buffer.io_or_offset, sent / KINDS % PORTS, sent % KINDS);
    buffer.len = FRAME_BYTES;
    sent++;
    (void)sddf_net_put(&tx.active, &buffer);
    if (sddf_net_consumer_waits(&tx.active)) {
        microkit_notify(tx.channel);
    }
    return true;
}

static void hear(const uint8_t *frame, unsigned length)
{
    unsigned speaker = frame[SPEAKER], kind = frame[KIND];
    bool is_right = length == FRAME_BYTES && speaker < PORTS && kind < KINDS;

    for (unsigned i = HEADER_BYTES; is_right && i < FRAME_BYTES; i++) {
        is_right = frame[i] == (speaker + 1) * 16 + kind;
    }
    if (is_right) {
        BOARD->heard[config.mac[5] - 1][speaker][kind]++;
    } else {
        BOARD->wrong++;
    }
}

static void listen(void)
{
    struct sddf_net_buffer buffer;
    bool has_freed = false;

    do {
        while (sddf_net_take(&rx.active, &buffer)) {
            hear((const uint8_t *)config.rx_data.vaddr + buffer.io_or_offset, buffer.len);
            (void)sddf_net_put(&rx.free, &buffer);
            has_freed = true;
        }
    } while (!sddf_net_wait(&rx.active));
    if (has_freed && sddf_net_consumer_waits(&rx.free)) {
        microkit_notify(rx.channel);
    }
}

void init(void)
{
    if (!sddf_magic_is(config.magic, SDDF_NET_VERSION) || !sddf_net_open(&rx, &config.rx, SDDF_CONSUMER) ||
        !sddf_net_open(&tx, &config.tx, SDDF_PRODUCER)) {
        LOG_VMM_ERR("BAD configuration\n");
        return;
    }
    sddf_net_fill(&tx.free, config.tx_data);
    notified(0);
}

void notified(microkit_channel channel)
{
    (void)channel;
    listen();
    while (sent < ROUNDS * PORTS * KINDS && send_one()) {
        listen();
    }
}
