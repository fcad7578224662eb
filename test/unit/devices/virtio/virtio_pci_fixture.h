/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Devices on a PCI host bridge, as software finds them: through ECAM alone. The devices only record.
 */
#pragma once

#include "fixture.h"

#include <libvmm/pci.h>
#include <libvmm/util/util.h>

#include "devices/pci/pci_host.h"
#include "devices/virtio/virtio_device.h"
#include "virtio_driver.h"

#define ECAM          UINT64_C(0x30000000)
#define WINDOW        UINT64_C(0x20000000)
#define WINDOW_BYTES  UINT64_C(0x100000)
#define WINDOW64      UINT64_C(0x800000000)
#define IRQ           64
#define BAR_AT        (WINDOW + 0x8000)
#define BAR_BYTES     0x8000
#define QUEUES        2
#define QUEUE_SIZE    8
#define DEVICE_COUNT  3
#define VENDOR_CAP    9
#define PRESENT       0x10411af4 /* network, to begin with */
#define MASTER_MEMORY 6

/* Common configuration, and status bits. */
#define FEATURE_SELECT 0x00
#define FEATURE        0x04
#define DRIVER_SELECT  0x08
#define DRIVER_FEATURE 0x0c
#define STATUS         0x14
#define QUEUE_SELECT   0x16
#define QUEUE_SIZE_AT  0x18
#define QUEUE_ENABLE   0x1c
#define QUEUE_DESC     0x20
#define QUEUE_RESET    0x3a
#define FEATURES_OK    0xb

struct recorder {
    struct virtio_device dev;
    struct virtq queues[QUEUES];
    struct fake_queue driver[QUEUES];
    uint8_t config[6];
    unsigned kicks[QUEUES];
    unsigned resets;
    unsigned queue_resets;
    microkit_channel channel;
};

static struct recorder t[DEVICE_COUNT];
static struct pci_host host;

static inline void on_reset(void *ctx)
{
    ((struct recorder *)ctx)->resets++;
}

static inline void on_queue_reset(void *ctx, uint16_t queue)
{
    ((struct recorder *)ctx)->queue_resets |= 1u << queue;
}

static inline void on_kick(void *ctx, uint16_t queue)
{
    ((struct recorder *)ctx)->kicks[queue]++;
}

static inline void on_write_config(void *ctx, uint32_t offset, uint32_t value, uint32_t bytes)
{
    memcpy(&((struct recorder *)ctx)->config[offset], &value, bytes);
}

static inline bool on_notified(void *ctx, microkit_channel channel)
{
    return ((struct recorder *)ctx)->channel == channel;
}

static const struct virtio_device_ops ops = {
    .reset = on_reset,
    .queue_reset = on_queue_reset,
    .kick = on_kick,
    .write_config = on_write_config,
    .notified = on_notified,
};

static inline bool init_device(struct recorder *r, uint8_t slot, uint8_t function)
{
    const struct virtio_device_type type = {
        .id = VIRTIO_ID_NET,
        .name = "test",
        .ops = &ops,
        .queues = r->queues,
        .queue_count = QUEUES,
        .config = r->config,
        .config_bytes = sizeof r->config,
    };
    const struct virtio_place place = virtio_at_pci(&host, slot, function);
    for (unsigned i = 0; i < QUEUES; i++) {
        r->queues[i] = (struct virtq){.size_max = QUEUE_SIZE};
        fake_queue_init(&r->driver[i], QUEUE_SIZE);
    }
    r->channel = 5u + slot;
    return virtio_device_init(&r->dev, &type, r, &place);
}

static inline struct pci_host_config good_config(void)
{
    return (struct pci_host_config){
        .ecam_base = ECAM,
        .window_base = WINDOW,
        .window_size_bytes = WINDOW_BYTES,
        .window64_base = WINDOW64,
        .window64_size_bytes = WINDOW_BYTES,
        .irqs = {IRQ, IRQ + 1, IRQ + 2, IRQ + 3},
    };
}

