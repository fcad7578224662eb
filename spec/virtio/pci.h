/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio over PCI [VIRTIO 4.1].
 */
#pragma once

/* [VIRTIO 4.1.2] */
#define VIRTIO_PCI_VENDOR_ID      0x1af4
#define VIRTIO_PCI_DEVICE_ID_BASE 0x1040
#define VIRTIO_PCI_SUBSYSTEM_ID   0x0040 /* or more */
#define VIRTIO_PCI_REVISION_ID    1

/* Common configuration [VIRTIO 4.1.4.3] */
enum virtio_pci_common {
    VIRTIO_PCI_DEVICE_FEATURE_SELECT = 0x00,
    VIRTIO_PCI_DEVICE_FEATURE = 0x04,
    VIRTIO_PCI_DRIVER_FEATURE_SELECT = 0x08,
    VIRTIO_PCI_DRIVER_FEATURE = 0x0c,
    VIRTIO_PCI_CONFIG_MSIX_VECTOR = 0x10,
    VIRTIO_PCI_NUM_QUEUES = 0x12,
    VIRTIO_PCI_DEVICE_STATUS = 0x14,
    VIRTIO_PCI_CONFIG_GENERATION = 0x15,
    VIRTIO_PCI_QUEUE_SELECT = 0x16,
    VIRTIO_PCI_QUEUE_SIZE = 0x18,
    VIRTIO_PCI_QUEUE_MSIX_VECTOR = 0x1a,
    VIRTIO_PCI_QUEUE_ENABLE = 0x1c,
    VIRTIO_PCI_QUEUE_NOTIFY_OFF = 0x1e,
    VIRTIO_PCI_QUEUE_DESC = 0x20,
    VIRTIO_PCI_QUEUE_DRIVER = 0x28,
    VIRTIO_PCI_QUEUE_DEVICE = 0x30,
    VIRTIO_PCI_QUEUE_NOTIFY_DATA = 0x38,
    VIRTIO_PCI_QUEUE_RESET = 0x3a,
    VIRTIO_PCI_COMMON_BYTES = 0x3c,
};

#define VIRTIO_PCI_NO_VECTOR 0xffff

/* Type of the structure that a capability locates [VIRTIO 4.1.4]. */
enum virtio_pci_cap {
    VIRTIO_PCI_CAP_COMMON_CFG = 1,
    VIRTIO_PCI_CAP_NOTIFY_CFG = 2,
    VIRTIO_PCI_CAP_ISR_CFG = 3,
    VIRTIO_PCI_CAP_DEVICE_CFG = 4,
    VIRTIO_PCI_CAP_PCI_CFG = 5,
};

/* Fields of a capability, from its first byte. */
#define VIRTIO_PCI_CAP_TYPE       3
#define VIRTIO_PCI_CAP_BAR        4
#define VIRTIO_PCI_CAP_OFFSET     8
#define VIRTIO_PCI_CAP_LENGTH     12
#define VIRTIO_PCI_CAP_MULTIPLIER 16 /* of CAP_NOTIFY_CFG */
#define VIRTIO_PCI_CAP_DATA       16 /* of CAP_PCI_CFG */
