/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Descriptor chains (src/virtio/virtq_chain.c) against a guest that changes its memory between any two reads: every
 * descriptor that is read is one of the table and lies in RAM, each piece that a chain gives lies wholly in RAM, and
 * looking for one ends.
 *
 * Bounds: RAM of 1 MiB; tables, buffers and indirect tables at any addresses; tables of any size up to 1024; the first
 * piece of a chain that has at most 2 descriptors left, and then 2 of an indirect table. guest_ram_at is taken as
 * guest_ram_proof.c proves it.
 *
 * CBMC: --unwind 6
 */
#include "proof.h"

/* The library's loads of guest memory are replaced: they give any value, each time. */
#define virtq_load64 unused_load64
#include "virtio/virtq_layout.h"
#undef virtq_load64

#include "core/guest_ram.h"
#include "virtio/virtq_chain.h"

#undef VIRTQ_INDIRECT_COUNT_MAX
#define VIRTQ_INDIRECT_COUNT_MAX 2
#define CHAIN_COUNT_MAX          2
#define TABLE_COUNT_MAX          1024
#define RAM_BASE                 UINT64_C(0x40000000)
#define RAM_BYTES                0x100000

static _Alignas(4096) uint8_t memory[RAM_BYTES];
static struct guest_ram ram = {.vmm_base = memory, .base = {RAM_BASE}, .size_bytes = RAM_BYTES};
static unsigned loads; /* two a descriptor */

static void check_ram(const uint8_t *at, uint64_t bytes)
{
    PROVE(__CPROVER_same_object(at, memory), "the guest's RAM");
    const uint64_t offset = __CPROVER_POINTER_OFFSET(at);
    PROVE(offset <= RAM_BYTES && bytes <= RAM_BYTES - offset, "inside of RAM");
}

static uint64_t virtq_load64(const uint8_t *at)
{
    check_ram(at, sizeof(uint64_t));
    PROVE(__CPROVER_POINTER_OFFSET(at) % sizeof(uint64_t) == 0, "aligned");
    loads++;
    return any_u64();
}

void *guest_ram_at(const struct guest_ram *from, gpa_t at, uint64_t size_bytes)
{
    const uint64_t offset = at.value - RAM_BASE;
    PROVE(from == &ram, "the guest's RAM");
    return at.value < RAM_BASE || offset > RAM_BYTES || size_bytes > RAM_BYTES - offset ? NULL : memory + offset;
}

#include "virtio/virtq_chain.c"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    (void)from;
    (void)size;
    return to;
}

int main(void)
{
    struct virtq_chain chain;
    struct virtq_piece piece;
    const uint32_t count = any_u32();
    const uint32_t offset = any_u32();
    ASSUME(count >= 1 && count <= TABLE_COUNT_MAX);
    ASSUME(offset % VIRTQ_DESC_BYTES == 0 && offset <= RAM_BYTES - count * VIRTQ_DESC_BYTES);
    virtq_chain_begin(&chain, &ram, memory + offset, count, any_u16());
    if (chain.left > CHAIN_COUNT_MAX) {
        chain.left = CHAIN_COUNT_MAX;
    }
    const bool is_found =
        any_bool() ? virtq_chain_next_readable(&chain, &piece) : virtq_chain_claim(&chain, any_u32(), &piece);
    if (is_found) {
        check_ram(piece.memory, piece.bytes);
    }
    PROVE(loads <= 2 * (CHAIN_COUNT_MAX + VIRTQ_INDIRECT_COUNT_MAX), "each descriptor is read once");
    return 0;
}
