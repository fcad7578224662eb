/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Network device [VIRTIO 5.1].
 */
#pragma once

#include "spec/bits.h"

/* Features [VIRTIO 5.1.3] */
#define VIRTIO_NET_F_MTU       BIT(3)
#define VIRTIO_NET_F_MAC       BIT(5)
#define VIRTIO_NET_F_MRG_RXBUF BIT(15)
#define VIRTIO_NET_F_STATUS    BIT(16)
#define VIRTIO_NET_F_CTRL_VQ   BIT(17)
#define VIRTIO_NET_F_CTRL_RX   BIT(18)

#define VIRTIO_NET_S_LINK_UP 1

/* Before each frame, with VIRTIO_F_VERSION_1 [VIRTIO 5.1.6] */
#define VIRTIO_NET_HDR_BYTES        12
#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_GSO_NONE     0

/* Control commands [VIRTIO 5.1.6.5] */
enum virtio_net_control_class {
    VIRTIO_NET_CTRL_RX = 0,
    VIRTIO_NET_CTRL_MAC = 1,
};

#define VIRTIO_NET_CTRL_RX_PROMISC    0
#define VIRTIO_NET_CTRL_RX_ALLMULTI   1
#define VIRTIO_NET_CTRL_MAC_TABLE_SET 0
#define VIRTIO_NET_OK                 0
#define VIRTIO_NET_ERR                1
