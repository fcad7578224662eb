/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The network device: frames both ways and control commands, over virtualisers whose counters and buffers are anything.
 */
#include "virtio_harness.h"

#include <string.h>

#include <libvmm/virtio/net.h>

#define BUFFERS 4
#define RX_CH   20
#define TX_CH   21

static struct virtio_net net;
static struct sddf_net_client_config config;
static _Alignas(8) uint8_t rings[4][8 + BUFFERS * 16];
static _Alignas(8) uint8_t rx_data[BUFFERS * 2048];
static _Alignas(8) uint8_t tx_data[BUFFERS * 2048];
static struct sddf_net rx;
static struct sddf_net tx;

static struct sddf_region ring(unsigned index)
{
    return (struct sddf_region){rings[index], sizeof rings[index]};
}

static void init(struct virtio_place place)
{
    memset(rings, 0, sizeof rings);
    memcpy(config.magic, "sDDF\5", 5);
    config.rx = (struct sddf_net_connection){ring(0), ring(1), BUFFERS, RX_CH};
    config.tx = (struct sddf_net_connection){ring(2), ring(3), BUFFERS, TX_CH};
    config.rx_data = (struct sddf_region){rx_data, sizeof rx_data};
    config.tx_data = (struct sddf_region){tx_data, sizeof tx_data};
    MACHINE_REQUIRE(sddf_net_open(&rx, &config.rx, SDDF_PRODUCER));
    MACHINE_REQUIRE(sddf_net_open(&tx, &config.tx, SDDF_CONSUMER));
    sddf_net_fill(&rx.free, config.rx_data);
    MACHINE_REQUIRE(virtio_net_init(&net, place, &config));
}

static void arrive(struct input *input)
{
    struct sddf_net_buffer buffer;
    if (sddf_net_take(&rx.free, &buffer)) {
        buffer.len = input_u16(input) & 0xfff;
        (void)sddf_net_put(&rx.active, &buffer);
    }
}

static void sent(void)
{
    struct sddf_net_buffer buffer;
    if (sddf_net_take(&tx.active, &buffer)) {
        MACHINE_REQUIRE(buffer.io_or_offset + buffer.len <= sizeof tx_data);
        (void)sddf_net_put(&tx.free, &buffer);
    }
}

static void backend(struct input *input)
{
    const uint8_t what = input_u8(input);
    struct sddf_net_queue *queue = (struct sddf_net_queue *)(void *)rings[what & 3];
    const struct sddf_net_buffer odd = {input_value(input), input_u16(input), 0};
    switch (what >> 2 & 7) {
    case 0:
        queue->tail = input_u16(input);
        break;
    case 1:
        queue->head = input_u16(input);
        break;
    case 2:
        (void)sddf_net_put((what & 1) != 0 ? &rx.active : &tx.free, &odd);
        break;
    case 3:
        queue->consumer_signalled = what >> 7;
        break;
    case 4:
    case 5:
        sent();
        break;
    default:
        arrive(input);
        break;
    }
}

/* A header without offloads, or a control command. */
static uint32_t header(struct input *input, uint8_t *to)
{
    const uint8_t form = input_u8(input);
    memset(to, 0, 12);
    to[0] = form & 7;
    to[1] = form >> 3 & 1;
    return (form & 0x80) != 0 ? 12 : 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct virtio_harness_device device = {3, init, backend, header, {RX_CH, TX_CH}};
    struct input input = {bytes, size};
    virtio_harness_run(&device, &input);
    return 0;
}
