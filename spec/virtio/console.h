/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Console device [VIRTIO 5.3].
 */
#pragma once

#include "spec/bits.h"

/* Features [VIRTIO 5.3.3] */
#define VIRTIO_CONSOLE_F_SIZE      BIT(0)
#define VIRTIO_CONSOLE_F_MULTIPORT BIT(1)

/* Control messages [VIRTIO 5.3.6.2] */
enum virtio_console_event {
    VIRTIO_CONSOLE_DEVICE_READY = 0,
    VIRTIO_CONSOLE_PORT_ADD = 1,
    VIRTIO_CONSOLE_PORT_REMOVE = 2,
    VIRTIO_CONSOLE_PORT_READY = 3,
    VIRTIO_CONSOLE_CONSOLE_PORT = 4,
    VIRTIO_CONSOLE_RESIZE = 5,
    VIRTIO_CONSOLE_PORT_OPEN = 6,
    VIRTIO_CONSOLE_PORT_NAME = 7,
};
