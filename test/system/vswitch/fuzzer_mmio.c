/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See fuzzer_bus.h: virtio-mmio, version 2 [VIRTIO 4.2.2].
 */
#include "fuzzer_bus.h"
#include "harness/harness.h"

#define DEVICE_BYTES  0x200
#define REGISTERS_END 0x100
#define CONSOLE       0xa000000
#define BLK           (CONSOLE + DEVICE_BYTES)
#define NET           (BLK + DEVICE_BYTES)

enum {
    REG_FEATURES = 0x10,
    REG_FEATURES_SEL = 0x14,
    REG_DRIVER_FEATURES = 0x20,
    REG_DRIVER_FEATURES_SEL = 0x24,
    REG_QUEUE_SEL = 0x30,
    REG_QUEUE_NUM = 0x38,
    REG_QUEUE_READY = 0x44,
    REG_NOTIFY = 0x50,
    REG_INTERRUPT_ACK = 0x64,
    REG_STATUS = 0x70,
    REG_DESC = 0x80,
    REG_DRIVER = 0x90,
    REG_DEVICE = 0xa0,
};

static const uintptr_t bases[BUS_DEVICE_COUNT] = {CONSOLE, BLK, NET};
const uint32_t bus_irqs[BUS_DEVICE_COUNT] = {48, 49, 50};

struct bus_range bus_range(enum bus_device device, uint32_t chance)
{
    return (struct bus_range){bases[device], chance % 4 == 0 ? DEVICE_BYTES : REGISTERS_END};
}

bool bus_is_fresh(enum bus_device device)
{
    return read32(bases[device] + REG_STATUS) == 0;
}

void bus_open(enum bus_device device)
{
    /* They are always there. */
    (void)device;
}

void bus_write_status(enum bus_device device, uint32_t status)
{
    write32(bases[device] + REG_STATUS, status);
}

uint32_t bus_read_features(enum bus_device device, uint32_t word)
{
    write32(bases[device] + REG_FEATURES_SEL, word);
    return read32(bases[device] + REG_FEATURES);
}

void bus_write_features(enum bus_device device, uint32_t word, uint32_t features)
{
    write32(bases[device] + REG_DRIVER_FEATURES_SEL, word);
    write32(bases[device] + REG_DRIVER_FEATURES, features);
}

static void write_address(uintptr_t reg, uint64_t address)
{
    write32(reg, (uint32_t)address);
    write32(reg + 4, (uint32_t)(address >> 32));
}

void bus_set_queue(enum bus_device device, uint32_t queue, uint32_t size, const uint64_t areas[3])
{
    const uintptr_t base = bases[device];
    write32(base + REG_QUEUE_SEL, queue);
    write32(base + REG_QUEUE_NUM, size);
    write_address(base + REG_DESC, areas[0]);
    write_address(base + REG_DRIVER, areas[1]);
    write_address(base + REG_DEVICE, areas[2]);
    write32(base + REG_QUEUE_READY, 1);
}

void bus_notify(enum bus_device device, uint32_t queue)
{
    write32(bases[device] + REG_NOTIFY, queue);
}

void bus_acknowledge(enum bus_device device)
{
    write32(bases[device] + REG_INTERRUPT_ACK, UINT32_MAX);
}
