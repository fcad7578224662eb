/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A virtio network device, client of an sDDF network virtualiser. [VIRTIO 5.1]
 *
 * A frame to be sent waits with the guest while the virtualiser has no free buffer; a frame that came waits with the
 * virtualiser while the guest has given no room for it. The backend neither computes checksums nor cuts segments, so
 * the guest is not offered to leave them to it.
 */
#pragma once

#include <libvmm/sddf/net.h>
#include <libvmm/virtio/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of storage of a network device. */
#define VIRTIO_NET_STORAGE_BYTES 2048

/** Storage of a network device; its content is the library's. */
struct virtio_net {
    _Alignas(16) uint8_t storage[VIRTIO_NET_STORAGE_BYTES];
};

/**
 * Sets up a network device, before linux_setup_images. Its address is that of the configuration.
 *
 * @param net     its storage.
 * @param place   where the guest finds it.
 * @param config  read once; its magic must be right.
 * @return false, with a line in the log, when the place cannot be had, or the queues cannot be opened.
 */
bool virtio_net_init(struct virtio_net *net, struct virtio_place place, const struct sddf_net_client_config *config);

#ifdef __cplusplus
}
#endif
