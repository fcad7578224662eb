/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtio_harness.h.
 */
#include "virtio_harness.h"

#include <string.h>

#define STEP_COUNT_MAX   300
#define QUEUE_COUNT_MAX  8
#define BUFFER_COUNT_MAX 4
#define HEADER_BYTES_MAX 32
#define GUARD_BYTES      0x1000
#define STATUS           0x70
#define VERSION_1        (UINT64_C(1) << 32)

static struct fake_queue queues[QUEUE_COUNT_MAX];
static const struct virtio_harness_device *device;
static uint32_t racer; /* its numbers */

/* A driver on another vCPU: a byte here and there, of what was read just now or of anything else. */
static void race(uint64_t addr, size_t bytes)
{
    racer = racer * 1664525 + 1013904223;
    const uint32_t choice = racer >> 8;
    if ((choice & 3) == 0 && bytes != 0) {
        const uint64_t other = FAKE_RAM_BASE + (choice >> 8) % VIRTIO_HARNESS_RAM_BYTES;
        *fake_ram_at((choice & 4) == 0 ? addr + (choice >> 8) % bytes : other) = (uint8_t)(choice >> 3);
    }
}

void virtio_harness_race(struct input *input)
{
    racer = input_u32(input);
    fake_ram_on_read(racer % 4 == 0 ? NULL : race);
}

static void access_register(struct input *input)
{
    const uint8_t form = input_u8(input);
    struct mmio_access access = {.width_bytes = (uint8_t)(1 << (form & 3)), .is_write = (form & 4) != 0};
    const uint64_t offset = (uint64_t)input_u8(input) << ((form & 8) != 0 ? 1 : 2);
    access.value = input_value(input);
    const enum mmio_result result =
        mmio_dispatch(&vm_instance()->mmio, gpa(VIRTIO_HARNESS_BASE + offset % 0x200), &access);
    MACHINE_REQUIRE(result != MMIO_MOVED);
}

/* What a driver of good will does, with the features that the input chooses of those offered. */
static void start_driver(struct input *input)
{
    const uint64_t offered = fake_mmio_features(VIRTIO_HARNESS_BASE);
    const uint64_t chosen = input_u8(input) != 0 ? offered : offered & input_u64(input);
    if (!fake_mmio_negotiate(VIRTIO_HARNESS_BASE, (chosen & offered) | VERSION_1)) {
        return;
    }
    fake_ram_reset_to(VIRTIO_HARNESS_RAM_BYTES);
    for (uint16_t i = 0; i < device->queue_count; i++) {
        fake_queue_init(&queues[i], (uint16_t)(2 << input_u8(input) % 4));
        fake_mmio_set_queue(VIRTIO_HARNESS_BASE, i, &queues[i]);
    }
    fake_mmio_set_driver_ok(VIRTIO_HARNESS_BASE);
}

static struct fake_queue *any_queue(struct input *input, uint16_t *index)
{
    *index = (uint16_t)(input_u8(input) % device->queue_count);
    return queues[*index].size == 0 ? NULL : &queues[*index];
}

/* Mostly inside of RAM. */
static uint64_t any_address(struct input *input)
{
    const uint16_t value = input_u16(input);
    return value == UINT16_MAX ? input_value(input) : FAKE_RAM_BASE + 0x2000 + value % 0x6000;
}

/* Buffers of any kind and length. */
static unsigned any_buffers(struct input *input, uint8_t shape, struct fake_buffer *buffers)
{
    const unsigned count = 1 + (shape & 3u);
    for (unsigned i = 0; i < count; i++) {
        buffers[i] = (struct fake_buffer){any_address(input), input_u16(input) & 0x1fff, (shape >> 2 & 3) <= i};
    }
    return count;
}

