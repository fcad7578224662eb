/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio devices for a guest that is given no hardware, served from drivers in other PDs over sDDF's queues.
 *
 * A device is set up by one call, before linux_setup_images, which then adds it to the guest's copy of the device tree:
 * no address has to be said twice. The VMM's notified() passes every channel to virtio_notified. The guest's restart
 * resets the devices with it.
 *
 * The VMM provides a device's storage (struct virtio_console and so on), static or otherwise as long-lived; its content
 * is the library's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct virtio_device;
struct pci_host;

/** Where the guest finds a device. Made by virtio_at_mmio or virtio_at_pci. */
struct virtio_place {
    bool (*attach)(struct virtio_device *device, const struct virtio_place *place);
    uint64_t base;
    size_t irq;
    struct pci_host *host;
    uint8_t slot;
    uint8_t function;
};

/** Bytes of guest-physical addresses that a device on virtio-mmio takes. */
#define VIRTIO_MMIO_BYTES 0x200

/* What virtio_at_mmio refers to; not to be called. */
bool virtio_mmio_attach(struct virtio_device *device, const struct virtio_place *place);

/**
 * A place of its own, on virtio-mmio.
 *
 * @param base  guest-physical address, a multiple of 0x200, where VIRTIO_MMIO_BYTES are free: neither RAM, nor mapped,
 *              nor an emulated device's.
 * @param irq   INTID of an SPI, 32 to 1019, that nothing else uses.
 */
static inline struct virtio_place virtio_at_mmio(uint64_t base, size_t irq)
{
    return (struct virtio_place){.attach = virtio_mmio_attach, .base = base, .irq = irq};
}

/* What virtio_at_pci refers to; not to be called. */
bool virtio_pci_attach(struct virtio_device *device, const struct virtio_place *place);

/**
 * A function on an emulated PCI bus (see pci.h).
 *
 * @param host      initialised by pci_host_init.
 * @param slot      0 to 31: the device's number on the bus.
 * @param function  0 to 7. Function 0 of a slot is set up before its others.
 */
static inline struct virtio_place virtio_at_pci(struct pci_host *host, uint8_t slot, uint8_t function)
{
    return (struct virtio_place){.attach = virtio_pci_attach, .host = host, .slot = slot, .function = function};
}

/**
 * Tells the devices that a channel was notified. For the VMM's notified().
 *
 * @return whether a virtio device uses the channel.
 */
bool virtio_notified(microkit_channel ch);

#ifdef __cplusplus
}
#endif
