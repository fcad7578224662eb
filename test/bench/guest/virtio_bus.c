/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtio_bus.h.
 */
#include "virtio_bus.h"

#include "../virtio-system/counters.h"
#include "gic.h"

#define MMIO_BASE  0xa000000
#define MMIO_BYTES 0x1000
#define MMIO_IRQ   48
#define MMIO_IRQS  8

#define STATUS_DRIVER      3
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8

#define BAR_BYTES     0x100000 /* of addresses for each device */
#define QUEUES_MAX    4
#define CAP_MSIX      0x11
#define CAP_VENDOR    0x09
#define CAP_COMMON    1
#define CAP_NOTIFY    2
#define CAP_DEVICE    4
#define MSIX_ENABLE   0x8000
#define COMMAND       6 /* memory, bus master */
#define QUEUE_VECTOR  0x1a
#define MESSAGE_BYTES 16
#define SETSPI        0x40

enum bus_register {
    DEVICE_FEATURES,
    DEVICE_FEATURES_SELECT,
    DRIVER_FEATURES,
    DRIVER_FEATURES_SELECT,
    QUEUE_SELECT,
    QUEUE_SIZE,
    QUEUE_ENABLE,
    STATUS,
};

/* Registers of virtio-mmio are words. */
static const struct {
    uint8_t mmio;
    uint8_t pci;
    uint8_t pci_bytes;
} registers[] = {
    [DEVICE_FEATURES] = {0x10, 0x04, 4}, [DEVICE_FEATURES_SELECT] = {0x14, 0x00, 4},
    [DRIVER_FEATURES] = {0x20, 0x0c, 4}, [DRIVER_FEATURES_SELECT] = {0x24, 0x08, 4},
    [QUEUE_SELECT] = {0x30, 0x16, 2},    [QUEUE_SIZE] = {0x38, 0x18, 2},
    [QUEUE_ENABLE] = {0x44, 0x1c, 2},    [STATUS] = {0x70, 0x14, 1},
};
/* Descriptor table, available ring, used ring: two words each. */
static const uint8_t mmio_areas[] = {0x80, 0x90, 0xa0};
static const uint8_t pci_areas[] = {0x20, 0x28, 0x30};

static bool is_pci(const struct bus_device *device)
{
    return device->messages != 0;
}

static uint32_t get(const struct bus_device *device, enum bus_register reg)
{
    if (is_pci(device)) {
        const uintptr_t at = device->registers + registers[reg].pci;
        return registers[reg].pci_bytes == 1 ? read8(at) : read32(at);
    }
    return read32(device->registers + registers[reg].mmio);
}

static void put(const struct bus_device *device, enum bus_register reg, uint32_t value)
{
    const uintptr_t at = device->registers + (is_pci(device) ? registers[reg].pci : registers[reg].mmio);
    switch (is_pci(device) ? registers[reg].pci_bytes : 4) {
    case 1:
        write8(at, value);
        break;
    case 2:
        write16(at, value);
        break;
    default:
        write32(at, value);
        break;
    }
}

/* Switches messages on, with one for each queue; all the table's are masked until then. */
static void set_messages(struct bus_device *device, uintptr_t capability)
{
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        const uintptr_t message = device->messages + (uintptr_t)i * MESSAGE_BYTES;
        write32(message, BENCH_MSI_BASE + SETSPI);
        write32(message + 4, 0);
        write32(message + 8, device->irq + i);
    }
    write16(capability + 2, MSIX_ENABLE);
}

