/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio over MMIO, version 2 [VIRTIO 4.2.2]; R: read, W: write.
 */
#pragma once

enum virtio_mmio_register {
    VIRTIO_MMIO_MAGIC_VALUE = 0x000,         /* R */
    VIRTIO_MMIO_VERSION = 0x004,             /* R */
    VIRTIO_MMIO_DEVICE_ID = 0x008,           /* R */
    VIRTIO_MMIO_VENDOR_ID = 0x00c,           /* R */
    VIRTIO_MMIO_DEVICE_FEATURES = 0x010,     /* R */
    VIRTIO_MMIO_DEVICE_FEATURES_SEL = 0x014, /* W */
    VIRTIO_MMIO_DRIVER_FEATURES = 0x020,     /* W */
    VIRTIO_MMIO_DRIVER_FEATURES_SEL = 0x024, /* W */
    VIRTIO_MMIO_QUEUE_SEL = 0x030,           /* W */
    VIRTIO_MMIO_QUEUE_NUM_MAX = 0x034,       /* R */
    VIRTIO_MMIO_QUEUE_NUM = 0x038,           /* W */
    VIRTIO_MMIO_QUEUE_READY = 0x044,         /* RW */
    VIRTIO_MMIO_QUEUE_NOTIFY = 0x050,        /* W */
    VIRTIO_MMIO_INTERRUPT_STATUS = 0x060,    /* R */
    VIRTIO_MMIO_INTERRUPT_ACK = 0x064,       /* W */
    VIRTIO_MMIO_STATUS = 0x070,              /* RW */
    VIRTIO_MMIO_QUEUE_DESC_LOW = 0x080,      /* W */
    VIRTIO_MMIO_QUEUE_DESC_HIGH = 0x084,     /* W */
    VIRTIO_MMIO_QUEUE_DRIVER_LOW = 0x090,    /* W */
    VIRTIO_MMIO_QUEUE_DRIVER_HIGH = 0x094,   /* W */
    VIRTIO_MMIO_QUEUE_DEVICE_LOW = 0x0a0,    /* W */
    VIRTIO_MMIO_QUEUE_DEVICE_HIGH = 0x0a4,   /* W */
    VIRTIO_MMIO_SHM_SEL = 0x0ac,             /* W */
    VIRTIO_MMIO_SHM_LEN_LOW = 0x0b0,         /* R */
    VIRTIO_MMIO_SHM_LEN_HIGH = 0x0b4,        /* R */
    VIRTIO_MMIO_SHM_BASE_LOW = 0x0b8,        /* R */
    VIRTIO_MMIO_SHM_BASE_HIGH = 0x0bc,       /* R */
    VIRTIO_MMIO_QUEUE_RESET = 0x0c0,         /* RW */
    VIRTIO_MMIO_CONFIG_GENERATION = 0x0fc,   /* R */
    VIRTIO_MMIO_CONFIG = 0x100,              /* the configuration space */
};

#define VIRTIO_MMIO_MAGIC     0x74726976 /* "virt" */
#define VIRTIO_MMIO_VERSION_2 2
