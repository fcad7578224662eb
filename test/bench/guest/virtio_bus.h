/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A virtio device's registers, on virtio-mmio [VIRTIO 4.2] or behind a PCI host bridge, with MSI-X through a GICv2m
 * frame [VIRTIO 4.1]: as Linux sets it up, an interrupt for each queue.
 */
#pragma once

#include "harness.h"

struct bus_device {
    uintptr_t registers;
    uintptr_t config;
    uintptr_t notify;      /* of queue 0 */
    uint32_t notify_bytes; /* from there to that of the next queue */
    uint32_t irq;          /* PCI: of queue 0, followed by those of the others */
    uintptr_t messages;    /* PCI: the table of messages; otherwise 0 */
};

/* The device of this number, from 0: as on QEMU's virt machine, transport 8 * number, or in slot 1 + number. */
void bus_find(struct bus_device *device, uint32_t number, bool is_pci);

/* Resets the device and takes these features, all of which it must have. */
void bus_negotiate(const struct bus_device *device, uint64_t features);

/* Tells the device where a queue's areas are, by its own addresses. */
void bus_set_queue(const struct bus_device *device, uint32_t index, uint32_t size, const uint64_t areas[3]);

/* DRIVER_OK, and the interrupts of this many queues enabled. On virtio-mmio there is one for all. */
void bus_start(const struct bus_device *device, uint32_t queue_count, bool is_edge);

static inline void bus_notify(const struct bus_device *device, uint32_t queue)
{
    if (device->messages != 0) {
        write16(device->notify + (uintptr_t)queue * device->notify_bytes, queue);
    } else {
        write32(device->notify, queue);
    }
}

/* What an interrupt handler does, before it ends the interrupt: nothing, if it was a message. */
static inline void bus_acknowledge(const struct bus_device *device)
{
    if (device->messages == 0) {
        write32(device->registers + 0x64, read32(device->registers + 0x60));
    }
}
