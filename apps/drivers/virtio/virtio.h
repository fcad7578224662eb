/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The driver's side of virtio over MMIO, version 2 (not the legacy one) [VIRTIO 4.2], with split virtqueues
 * [VIRTIO 2.7]. The device is not trusted: a chain that it returns must be one that it has. A device that breaks a rule
 * makes its virtqueue broken: nothing more is taken from it, and the driver stops the device.
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
#define VIRTIO_ID_CONSOLE 3
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

/* Bytes of a virtqueue of `size` entries: where the available and the used ring begin, and all. Multiples of 16. */
#define VIRTQ_AVAIL_OFFSET(size) ((size) * sizeof(struct virtq_desc))
#define VIRTQ_USED_OFFSET(size)  ((VIRTQ_AVAIL_OFFSET(size) + 6 + 2 * (size) + 15) & ~(size_t)15)
#define VIRTQ_BYTES(size)        ((VIRTQ_USED_OFFSET(size) + 6 + 8 * (size) + 15) & ~(size_t)15)

#define VIRTQ_SIZE_MAX 256u

struct virtq {
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    uint16_t size;       /* a power of two, at most VIRTQ_SIZE_MAX */
    uint16_t next_avail; /* own copies: the device cannot change them */
    uint16_t next_used;
    uint64_t offered[VIRTQ_SIZE_MAX / 64]; /* bit i: the device has the chain that begins at descriptor i */
    bool is_broken;                        /* the device has returned what it does not have */
};

struct virtio {
    uintptr_t base;
};

/* Finds a device of this kind, resets it and agrees on features; logs what is wrong. False: not usable. */
bool virtio_start(struct virtio *device, uintptr_t base, uint32_t id, uint64_t wanted, uint64_t *agreed);

/*
 * Sets up virtqueue `index` in zeroed memory. It gets as many entries as the device offers, in powers of two
 * [VIRTIO 2.7]: at most `size_max`, which the memory has room for (VIRTQ_BYTES) and is at most VIRTQ_SIZE_MAX. False,
 * with a log line: the device offers less than `size_min`, the longest chain of the driver.
 */
bool virtio_add_queue(struct virtio *device, uint32_t index, struct virtq *queue, uint16_t size_min, uint16_t size_max,
                      void *memory, uint64_t memory_paddr);

/* All queues are there: go. */
void virtio_go(struct virtio *device);

/* Resets the device: it touches no memory any more. False, with a log line: it does not say that it is reset. */
bool virtio_stop(struct virtio *device);

/* A byte, or more, of the device's configuration. */
uint8_t virtio_config8(const struct virtio *device, uint32_t offset);
uint32_t virtio_config32(const struct virtio *device, uint32_t offset);
uint64_t virtio_config64(const struct virtio *device, uint32_t offset);

/* Acknowledges the device's interrupt to it. */
void virtio_ack_interrupt(struct virtio *device);

/* Offers the chain that begins at a descriptor; the device need not look before virtio_kick. */
void virtq_offer(struct virtq *queue, uint16_t head);
void virtio_kick(struct virtio *device, uint32_t index, const struct virtq *queue);

/*
 * Takes a chain that the device is done with: its head, which was offered and not yet taken, and how many bytes the
 * device says that it wrote. False: there is none, or the queue is broken, which is logged once.
 */
bool virtq_take(struct virtq *queue, uint16_t *head, uint32_t *length);
