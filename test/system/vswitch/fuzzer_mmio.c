/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See fuzzer_bus.h: virtio-mmio, version 2 [VIRTIO 4.2.2].
 */
#include "fuzzer_bus.h"
#include "harness/harness.h"
#include "spec/virtio/mmio.h"

#define DEVICE_BYTES 0x200
#define CONSOLE      0xa000000
#define BLK          (CONSOLE + DEVICE_BYTES)
#define NET          (BLK + DEVICE_BYTES)

static const uintptr_t bases[BUS_DEVICE_COUNT] = {CONSOLE, BLK, NET};
const uint32_t bus_irqs[BUS_DEVICE_COUNT] = {48, 49, 50};

struct bus_range bus_range(enum bus_device device, uint32_t chance)
{
    return (struct bus_range){bases[device], chance % 4 == 0 ? DEVICE_BYTES : VIRTIO_MMIO_CONFIG};
}

bool bus_is_fresh(enum bus_device device)
{
    return read32(bases[device] + VIRTIO_MMIO_STATUS) == 0;
}

void bus_open(enum bus_device device)
{
    /* They are always there. */
    (void)device;
}

void bus_write_status(enum bus_device device, uint32_t status)
{
    write32(bases[device] + VIRTIO_MMIO_STATUS, status);
}

uint32_t bus_read_features(enum bus_device device, uint32_t word)
{
    write32(bases[device] + VIRTIO_MMIO_DEVICE_FEATURES_SEL, word);
    return read32(bases[device] + VIRTIO_MMIO_DEVICE_FEATURES);
}

void bus_write_features(enum bus_device device, uint32_t word, uint32_t features)
{
    write32(bases[device] + VIRTIO_MMIO_DRIVER_FEATURES_SEL, word);
    write32(bases[device] + VIRTIO_MMIO_DRIVER_FEATURES, features);
}

static void write_address(uintptr_t reg, uint64_t address)
{
    write32(reg, (uint32_t)address);
    write32(reg + 4, (uint32_t)(address >> 32));
}

void bus_set_queue(enum bus_device device, uint32_t queue, uint32_t size, const uint64_t areas[3])
{
    const uintptr_t base = bases[device];
    write32(base + VIRTIO_MMIO_QUEUE_SEL, queue);
    write32(base + VIRTIO_MMIO_QUEUE_NUM, size);
    write_address(base + VIRTIO_MMIO_QUEUE_DESC_LOW, areas[0]);
    write_address(base + VIRTIO_MMIO_QUEUE_DRIVER_LOW, areas[1]);
    write_address(base + VIRTIO_MMIO_QUEUE_DEVICE_LOW, areas[2]);
    write32(base + VIRTIO_MMIO_QUEUE_READY, 1);
}

void bus_notify(enum bus_device device, uint32_t queue)
{
    write32(bases[device] + VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

void bus_acknowledge(enum bus_device device)
{
    write32(bases[device] + VIRTIO_MMIO_INTERRUPT_ACK, UINT32_MAX);
}
