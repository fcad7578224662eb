/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * An emulated PCI host bridge, for the library's virtual devices: the standard one with ECAM, which Linux, U-Boot and
 * others know as pci-host-ecam-generic. The guest's device tree gets its node by itself.
 *
 * With a GICv2m frame, its functions have MSI-X: a request to a virtio device then takes the guest two exits fewer. The
 * frame becomes a node below the interrupt controller's, which needs #address-cells and #size-cells of 1 or 2 and an
 * empty ranges for that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of guest-physical addresses for the configuration space: one bus. */
#define PCI_ECAM_BYTES 0x100000
/** Interrupt lines INTA to INTD. */
#define PCI_LINE_COUNT 4
/** The most functions that a host bridge has. */
#define PCI_FUNCTION_COUNT_MAX 16
/** Bytes of struct pci_host. */
#define PCI_HOST_BYTES 0x5000
/** Bytes of guest-physical addresses for the frame of message-signalled interrupts. */
#define PCI_MSI_FRAME_BYTES 0x1000

/**
 * Where the guest finds the host bridge: guest-physical addresses. All ranges must be free: neither RAM, nor mapped,
 * nor an emulated device's. The guest places the devices' registers in the windows, where PCI addresses are the same.
 */
struct pci_host_config {
    uint64_t ecam_base;           /**< configuration space, a multiple of PCI_ECAM_BYTES, which it takes */
    uint64_t window_base;         /**< for registers, below 4 GiB: a multiple of 0x10000 */
    uint64_t window_size_bytes;   /**< a multiple of 0x10000, not 0 */
    uint64_t window64_base;       /**< the same at any address; needed only where the other is too small */
    uint64_t window64_size_bytes; /**< 0: there is none */
    size_t irqs[PCI_LINE_COUNT];  /**< INTIDs of SPIs, 32 to 1019, for INTA to INTD; nothing else uses them */
    uint64_t msi_base;            /**< of the GICv2m frame, a multiple of PCI_MSI_FRAME_BYTES, which it takes */
    size_t msi_irq_first;         /**< INTID of its first SPI; nothing else uses the frame's SPIs */
    size_t msi_irq_count;         /**< how many it has, up to 1019; 0: there is no frame, functions have INTx only */
};

/** A host bridge's storage, static or otherwise as long-lived; its content is the library's. */
struct pci_host {
    _Alignas(16) uint8_t storage[PCI_HOST_BYTES];
};

/**
 * Sets up a host bridge without functions. Comes before linux_setup_images and before its first device.
 *
 * @param host    its storage.
 * @param config  copied.
 * @return false, after a line in the log, when an address or interrupt is out of range, misaligned or in use, and after
 *         linux_setup_images.
 */
bool pci_host_init(struct pci_host *host, const struct pci_host_config *config);

#ifdef __cplusplus
}
#endif
