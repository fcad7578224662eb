/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The driver's side of virtio over MMIO, version 2 (not the legacy one) [VIRTIO 4.2], with split virtqueues
 * [VIRTIO 2.7]. The device is trusted no further than needed: what it writes into the used ring is checked by range.
 *
 * Memory that the device reads and writes is one region of the driver's, known by its physical address. It must be
 * coherent with the device. Descriptors are laid out once by the driver, at fixed places; there is no allocation here.
 *
 * Left out: legacy devices, packed virtqueues, indirect descriptors, event indices.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_ID_NET     1
#define VIRTIO_ID_BLK     2
#define VIRTIO_ID_ENTROPY 4

#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)

#define VIRTQ_DESC_NEXT  1
#define VIRTQ_DESC_WRITE 2 /* by the device */

struct virtq_desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct virtq_avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[];
};

struct virtq_used_element {
    uint32_t id;
    uint32_t length;
};

struct virtq_used {
    uint16_t flags;
    uint16_t index;
    struct virtq_used_element ring[];
};

/* Bytes of a virtqueue of `size` entries, a multiple of 16: where the available and the used ring begin, and all. */
#define VIRTQ_AVAIL_OFFSET(size) ((size) * sizeof(struct virtq_desc))
#define VIRTQ_USED_OFFSET(size)  ((VIRTQ_AVAIL_OFFSET(size) + 6 + 2 * (size) + 15) & ~(size_t)15)
#define VIRTQ_BYTES(size)        ((VIRTQ_USED_OFFSET(size) + 6 + 8 * (size) + 15) & ~(size_t)15)

struct virtq {
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    uint16_t size;       /* a power of two */
    uint16_t next_avail; /* own copies: the device cannot change them */
    uint16_t next_used;
};

struct virtio {
    uintptr_t base;
};

/* Finds a device of this kind, resets it and agrees on features; logs what is wrong. False: not usable. */
bool virtio_start(struct virtio *device, uintptr_t base, uint32_t id, uint64_t wanted, uint64_t *agreed);

/* Sets up virtqueue `index` in zeroed memory; `size` is a power of two. False: the device has no such queue. */
bool virtio_add_queue(struct virtio *device, uint32_t index, struct virtq *queue, uint16_t size, void *memory,
                      uint64_t memory_paddr);

/* All queues are there: go. */
void virtio_go(struct virtio *device);

/* A byte, or more, of the device's configuration. */
uint8_t virtio_config8(const struct virtio *device, uint32_t offset);
uint32_t virtio_config32(const struct virtio *device, uint32_t offset);
uint64_t virtio_config64(const struct virtio *device, uint32_t offset);

/* Acknowledges the device's interrupt to it. */
void virtio_ack_interrupt(struct virtio *device);

/* Offers the chain that begins at a descriptor; the device need not look before virtio_kick. */
void virtq_offer(struct virtq *queue, uint16_t head);
void virtio_kick(struct virtio *device, uint32_t index, const struct virtq *queue);

/* Takes a chain that the device is done with: its head, less than the queue's size, and how much was written. */
bool virtq_take(struct virtq *queue, uint16_t *head, uint32_t *length);