/* A header, data, and a byte or a few for the answer: what devices expect. */
static unsigned request_buffers(struct input *input, uint8_t shape, struct fake_buffer *buffers)
{
    uint8_t header[HEADER_BYTES_MAX];
    const uint32_t bytes = device->header(input, header);
    const uint8_t length = input_u8(input);
    const uint64_t at = FAKE_RAM_BASE + 0x7e00 + (uint64_t)(length & 7) * 0x20;
    memcpy(fake_ram_at(at), header, bytes);
    buffers[0] = (struct fake_buffer){at, bytes, false};
    buffers[1] = (struct fake_buffer){any_address(input), (length >> 4) * 512u + (length & 8) / 8, (shape & 1) != 0};
    buffers[2] = (struct fake_buffer){at + 0x1c, 1 + (shape & 2u), true};
    return 3;
}

static void add_chain(struct input *input)
{
    struct fake_buffer buffers[BUFFER_COUNT_MAX];
    uint16_t index;
    struct fake_queue *queue = any_queue(input, &index);
    if (queue == NULL) {
        return;
    }
    const uint8_t shape = input_u8(input);
    const bool is_request = device->header != NULL && (shape & 0x10) != 0;
    const unsigned count = is_request ? request_buffers(input, shape, buffers) : any_buffers(input, shape, buffers);
    fake_queue_add(queue, buffers, count);
    if ((shape & 0x40) != 0) {
        fake_mmio_kick(VIRTIO_HARNESS_BASE, index);
    }
}

/* Over the rings, mostly. */
static void scribble(struct input *input)
{
    const uint16_t at = input_u16(input);
    const unsigned count = 1 + input_u8(input) % 8u;
    for (unsigned i = 0; i < count; i++) {
        *fake_ram_at(FAKE_RAM_BASE + (at + i) % VIRTIO_HARNESS_RAM_BYTES) = input_u8(input);
    }
}

static void indirect(struct input *input)
{
    uint16_t index;
    struct fake_queue *queue = any_queue(input, &index);
    if (queue == NULL) {
        return;
    }
    const struct fake_desc desc = {any_address(input), input_u16(input), input_u8(input), input_u8(input)};
    fake_queue_set_desc(queue, (uint16_t)(input_u8(input) % queue->size), desc);
}

static void kick(struct input *input)
{
    fake_mmio_kick(VIRTIO_HARNESS_BASE, input_u8(input) % QUEUE_COUNT_MAX);
}

static void notify(struct input *input)
{
    (void)virtio_notified(device->channels[input_u8(input) % ARRAY_SIZE(device->channels)]);
}

static void reset_guest(struct input *input)
{
    (void)input;
    virq_reset(vm_instance());
    device_reset_all(vm_instance());
    MACHINE_REQUIRE(fake_mmio_read(VIRTIO_HARNESS_BASE, STATUS) == 0);
}

typedef void (*step_t)(struct input *input);

static void step(struct input *input)
{
    static const step_t steps[] = {access_register, add_chain, scribble,           kick, notify, start_driver,
                                   add_chain,       indirect,  virtio_harness_race};
    const uint8_t what = input_u8(input);
    if (what == 0xff) {
        reset_guest(input);
    } else if (what >= 0xc0) {
        device->backend(input);
    } else {
        steps[what % ARRAY_SIZE(steps)](input);
    }
}

/* Nothing but RAM has been written. */
static void check_guard(void)
{
    static const uint8_t zeros[GUARD_BYTES];
    MACHINE_REQUIRE(memcmp(fake_ram_at(FAKE_RAM_BASE + VIRTIO_HARNESS_RAM_BYTES), zeros, sizeof zeros) == 0);
}

void virtio_harness_run(const struct virtio_harness_device *wanted, struct input *input)
{
    device = wanted;
    memset(queues, 0, sizeof queues);
    machine_start(&(struct input){0});
    vm_instance()->reload = NULL; /* devices come before images, and this guest has none */
    fake_ram_reset_to(VIRTIO_HARNESS_RAM_BYTES);
    device->init(virtio_at_mmio(VIRTIO_HARNESS_BASE, VIRTIO_HARNESS_IRQ));
    start_driver(input);
    for (unsigned i = 0; i < STEP_COUNT_MAX && !input_is_empty(input); i++) {
        step(input);
    }
    check_guard();
}
