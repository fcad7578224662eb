/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See fuzzer_bus.h: functions of a PCI host bridge [VIRTIO 4.1]. The parts of a device's interface are where its
 * capabilities say; these are read before anything is misused. Interrupts are INTx; messages (MSI-X) are misused only.
 *
 * A function's registers may have been put anywhere when it interrupts: before that can be taken back, they are put
 * where they belong.
 */
#include "fuzzer_bus.h"
#include "harness/harness.h"
#include "spec/pci.h"
#include "spec/virtio/pci.h"

/* As the ready-made VMM has them. */
#define ECAM           0x10000000
#define FUNCTION_BYTES 0x1000
#define SLOT(n)        (ECAM + (uintptr_t)(n)*8 * FUNCTION_BYTES)
#define BRIDGE         SLOT(0)
#define MESSAGES       0x8020000 /* frame that takes messages of MSI-X */
#define WINDOW         0x11000000
#define DEVICE_BYTES   0x100000
#define BAR_BYTES      0x20000
#define PLACE(slot)    (WINDOW + (uintptr_t)(slot)*DEVICE_BYTES)

#define COMMAND_ENABLE 6 /* memory, bus master */
#define CAP_COUNT_MAX  32

enum {
    PART_COMMON = VIRTIO_PCI_CAP_COMMON_CFG,
    PART_NOTIFY = VIRTIO_PCI_CAP_NOTIFY_CFG,
    PART_ISR = VIRTIO_PCI_CAP_ISR_CFG,
    PART_COUNT = 6,
};

static const uintptr_t configs[BUS_DEVICE_COUNT] = {SLOT(1), SLOT(2), SLOT(3)};
static const uintptr_t bars[BUS_DEVICE_COUNT] = {PLACE(1), PLACE(2), PLACE(3)};
const uint32_t bus_irqs[BUS_DEVICE_COUNT] = {36, 37, 38};

static uintptr_t parts[BUS_DEVICE_COUNT][PART_COUNT];
static uint32_t notify_multiplier[BUS_DEVICE_COUNT];
static uintptr_t msix_control[BUS_DEVICE_COUNT];

/* The beginning of the first BAR is mostly the common configuration; a function that is not there, too. */
struct bus_range bus_range(enum bus_device device, uint32_t chance)
{
    switch (chance % 9) {
    case 0:
        return (struct bus_range){BRIDGE, PCI_CONFIG_BYTES};
    case 8:
        return (struct bus_range){MESSAGES, FUNCTION_BYTES};
    case 1:
        return (struct bus_range){configs[device], 2 * FUNCTION_BYTES};
    case 2:
    case 3:
        return (struct bus_range){configs[device], PCI_CONFIG_BYTES};
    case 4:
        return (struct bus_range){bars[device], DEVICE_BYTES};
    case 5:
        return (struct bus_range){bars[device], BAR_BYTES};
    default:
        return (struct bus_range){bars[device], VIRTIO_PCI_COMMON_BYTES};
    }
}

static void place_bars(enum bus_device device)
{
    for (uint32_t i = 0; i < PCI_BAR_COUNT; i++) {
        write32(configs[device] + PCI_BAR0 + i * 4, i % 2 == 0 ? (uint32_t)bars[device] + i * BAR_BYTES : 0);
    }
    write16(configs[device] + PCI_COMMAND, COMMAND_ENABLE);
}

static void read_capabilities(enum bus_device device)
{
    uint8_t at = read8(configs[device] + PCI_CAPABILITIES);
    for (uint32_t i = 0; i < CAP_COUNT_MAX && at != 0; i++) {
        const uintptr_t cap = configs[device] + at;
        const uint8_t id = read8(cap);
        const uint8_t type = read8(cap + VIRTIO_PCI_CAP_TYPE);
        if (id == PCI_CAPABILITY_VENDOR && type < PART_COUNT) {
            parts[device][type] =
                bars[device] + read8(cap + VIRTIO_PCI_CAP_BAR) * BAR_BYTES + read32(cap + VIRTIO_PCI_CAP_OFFSET);
        }
        if (id == PCI_CAPABILITY_VENDOR && type == PART_NOTIFY) {
            notify_multiplier[device] = read32(cap + VIRTIO_PCI_CAP_MULTIPLIER);
        }
        if (id == PCI_CAPABILITY_MSIX) {
            msix_control[device] = cap + PCI_MSIX_CONTROL;
        }
        at = read8(cap + 1);
    }
}

bool bus_is_fresh(enum bus_device device)
{
    bool is_fresh = read16(configs[device] + PCI_COMMAND) == 0;
    for (uint32_t i = 0; i < PCI_BAR_COUNT; i++) {
        is_fresh = is_fresh && (read32(configs[device] + PCI_BAR0 + i * 4) & ~PCI_BAR_FLAGS) == 0;
    }
    read_capabilities(device);
    is_fresh = is_fresh && (msix_control[device] == 0 || read16(msix_control[device]) >> 14 == 0);
    place_bars(device);
    return is_fresh && read8(parts[device][PART_COMMON] + VIRTIO_PCI_DEVICE_STATUS) == 0;
}

void bus_open(enum bus_device device)
{
    place_bars(device);
    if (msix_control[device] != 0) {
        write16(msix_control[device], 0);
    }
}

void bus_write_status(enum bus_device device, uint32_t status)
{
    write8(parts[device][PART_COMMON] + VIRTIO_PCI_DEVICE_STATUS, status);
}

uint32_t bus_read_features(enum bus_device device, uint32_t word)
{
    write32(parts[device][PART_COMMON] + VIRTIO_PCI_DEVICE_FEATURE_SELECT, word);
    return read32(parts[device][PART_COMMON] + VIRTIO_PCI_DEVICE_FEATURE);
}

void bus_write_features(enum bus_device device, uint32_t word, uint32_t features)
{
    write32(parts[device][PART_COMMON] + VIRTIO_PCI_DRIVER_FEATURE_SELECT, word);
    write32(parts[device][PART_COMMON] + VIRTIO_PCI_DRIVER_FEATURE, features);
}

void bus_set_queue(enum bus_device device, uint32_t queue, uint32_t size, const uint64_t areas[3])
{
    const uintptr_t common = parts[device][PART_COMMON];
    write16(common + VIRTIO_PCI_QUEUE_SELECT, queue);
    write16(common + VIRTIO_PCI_QUEUE_SIZE, size);
    for (uint32_t i = 0; i < 3; i++) {
        write32(common + VIRTIO_PCI_QUEUE_DESC + i * 8, (uint32_t)areas[i]);
        write32(common + VIRTIO_PCI_QUEUE_DESC + i * 8 + 4, (uint32_t)(areas[i] >> 32));
    }
    write16(common + VIRTIO_PCI_QUEUE_ENABLE, 1);
}

/* A queue's offset is its number. */
void bus_notify(enum bus_device device, uint32_t queue)
{
    write16(parts[device][PART_NOTIFY] + queue % BAR_BYTES * notify_multiplier[device], queue);
}

void bus_acknowledge(enum bus_device device)
{
    place_bars(device);
    (void)read8(parts[device][PART_ISR]);
}
