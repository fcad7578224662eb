/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A virtio block device that is a client of an sDDF block virtualiser: /dev/vda of a Linux guest. [VIRTIO 5.2]
 *
 * The guest may use sectors of 512 bytes as it likes: what does not fill sDDF's blocks of 4096 bytes is read, changed
 * and written back, in the right order. Size, read-only and serial number are those that the virtualiser says; until it
 * says that the storage is ready, the device has no sectors.
 */
#pragma once

#include <libvmm/sddf/blk.h>
#include <libvmm/virtio/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Virtqueues that a block device may have. */
#define VIRTIO_BLK_QUEUE_COUNT_MAX 4
/** Bytes of storage of a block device. */
#define VIRTIO_BLK_STORAGE_BYTES 49152

/** Storage of a block device; its content is the library's. */
struct virtio_blk {
    _Alignas(16) uint8_t storage[VIRTIO_BLK_STORAGE_BYTES];
};

/**
 * Sets up a block device, before linux_setup_images.
 *
 * @param blk          its storage.
 * @param place        where the guest finds it.
 * @param config       read once; its magic must be right. Its data region holds the blocks under way: 64 requests of
 *                     64 KiB at a time take 4 MiB, and with less, large requests are cut into smaller ones.
 * @param queue_count  1 to VIRTIO_BLK_QUEUE_COUNT_MAX; Linux likes one for each vCPU.
 * @return false, with a line in the log, when the place cannot be had, or the queues cannot be opened.
 */
bool virtio_blk_init(struct virtio_blk *blk, struct virtio_place place, const struct sddf_blk_client_config *config,
                     size_t queue_count);

/** Whether the storage is ready. A guest that is started before finds a disk without sectors, which grows. */
bool virtio_blk_is_ready(const struct virtio_blk *blk);

#ifdef __cplusplus
}
#endif
