/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A descriptor chain, read from its beginning to its end: first the bytes that the driver has written for the device,
 * then those that the device is to write. [VIRTIO 2.7.4, 2.7.5]
 *
 * Each descriptor is copied once, checked, and only then used; the guest's changing it later has no effect. A chain
 * that is not what the specification permits (a buffer outside of RAM, a loop, an indirect table in an indirect table,
 * a readable buffer behind a writable one) is broken: it gives no more bytes from there on.
 *
 * Invariants: `at` and `bytes` name checked guest RAM; at most `left` more descriptors are read, so that a walk ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/guest_ram.h"

/* Of an indirect table. The specification permits the queue's size; drivers are known that take more. */
#define VIRTQ_INDIRECT_COUNT_MAX 1024

struct virtq_chain {
    const struct guest_ram *ram;
    const uint8_t *table; /* of descriptors: the queue's, or an indirect one */
    uint32_t table_count;
    uint32_t left; /* descriptors that may still be read */
    uint16_t head; /* what the driver knows the chain by */
    uint16_t next; /* valid if has_next */
    bool has_next;
    bool is_indirect;
    bool is_broken;

    /* What is left of the current buffer. */
    bool is_writable;
    uint32_t bytes;
    uint8_t *at;

    uint32_t written_bytes; /* what virtq_put wants to know */
};

/* A piece of guest memory. */
struct virtq_piece {
    uint8_t *memory;
    uint32_t bytes;
};

/* A chain that begins at descriptor `head` of a table of `count` descriptors. */
void virtq_chain_begin(struct virtq_chain *chain, const struct guest_ram *ram, const uint8_t *table, uint32_t count,
                       uint16_t head);

/* Copies the next bytes for the device. Answers how many: fewer than asked for at the end of these. */
size_t virtq_chain_read(struct virtq_chain *chain, void *to, size_t bytes);

/* Copies into the next bytes that the device is to write. Answers how many; bytes not yet read are passed over. */
size_t virtq_chain_write(struct virtq_chain *chain, const void *from, size_t bytes);

/* Takes the next buffer for the device, or what is left of it, whole. False at the end of these. */
bool virtq_chain_next_readable(struct virtq_chain *chain, struct virtq_piece *piece);

/* Takes the next buffer that the device is to write. The caller adds to written_bytes what it writes there. */
bool virtq_chain_next_writable(struct virtq_chain *chain, struct virtq_piece *piece);

/* Takes up to `bytes` of the next writable buffer, as virtq_chain_next_writable does. */
bool virtq_chain_claim(struct virtq_chain *chain, uint32_t bytes, struct virtq_piece *piece);

/* Whether no byte for the device is left. Reads on to the next buffer to know. */
bool virtq_chain_is_read(struct virtq_chain *chain);
