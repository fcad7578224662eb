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
#include "spec/pci.h"
#include "spec/virtio/mmio.h"
#include "spec/virtio/pci.h"
#include "spec/virtio/virtio.h"

#define MMIO_BASE  0xa000000
#define MMIO_BYTES 0x1000
#define MMIO_IRQ   48
#define MMIO_IRQS  8

#define BAR_BYTES  0x100000 /* of addresses for each device */
#define QUEUES_MAX 4

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
    [DEVICE_FEATURES] = {VIRTIO_MMIO_DEVICE_FEATURES, VIRTIO_PCI_DEVICE_FEATURE, 4},
    [DEVICE_FEATURES_SELECT] = {VIRTIO_MMIO_DEVICE_FEATURES_SEL, VIRTIO_PCI_DEVICE_FEATURE_SELECT, 4},
    [DRIVER_FEATURES] = {VIRTIO_MMIO_DRIVER_FEATURES, VIRTIO_PCI_DRIVER_FEATURE, 4},
    [DRIVER_FEATURES_SELECT] = {VIRTIO_MMIO_DRIVER_FEATURES_SEL, VIRTIO_PCI_DRIVER_FEATURE_SELECT, 4},
    [QUEUE_SELECT] = {VIRTIO_MMIO_QUEUE_SEL, VIRTIO_PCI_QUEUE_SELECT, 2},
    [QUEUE_SIZE] = {VIRTIO_MMIO_QUEUE_NUM, VIRTIO_PCI_QUEUE_SIZE, 2},
    [QUEUE_ENABLE] = {VIRTIO_MMIO_QUEUE_READY, VIRTIO_PCI_QUEUE_ENABLE, 2},
    [STATUS] = {VIRTIO_MMIO_STATUS, VIRTIO_PCI_DEVICE_STATUS, 1},
};
/* Descriptor table, available ring, used ring: two words each. */
static const uint8_t mmio_areas[] = {VIRTIO_MMIO_QUEUE_DESC_LOW, VIRTIO_MMIO_QUEUE_DRIVER_LOW,
                                     VIRTIO_MMIO_QUEUE_DEVICE_LOW};
static const uint8_t pci_areas[] = {VIRTIO_PCI_QUEUE_DESC, VIRTIO_PCI_QUEUE_DRIVER, VIRTIO_PCI_QUEUE_DEVICE};

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
        const uintptr_t message = device->messages + (uintptr_t)i * PCI_MSIX_ENTRY_BYTES;
        write32(message, BENCH_MSI_BASE + GICV2M_MSI_SETSPI_NS);
        write32(message + 4, 0);
        write32(message + 8, device->irq + i);
    }
    write16(capability + 2, PCI_MSIX_ENABLE);
}

/* Follows the list of capabilities. [VIRTIO 4.1.4] [PCI 6.7] */
static void find_parts(struct bus_device *device, uintptr_t function, uintptr_t bar)
{
    uintptr_t msix = 0;
    for (uintptr_t at = read8(function + 0x34); at != 0; at = read8(function + at + 1)) {
        const uint32_t id = read8(function + at);
        const uint32_t type = read8(function + at + 3);
        const uintptr_t part = bar + (id == PCI_CAPABILITY_VENDOR ? read32(function + at + 8) : 0);
        if (id == PCI_CAPABILITY_MSIX) {
            msix = function + at;
            device->messages = bar + (read32(function + at + 4) & ~UINT32_C(7));
        } else if (id == PCI_CAPABILITY_VENDOR && type == VIRTIO_PCI_CAP_COMMON_CFG) {
            device->registers = part;
        } else if (id == PCI_CAPABILITY_VENDOR && type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
            device->notify = part;
            device->notify_bytes = read32(function + at + 16);
        } else if (id == PCI_CAPABILITY_VENDOR && type == VIRTIO_PCI_CAP_DEVICE_CFG) {
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
    write16(function + 4, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
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
    put(device, STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    put(device, DRIVER_FEATURES_SELECT, 0);
    put(device, DRIVER_FEATURES, (uint32_t)features);
    put(device, DRIVER_FEATURES_SELECT, 1);
    put(device, DRIVER_FEATURES, (uint32_t)(features >> 32));
    put(device, STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
    check("features are accepted", (get(device, STATUS) & VIRTIO_STATUS_FEATURES_OK) != 0);
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
        write16(device->registers + VIRTIO_PCI_QUEUE_MSIX_VECTOR, index);
        check_equal("the queue's vector", read16(device->registers + VIRTIO_PCI_QUEUE_MSIX_VECTOR), index);
    }
    put(device, QUEUE_ENABLE, 1);
}

void bus_start(const struct bus_device *device, uint32_t queue_count, bool is_edge)
{
    const uint32_t count = is_pci(device) ? queue_count : 1;
    put(device, STATUS,
        VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
    for (uint32_t i = 0; i < count; i++) {
        gic_set_edge(device->irq + i, is_edge || is_pci(device));
        gic_route(device->irq + i, 0);
        gic_enable(device->irq + i);
        if (is_pci(device)) {
            write32(device->messages + (uintptr_t)i * PCI_MSIX_ENTRY_BYTES + 12, 0);
        }
    }
}
