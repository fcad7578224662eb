/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Block and page descriptors of one range differ in nothing but the address.
 */
#include "stage2.h"

#include <assert.h>

#define LEVEL1_SHIFT 30
#define LEVEL2_SHIFT 21
#define LEVEL3_SHIFT 12

#define DESCRIPTOR_VALID        (UINT64_C(1) << 0)
#define DESCRIPTOR_TABLE        (UINT64_C(1) << 1) /* at level 1 and 2; 0 is a block */
#define DESCRIPTOR_PAGE         (UINT64_C(1) << 1) /* at level 3 */
#define DESCRIPTOR_MEMATTR_WB   (UINT64_C(0xf) << 2)
#define DESCRIPTOR_MEMATTR_DEV  (UINT64_C(0x0) << 2) /* Device-nGnRnE */
#define DESCRIPTOR_S2AP_READ    (UINT64_C(1) << 6)
#define DESCRIPTOR_S2AP_WRITE   (UINT64_C(1) << 7)
#define DESCRIPTOR_SH_INNER     (UINT64_C(3) << 8)
#define DESCRIPTOR_AF           (UINT64_C(1) << 10)
#define DESCRIPTOR_XN           (UINT64_C(1) << 54)
#define DESCRIPTOR_ADDRESS_MASK UINT64_C(0x0000fffffffff000)

static size_t entry_index(uint64_t ipa, unsigned shift)
{
    return (ipa >> shift) % STAGE2_ENTRY_COUNT;
}

uint64_t stage2_tables_max(const struct stage2_range *range)
{
    uint64_t last = range->ipa + range->size_bytes - 1;
    uint64_t count = (last >> LEVEL1_SHIFT) - (range->ipa >> LEVEL1_SHIFT) + 1;

    if (range->page_bytes != STAGE2_BLOCK_BYTES) {
        count += (last >> LEVEL2_SHIFT) - (range->ipa >> LEVEL2_SHIFT) + 1;
    }
    return count;
}

size_t stage2_add_root(struct stage2 *stage2)
{
    assert(stage2->count < stage2->capacity); /* the caller has counted, see stage2_map */
    return stage2->count++;
}

static uint64_t leaf_attributes(const struct stage2_range *range)
{
    uint64_t attributes = DESCRIPTOR_VALID | DESCRIPTOR_AF | DESCRIPTOR_S2AP_READ;

    attributes |= range->may_write ? DESCRIPTOR_S2AP_WRITE : 0;
    attributes |= range->may_execute ? 0 : DESCRIPTOR_XN;
    attributes |= range->is_device ? DESCRIPTOR_MEMATTR_DEV : DESCRIPTOR_MEMATTR_WB | DESCRIPTOR_SH_INNER;
    return attributes;
}

/* The table that an entry leads to; it is made where there is none. */
static size_t next_table(struct stage2 *stage2, size_t table, size_t index)
{
    uint64_t *entry = &stage2->tables[table].entries[index];

    if (*entry == 0) {
        *entry = stage2_add_root(stage2) * STAGE2_TABLE_BYTES | DESCRIPTOR_VALID | DESCRIPTOR_TABLE;
    }
    return (*entry & DESCRIPTOR_ADDRESS_MASK) / STAGE2_TABLE_BYTES;
}

static void map_one(struct stage2 *stage2, size_t root, uint64_t ipa, uint64_t leaf, uint64_t page_bytes)
{
    size_t table = next_table(stage2, root, entry_index(ipa, LEVEL1_SHIFT));
    size_t index = entry_index(ipa, LEVEL2_SHIFT);

    if (page_bytes != STAGE2_BLOCK_BYTES) {
        table = next_table(stage2, table, index);
        index = entry_index(ipa, LEVEL3_SHIFT);
        leaf |= DESCRIPTOR_PAGE;
    }
    stage2->tables[table].entries[index] = leaf;
}

void stage2_map(struct stage2 *stage2, size_t root, const struct stage2_range *range)
{
    uint64_t attributes = leaf_attributes(range);

    for (uint64_t offset = 0; offset < range->size_bytes; offset += range->page_bytes) {
        map_one(stage2, root, range->ipa + offset, (range->paddr + offset) | attributes, range->page_bytes);
    }
}

static bool is_table(uint64_t entry)
{
    return (entry & DESCRIPTOR_VALID) != 0 && (entry & DESCRIPTOR_TABLE) != 0;
}

void stage2_relocate(struct stage2 *stage2, size_t root, uint64_t base)
{
    for (size_t i = 0; i < STAGE2_ENTRY_COUNT; i++) {
        uint64_t *entry1 = &stage2->tables[root].entries[i];
        if (!is_table(*entry1)) {
            continue;
        }
        struct stage2_table *level2 = &stage2->tables[(*entry1 & DESCRIPTOR_ADDRESS_MASK) / STAGE2_TABLE_BYTES];
        for (size_t j = 0; j < STAGE2_ENTRY_COUNT; j++) {
            level2->entries[j] += is_table(level2->entries[j]) ? base : 0;
        }
        *entry1 += base;
    }
}
