/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtq_chain.h.
 */
#include "devices/virtio/virtq_chain.h"

#include <libvmm/util/util.h>

#include "devices/virtio/virtq_layout.h"
#include "util/checked.h"
#include "util/field.h"

#define DESC_LEN   FIELD(31, 0) /* of its second word */
#define DESC_FLAGS FIELD(47, 32)
#define DESC_NEXT  FIELD(63, 48)

/* A descriptor, copied out of guest memory. */
struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

void virtq_chain_begin(struct virtq_chain *chain, const struct guest_ram *ram, const uint8_t *table, uint32_t count,
                       uint16_t head)
{
    *chain = (struct virtq_chain){
        .ram = ram,
        .table = table,
        .table_count = count,
        .left = count,
        .head = head,
        .next = head,
        .has_next = true,
    };
}

static struct desc load_desc(const uint8_t *at)
{
    const uint64_t addr = virtq_load64(at + VIRTQ_DESC_ADDR);
    const uint64_t rest = virtq_load64(at + VIRTQ_DESC_LEN);
    return (struct desc){
        .addr = addr,
        .len = field_get32(DESC_LEN, rest),
        .flags = (uint16_t)field_get(DESC_FLAGS, rest),
        .next = (uint16_t)field_get(DESC_NEXT, rest),
    };
}

static bool break_chain(struct virtq_chain *chain)
{
    chain->is_broken = true;
    chain->has_next = false;
    chain->bytes = 0;
    return false;
}

/* An indirect table takes the place of the queue's. Its descriptor ends the chain there. [VIRTIO 2.7.5.3] */
static bool enter_indirect(struct virtq_chain *chain, const struct desc *desc)
{
    const uint32_t count = desc->len / VIRTQ_DESC_BYTES;
    if (chain->is_indirect || (desc->flags & VIRTQ_DESC_F_NEXT) != 0 || count == 0 ||
        count > VIRTQ_INDIRECT_COUNT_MAX || desc->len % VIRTQ_DESC_BYTES != 0) {
        return break_chain(chain);
    }
    const uint8_t *table = guest_ram_at(chain->ram, gpa(desc->addr), desc->len);
    if (table == NULL || !is_aligned((uintptr_t)table, sizeof(uint64_t))) {
        return break_chain(chain);
    }
    chain->is_indirect = true;
    chain->table = table;
    chain->table_count = count;
    chain->left = count;
    chain->next = 0;
    chain->has_next = true;
    return true;
}

static bool enter_buffer(struct virtq_chain *chain, const struct desc *desc)
{
    const bool is_writable = (desc->flags & VIRTQ_DESC_F_WRITE) != 0;
    if (chain->is_writable && !is_writable) {
        return break_chain(chain);
    }
    chain->at = guest_ram_at(chain->ram, gpa(desc->addr), desc->len);
    if (chain->at == NULL) {
        return break_chain(chain);
    }
    chain->bytes = desc->len;
    chain->is_writable = is_writable;
    chain->has_next = (desc->flags & VIRTQ_DESC_F_NEXT) != 0;
    chain->next = desc->next;
    return true;
}

/* Reads the next descriptor. False: there is none, or the chain is broken. */
static bool advance(struct virtq_chain *chain)
{
    if (!chain->has_next) {
        return false;
    }
    if (chain->left == 0 || chain->next >= chain->table_count) {
        return break_chain(chain);
    }
    chain->left--;
    const struct desc desc = load_desc(chain->table + (size_t)chain->next * VIRTQ_DESC_BYTES);
    return (desc.flags & VIRTQ_DESC_F_INDIRECT) != 0 ? enter_indirect(chain, &desc) : enter_buffer(chain, &desc);
}

/* Moves to a buffer with something in it. False at the end. */
static bool fill(struct virtq_chain *chain)
{
    while (chain->bytes == 0) {
        if (!advance(chain)) {
            return false;
        }
    }
    return true;
}

static bool fill_writable(struct virtq_chain *chain)
{
    while (fill(chain) && !chain->is_writable) {
        chain->bytes = 0;
    }
    return chain->bytes != 0;
}

static struct virtq_piece take(struct virtq_chain *chain, uint32_t bytes)
{
    const struct virtq_piece piece = {.memory = chain->at, .bytes = bytes};
    chain->at += bytes;
    chain->bytes -= bytes;
    return piece;
}

static uint32_t at_most(const struct virtq_chain *chain, size_t bytes)
{
    return bytes < chain->bytes ? (uint32_t)bytes : chain->bytes;
}

bool virtq_chain_is_read(struct virtq_chain *chain)
{
    return !fill(chain) || chain->is_writable;
}

bool virtq_chain_next_readable(struct virtq_chain *chain, struct virtq_piece *piece)
{
    if (virtq_chain_is_read(chain)) {
        return false;
    }
    *piece = take(chain, chain->bytes);
    return true;
}

bool virtq_chain_claim(struct virtq_chain *chain, uint32_t bytes, struct virtq_piece *piece)
{
    if (!fill_writable(chain)) {
        return false;
    }
    *piece = take(chain, at_most(chain, bytes));
    return true;
}

bool virtq_chain_next_writable(struct virtq_chain *chain, struct virtq_piece *piece)
{
    return virtq_chain_claim(chain, UINT32_MAX, piece);
}

size_t virtq_chain_read(struct virtq_chain *chain, void *to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes && !virtq_chain_is_read(chain)) {
        const struct virtq_piece piece = take(chain, at_most(chain, bytes - done));
        memcpy((uint8_t *)to + done, piece.memory, piece.bytes);
        done += piece.bytes;
    }
    return done;
}

size_t virtq_chain_write(struct virtq_chain *chain, const void *from, size_t bytes)
{
    size_t done = 0;
    while (done < bytes && fill_writable(chain)) {
        const struct virtq_piece piece = take(chain, at_most(chain, bytes - done));
        memcpy(piece.memory, (const uint8_t *)from + done, piece.bytes);
        done += piece.bytes;
    }
    chain->written_bytes += (uint32_t)done;
    return done;
}
