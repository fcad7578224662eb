/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Stage 1 in software: see stage1.h.
 */
#include "aarch64/insn/stage1.h"

#include <microkit.h>

#include "util/field.h"

#define SCTLR_M  BIT(0)
#define SCTLR_EE BIT(25)

#define TCR_T0SZ FIELD(5, 0)
#define TCR_EPD0 BIT(7)
#define TCR_TG0  FIELD(15, 14)
#define TCR_T1SZ FIELD(21, 16)
#define TCR_EPD1 BIT(23)
#define TCR_TG1  FIELD(31, 30)
#define TCR_TBI0 BIT(37)
#define TCR_TBI1 BIT(38)
#define TCR_HPD0 BIT(41) /* hierarchical permissions disabled */
#define TCR_HPD1 BIT(42)

#define TTBR_BASE FIELD(47, 1)

#define DESCRIPTOR_TYPE    FIELD(1, 0)
#define DESCRIPTOR_BLOCK   1
#define DESCRIPTOR_TABLE   3 /* at the last level: a page */
#define DESCRIPTOR_ADDRESS FIELD(47, 12)

/* Permissions: of a block or page, and of a table for all that lies below it. */
#define AP_EL0            BIT(6)
#define AP_READ_ONLY      BIT(7)
#define APTABLE_NO_EL0    BIT(61)
#define APTABLE_READ_ONLY BIT(62)

#define VA_HALF          BIT(55) /* which of the two halves an address is in */
#define VA_TAG           FIELD(63, 56)
#define TXSZ_MIN         16
#define TXSZ_MAX         39 /* without small translation tables */
#define LAST_LEVEL       3
#define DESCRIPTOR_BYTES 8
#define PHYSICAL         FIELD(47, 0)
#define VA_BITS_DEFAULT  48

struct stage1 stage1_of(uint32_t vcpu_id)
{
    return (struct stage1){
        .sctlr = microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_SCTLR),
        .tcr = microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_TCR),
        .ttbr0 = microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_TTBR0),
        .ttbr1 = microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_TTBR1),
    };
}

/* One half of the address space. */
struct half {
    uint64_t table;
    uint32_t size_bits; /* of its addresses */
    uint32_t page_bits; /* of its granule */
    bool is_on;
    bool is_tagged;
    bool has_table_permissions;
    bool is_known;
};

/* Bits of a granule's addresses; 0: reserved. The two fields have different encodings [Arm ARM D17.2.131]. */
static uint32_t page_bits_0(uint64_t tcr)
{
    static const uint8_t bits[] = {12, 16, 14, 0};
    return bits[field_get(TCR_TG0, tcr)];
}

static uint32_t page_bits_1(uint64_t tcr)
{
    static const uint8_t bits[] = {0, 14, 12, 16};
    return bits[field_get(TCR_TG1, tcr)];
}

static struct half half_of(const struct stage1 *stage1, uint64_t va)
{
    const uint64_t tcr = stage1->tcr;
    const bool is_upper = (va & VA_HALF) != 0;
    const uint32_t txsz = field_get32(is_upper ? TCR_T1SZ : TCR_T0SZ, tcr);
    const uint32_t page_bits = is_upper ? page_bits_1(tcr) : page_bits_0(tcr);
    return (struct half){
        .table = (is_upper ? stage1->ttbr1 : stage1->ttbr0) & TTBR_BASE,
        .size_bits = 64 - txsz,
        .page_bits = page_bits,
        .is_on = (tcr & (is_upper ? TCR_EPD1 : TCR_EPD0)) == 0,
        .is_tagged = (tcr & (is_upper ? TCR_TBI1 : TCR_TBI0)) != 0,
        .has_table_permissions = (tcr & (is_upper ? TCR_HPD1 : TCR_HPD0)) == 0,
        .is_known = txsz >= TXSZ_MIN && txsz <= TXSZ_MAX && page_bits != 0,
    };
}

/* Whether the bits above the half's size are all alike, as they must be. */
static bool is_canonical(const struct half *half, uint64_t va)
{
    const uint64_t ignored = half->is_tagged ? VA_TAG : 0;
    const uint64_t above = ~(BIT(half->size_bits) - 1) & ~ignored;
    return (va & above) == ((va & VA_HALF) != 0 ? above : 0);
}

