/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Stage-2 translation tables for AArch64: 4 KiB granule, 39-bit addresses,
 * first level 1 (one root table of 512 entries), 48-bit output addresses.
 * [Armv8-A D8.3, stage 2 VMSAv8-64 descriptors.]
 *
 * Tables are numbered in the order of their making; entries that lead to
 * another table hold its number until stage2_relocate knows where all of them
 * will lie.
 */
#ifndef IMAGE_STAGE2_H
#define IMAGE_STAGE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAGE2_TABLE_BYTES UINT64_C(0x1000)
#define STAGE2_ENTRY_COUNT 512
#define STAGE2_BLOCK_BYTES UINT64_C(0x200000) /* level 2 */

struct stage2_table {
    uint64_t entries[STAGE2_ENTRY_COUNT];
};

struct stage2 {
    struct stage2_table *tables; /* zeroed */
    size_t capacity;
    size_t count;
};

struct stage2_range {
    uint64_t ipa;
    uint64_t paddr;
    uint64_t size_bytes;
    uint64_t page_bytes; /* STAGE2_TABLE_BYTES or STAGE2_BLOCK_BYTES; all of the above are multiples */
    bool may_write;      /* reading is always allowed */
    bool may_execute;
    bool is_device;
};

/* How many tables the range needs at most, besides the root. */
uint64_t stage2_tables_max(const struct stage2_range *range);

/* Makes an empty root table and answers its number. */
size_t stage2_add_root(struct stage2 *stage2);

/*
 * Maps a range that lies below 2^39 and overlaps no other of the same root.
 * The capacity is enough: stage2_tables_max has told the caller.
 */
void stage2_map(struct stage2 *stage2, size_t root, const struct stage2_range *range);

/* Turns numbers of tables below root into addresses: table n lies at base + n * STAGE2_TABLE_BYTES. Once a root. */
void stage2_relocate(struct stage2 *stage2, size_t root, uint64_t base);

#endif