static inline int setup_with(void **state, const struct pci_host_config *config)
{
    fixture_setup(state);
    memset(t, 0, sizeof t);
    fake_ram_reset();
    assert_true(pci_host_init(&host, config));
    assert_true(init_device(&t[0], 1, 0));
    assert_true(init_device(&t[1], 2, 0));
    assert_true(init_device(&t[2], 2, 1));
    return 0;
}

/* An access of a guest. Reads answer what the guest sees. */
static inline uint64_t do_access(uint64_t at, uint8_t bytes, bool is_write, uint64_t value, enum mmio_result want)
{
    struct mmio_access access = {.width_bytes = bytes, .is_write = is_write, .value = value};
    assert_int_equal(mmio_dispatch(&vm_instance()->mmio, gpa(at), &access), want);
    return access.value;
}

static inline uint32_t get(uint64_t at, uint8_t bytes)
{
    return (uint32_t)do_access(at, bytes, false, 0, MMIO_HANDLED);
}

static inline void set(uint64_t at, uint8_t bytes, uint64_t value)
{
    do_access(at, bytes, true, value, MMIO_HANDLED);
}

static inline uint64_t config_at(unsigned slot, unsigned function)
{
    return ECAM + (slot << 15) + (function << 12);
}

static inline bool line(unsigned n)
{
    return (vm_instance()->vgic.shared[(IRQ + n) / 32].line & BIT((IRQ + n) % 32)) != 0;
}

/* Gives a function's BAR an address, and switches it on. */
static inline void place_bar(unsigned slot, unsigned function, uint64_t base)
{
    set(config_at(slot, function) + 0x10, 4, base & UINT32_MAX);
    set(config_at(slot, function) + 0x14, 4, base >> 32);
    set(config_at(slot, function) + 4, 2, MASTER_MEMORY);
}

static inline bool negotiate(uint64_t bar, uint64_t features)
{
    set(bar + STATUS, 1, 0);
    set(bar + STATUS, 1, 1);
    set(bar + STATUS, 1, 3);
    for (uint32_t i = 0; i < 2; i++) {
        set(bar + DRIVER_SELECT, 4, i);
        set(bar + DRIVER_FEATURE, 4, (uint32_t)(features >> (32 * i)));
    }
    set(bar + STATUS, 1, FEATURES_OK);
    return (get(bar + STATUS, 1) & 8) != 0;
}

static inline void set_queue(uint64_t bar, uint16_t index, const struct fake_queue *queue)
{
    const uint64_t areas[] = {queue->desc, queue->avail, queue->used};
    set(bar + QUEUE_SELECT, 2, index);
    assert_int_equal(get(bar + QUEUE_SIZE_AT, 2), QUEUE_SIZE);
    for (unsigned i = 0; i < 3; i++) {
        set(bar + QUEUE_DESC + 8 * i, 4, areas[i] & UINT32_MAX);
        set(bar + QUEUE_DESC + 8 * i + 4, 4, areas[i] >> 32);
    }
    set(bar + QUEUE_ENABLE, 2, 1);
    assert_int_equal(get(bar + QUEUE_ENABLE, 2), 1);
}

static inline void run(struct recorder *r, unsigned slot, unsigned function, uint64_t bar)
{
    place_bar(slot, function, bar);
    assert_true(negotiate(bar, VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET));
    for (uint16_t i = 0; i < QUEUES; i++) {
        set_queue(bar, i, &r->driver[i]);
    }
    set(bar + STATUS, 1, FEATURES_OK | 4);
}

/* The device uses one chain. */
static inline void use_one(struct recorder *r, uint16_t queue)
{
    const struct fake_buffer buffer = {.addr = FAKE_RAM_BASE, .len = 16, .is_writable = true};
    struct virtq_chain chain;
    fake_queue_add(&r->driver[queue], &buffer, 1);
    assert_true(virtio_device_pop(&r->dev, queue, &chain));
    virtq_put(&r->queues[queue], chain.head, 0);
    virtio_device_signal(&r->dev, queue);
}
