/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Descriptor chains (src/devices/virtio/virtq_chain.c) against a guest that changes its memory between any two reads:
 * every descriptor that is read is one of the table and lies in RAM, each piece that a chain gives lies wholly in RAM,
 * and looking for one ends. From any state that keeps the invariants of virtq_chain.h, taking a piece keeps them: so
 * does taking any number of pieces.
 *
 * Bounds: RAM of 1 MiB; tables, buffers and indirect tables at any addresses; tables of any size up to 1024; at most 2
 * descriptors are left, and then 2 of an indirect table. guest_ram_at is taken as guest_ram_proof.c proves it.
 *
 * CBMC: --unwind 6
 */
#include "proof.h"

/* The library's loads of guest memory are replaced: they give any value, each time. */
#define virtq_load64 unused_load64
#include "devices/virtio/virtq_layout.h"
#undef virtq_load64

#include "devices/virtio/virtq_chain.h"
#include "vm/guest_ram.h"

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

#include "devices/virtio/virtq_chain.c"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    (void)from;
    (void)size;
    return to;
}

/* Any state in the middle of a chain. */
static void begin(struct virtq_chain *chain)
{
    const uint32_t count = any_u32();
    const uint32_t table = any_u32();
    const uint32_t at = any_u32();
    ASSUME(count >= 1 && count <= TABLE_COUNT_MAX);
    ASSUME(table % sizeof(uint64_t) == 0 && table <= RAM_BYTES - count * VIRTQ_DESC_BYTES);
    virtq_chain_begin(chain, &ram, memory + table, count, any_u16());
    chain->left = any_u32();
    chain->has_next = any_bool();
    chain->is_indirect = any_bool();
    chain->is_broken = any_bool();
    chain->is_writable = any_bool();
    chain->bytes = any_u32();
    ASSUME(chain->left <= CHAIN_COUNT_MAX);
    ASSUME(at <= RAM_BYTES && chain->bytes <= RAM_BYTES - at);
    chain->at = memory + at;
    ASSUME(!chain->is_broken || (!chain->has_next && chain->bytes == 0));
}

static void check(const struct virtq_chain *chain)
{
    if (chain->bytes != 0) {
        check_ram(chain->at, chain->bytes);
    }
    check_ram(chain->table, chain->table_count * (uint64_t)VIRTQ_DESC_BYTES);
    PROVE(!chain->is_broken || (!chain->has_next && chain->bytes == 0), "a broken chain gives nothing");
    PROVE(loads <= 2 * (CHAIN_COUNT_MAX + VIRTQ_INDIRECT_COUNT_MAX), "each descriptor is read once");
}

int main(void)
{
    struct virtq_chain chain;
    struct virtq_piece piece;
    begin(&chain);
    const bool is_found =
        any_bool() ? virtq_chain_next_readable(&chain, &piece) : virtq_chain_claim(&chain, any_u32(), &piece);
    if (is_found) {
        check_ram(piece.memory, piece.bytes);
    }
    check(&chain);
    return 0;
}