/* Bits of a level's index, and where it starts: the last level's lies right above the page. */
static uint32_t level_bits(const struct half *half)
{
    return half->page_bits - 3;
}

static uint32_t level_shift(const struct half *half, uint32_t level)
{
    return half->page_bits + (LAST_LEVEL - level) * level_bits(half);
}

static uint32_t first_level(const struct half *half)
{
    const uint32_t index_bits = half->size_bits - half->page_bits;
    return LAST_LEVEL + 1 - (index_bits + level_bits(half) - 1) / level_bits(half);
}

/* Whether a descriptor at a level can be a block. */
static bool has_blocks(const struct half *half, uint32_t level)
{
    return level == 2 || (level == 1 && half->page_bits == 12);
}

/* The output address of a block or page whose descriptor is found at a level. */
static uint64_t output(const struct half *half, uint32_t level, uint64_t descriptor, uint64_t va)
{
    const uint64_t within = BIT(level_shift(half, level)) - 1;
    return (descriptor & DESCRIPTOR_ADDRESS & ~within) | (va & within);
}

/* What is missing of the permissions that are needed, in the descriptor of a block or page. */
static uint32_t denied_by_leaf(uint64_t descriptor)
{
    return ((descriptor & AP_EL0) == 0 ? STAGE1_NEEDS_EL0 : 0) |
           ((descriptor & AP_READ_ONLY) != 0 ? STAGE1_NEEDS_WRITE : 0);
}

static uint32_t denied_by_table(uint64_t descriptor)
{
    return ((descriptor & APTABLE_NO_EL0) != 0 ? STAGE1_NEEDS_EL0 : 0) |
           ((descriptor & APTABLE_READ_ONLY) != 0 ? STAGE1_NEEDS_WRITE : 0);
}

static enum result walk(const struct half *half, const struct guest_ram *ram, uint64_t va, uint32_t needs, gpa_t *at,
                        uint32_t *level)
{
    uint32_t denied = 0;
    const uint64_t in_half = va & (BIT(half->size_bits) - 1);
    uint64_t table = half->table;
    /* The first table may be smaller than others; its index is what is left of the address. */
    uint64_t index = in_half >> level_shift(half, first_level(half));
    for (*level = first_level(half);; (*level)++) {
        uint64_t descriptor;
        const gpa_t where = gpa(table + index * DESCRIPTOR_BYTES);
        if (guest_ram_read(ram, where, &descriptor, sizeof descriptor) != RESULT_OK) {
            return RESULT_RANGE;
        }
        const uint64_t type = field_get(DESCRIPTOR_TYPE, descriptor);
        const bool is_last = *level == LAST_LEVEL;
        if (type == (is_last ? DESCRIPTOR_TABLE : DESCRIPTOR_BLOCK) && (is_last || has_blocks(half, *level))) {
            *at = gpa(output(half, *level, descriptor, va));
            return (needs & (denied | denied_by_leaf(descriptor))) == 0 ? RESULT_OK : RESULT_DENIED;
        }
        if (is_last || type != DESCRIPTOR_TABLE) {
            return RESULT_INVALID;
        }
        denied |= half->has_table_permissions ? denied_by_table(descriptor) : 0;
        table = descriptor & DESCRIPTOR_ADDRESS & ~(BIT(half->page_bits) - 1);
        index = (in_half >> level_shift(half, *level + 1)) & (BIT(level_bits(half)) - 1);
    }
}

bool stage1_is_on(const struct stage1 *stage1)
{
    return (stage1->sctlr & SCTLR_M) != 0;
}

uint32_t stage1_va_bits(const struct stage1 *stage1, uint64_t va)
{
    const struct half half = half_of(stage1, va);
    return half.is_known ? half.size_bits : VA_BITS_DEFAULT;
}

enum result stage1_translate(const struct stage1 *stage1, const struct guest_ram *ram, uint64_t va, uint32_t needs,
                             gpa_t *at, uint32_t *level)
{
    *level = 0;
    if (!stage1_is_on(stage1)) {
        *at = gpa(va & PHYSICAL);
        return RESULT_OK;
    }
    const struct half half = half_of(stage1, va);
    if ((stage1->sctlr & SCTLR_EE) != 0 || !half.is_known) {
        return RESULT_UNSUPPORTED;
    }
    if (!half.is_on || !is_canonical(&half, va)) {
        return RESULT_INVALID;
    }
    return walk(&half, ram, va, needs, at, level);
}
