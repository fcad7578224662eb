/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A virtio entropy device: /dev/hwrng of a Linux guest. [VIRTIO 5.4]
 */
#pragma once

#include <libvmm/virtio/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of storage of an entropy device. */
#define VIRTIO_RNG_STORAGE_BYTES 512

/** Storage of an entropy device; its content is the library's. */
struct virtio_rng {
    _Alignas(16) uint8_t storage[VIRTIO_RNG_STORAGE_BYTES];
};

/**
 * Gives random bytes, fit for keys: the guest trusts them.
 *
 * @param cookie  as given to virtio_rng_init.
 * @param to      where to.
 * @param bytes   at most so many.
 * @return how many were given. 0: none now; virtio_rng_ready says when there are some.
 */
typedef size_t (*virtio_rng_source_t)(void *cookie, uint8_t *to, size_t bytes);

/**
 * Sets up an entropy device, before linux_setup_images.
 *
 * @param rng     its storage.
 * @param place   where the guest finds it.
 * @param source  called from within fault_handle and virtio_rng_ready.
 * @param cookie  passed to it.
 * @return false, with a line in the log, when the place cannot be had.
 */
bool virtio_rng_init(struct virtio_rng *rng, struct virtio_place place, virtio_rng_source_t source, void *cookie);

/** The source has bytes again, after it had none. */
void virtio_rng_ready(struct virtio_rng *rng);

#ifdef __cplusplus
}
#endif
