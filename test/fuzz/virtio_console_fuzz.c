/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The console device with two ports: rings, control messages, and serial virtualisers that write anything into their
 * queues.
 */
#include "virtio_harness.h"

#include <string.h>

#include <libvmm/virtio/console.h>

#define RING_BYTES 64
#define PORTS      2

struct ring {
    _Alignas(8) struct sddf_serial_queue queue;
};

static struct virtio_console console;
static struct ring rings[PORTS][2];
static _Alignas(8) uint8_t data[PORTS][2][RING_BYTES];
static struct sddf_serial_client_config configs[PORTS];

static struct sddf_serial_connection connection(unsigned port, unsigned direction)
{
    return (struct sddf_serial_connection){
        .queue = {&rings[port][direction], sizeof rings[port][direction]},
        .data = {data[port][direction], RING_BYTES},
        .id = (uint8_t)(10 + port),
    };
}

static void init(struct virtio_place place)
{
    struct virtio_console_port ports[PORTS] = {{.columns = 80, .rows = 25}, {.name = "log"}};
    memset(rings, 0, sizeof rings);
    for (unsigned i = 0; i < PORTS; i++) {
        memcpy(configs[i].magic, "sDDF\3", 5);
        configs[i].rx = connection(i, 0);
        configs[i].tx = connection(i, 1);
        ports[i].serial = &configs[i];
    }
    MACHINE_REQUIRE(virtio_console_init(&console, place, ports, PORTS));
}

static void backend(struct input *input)
{
    const uint8_t what = input_u8(input);
    struct sddf_serial_queue *queue = &rings[what & 1][what >> 1 & 1].queue;
    switch (what >> 2 & 7) {
    case 0:
        queue->tail = input_u32(input);
        break;
    case 1:
        queue->head = input_u32(input);
        break;
    case 2:
        virtio_console_resize(&console, what & 1, input_u16(input), input_u16(input));
        break;
    case 3:
        queue->producer_signalled = what >> 7;
        break;
    case 4:
    case 5:
        queue->tail += input_u8(input) % RING_BYTES;
        break;
    default:
        queue->head = queue->tail;
        break;
    }
}

/* A control message. */
static uint32_t header(struct input *input, uint8_t *to)
{
    const uint8_t form = input_u8(input);
    memset(to, 0, 8);
    to[0] = form >> 6;
    to[4] = form & 7;
    to[6] = 1;
    return 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct virtio_harness_device device = {6, init, backend, header, {10, 11}};
    struct input input = {bytes, size};
    virtio_harness_run(&device, &input);
    return 0;
}
