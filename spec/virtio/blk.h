/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Block device [VIRTIO 5.2].
 */
#pragma once

#include "spec/bits.h"

/* Features [VIRTIO 5.2.3] */
#define VIRTIO_BLK_F_SEG_MAX  BIT(2)
#define VIRTIO_BLK_F_RO       BIT(5)
#define VIRTIO_BLK_F_BLK_SIZE BIT(6)
#define VIRTIO_BLK_F_FLUSH    BIT(9)
#define VIRTIO_BLK_F_TOPOLOGY BIT(10)
#define VIRTIO_BLK_F_MQ       BIT(12)

/* Configuration [VIRTIO 5.2.4] */
#define VIRTIO_BLK_CONFIG_CAPACITY   0
#define VIRTIO_BLK_CONFIG_BLK_SIZE   20
#define VIRTIO_BLK_CONFIG_NUM_QUEUES 34

/* Requests [VIRTIO 5.2.6] */
enum virtio_blk_type {
    VIRTIO_BLK_T_IN = 0,
    VIRTIO_BLK_T_OUT = 1,
    VIRTIO_BLK_T_FLUSH = 4,
    VIRTIO_BLK_T_GET_ID = 8,
};

enum virtio_blk_status {
    VIRTIO_BLK_S_OK = 0,
    VIRTIO_BLK_S_IOERR = 1,
    VIRTIO_BLK_S_UNSUPP = 2,
};

#define VIRTIO_BLK_SECTOR_BYTES 512
#define VIRTIO_BLK_ID_BYTES     20