/* Follows the list of capabilities. [VIRTIO 4.1.4] [PCI 6.7] */
static void find_parts(struct bus_device *device, uintptr_t function, uintptr_t bar)
{
    uintptr_t msix = 0;
    for (uintptr_t at = read8(function + 0x34); at != 0; at = read8(function + at + 1)) {
        const uint32_t id = read8(function + at);
        const uint32_t type = read8(function + at + 3);
        const uintptr_t part = bar + (id == CAP_VENDOR ? read32(function + at + 8) : 0);
        if (id == CAP_MSIX) {
            msix = function + at;
            device->messages = bar + (read32(function + at + 4) & ~UINT32_C(7));
        } else if (id == CAP_VENDOR && type == CAP_COMMON) {
            device->registers = part;
        } else if (id == CAP_VENDOR && type == CAP_NOTIFY) {
            device->notify = part;
            device->notify_bytes = read32(function + at + 16);
        } else if (id == CAP_VENDOR && type == CAP_DEVICE) {
            device->config = part;
        }
    }
    check("the device has MSI-X", msix != 0);
    set_messages(device, msix);
}

static void find_on_pci(struct bus_device *device, uint32_t number)
{
    const uintptr_t function = BENCH_PCI_ECAM + ((uintptr_t)(1 + number) << 15);
    const uintptr_t bar = BENCH_PCI_WINDOW + (uintptr_t)number * BAR_BYTES;
    device->irq = BENCH_MSI_IRQ + number * QUEUES_MAX;
    write32(function + 0x10, (uint32_t)bar);
    write32(function + 0x14, 0);
    write16(function + 4, COMMAND);
    find_parts(device, function, bar);
}

void bus_find(struct bus_device *device, uint32_t number, bool is_on_pci)
{
    if (is_on_pci) {
        find_on_pci(device, number);
        return;
    }
    const uintptr_t base = MMIO_BASE + (uintptr_t)number * MMIO_BYTES;
    *device = (struct bus_device){
        .registers = base, .config = base + 0x100, .notify = base + 0x50, .irq = MMIO_IRQ + number * MMIO_IRQS};
}

static uint64_t read_features(const struct bus_device *device)
{
    put(device, DEVICE_FEATURES_SELECT, 0);
    const uint64_t low = get(device, DEVICE_FEATURES);
    put(device, DEVICE_FEATURES_SELECT, 1);
    return low | (uint64_t)get(device, DEVICE_FEATURES) << 32;
}

void bus_negotiate(const struct bus_device *device, uint64_t features)
{
    check_equal("features", read_features(device) & features, features);
    put(device, STATUS, 0);
    put(device, STATUS, STATUS_DRIVER);
    put(device, DRIVER_FEATURES_SELECT, 0);
    put(device, DRIVER_FEATURES, (uint32_t)features);
    put(device, DRIVER_FEATURES_SELECT, 1);
    put(device, DRIVER_FEATURES, (uint32_t)(features >> 32));
    put(device, STATUS, STATUS_DRIVER | STATUS_FEATURES_OK);
    check("features are accepted", (get(device, STATUS) & STATUS_FEATURES_OK) != 0);
}

void bus_set_queue(const struct bus_device *device, uint32_t index, uint32_t size, const uint64_t areas[3])
{
    put(device, QUEUE_SELECT, index);
    put(device, QUEUE_SIZE, size);
    for (size_t i = 0; i < 3; i++) {
        const uintptr_t at = device->registers + (is_pci(device) ? pci_areas : mmio_areas)[i];
        write32(at, (uint32_t)areas[i]);
        write32(at + 4, (uint32_t)(areas[i] >> 32));
    }
    if (is_pci(device)) {
        write16(device->registers + QUEUE_VECTOR, index);
        check_equal("the queue's vector", read16(device->registers + QUEUE_VECTOR), index);
    }
    put(device, QUEUE_ENABLE, 1);
}

void bus_start(const struct bus_device *device, uint32_t queue_count, bool is_edge)
{
    const uint32_t count = is_pci(device) ? queue_count : 1;
    put(device, STATUS, STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    for (uint32_t i = 0; i < count; i++) {
        gic_set_edge(device->irq + i, is_edge || is_pci(device));
        gic_route(device->irq + i, 0);
        gic_enable(device->irq + i);
        if (is_pci(device)) {
            write32(device->messages + (uintptr_t)i * MESSAGE_BYTES + 12, 0);
        }
    }
}
