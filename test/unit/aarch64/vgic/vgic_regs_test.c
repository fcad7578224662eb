/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Register tables: sorted, disjoint, complete; every row at every width; and the registers common to both versions.
 */
#include "vgic_fixture.h"

#include <libvmm/util/util.h>

struct span {
    uint32_t offset;
    uint32_t length_bytes;
};

struct frame {
    enum vgic_version version;
    const struct vgic_reg_table *table;
    uint64_t base;
    uint32_t size_bytes;
    const struct span *defined; /* what the architecture defines in it */
    size_t defined_count;
};

static const struct span v2_dist[] = {
    {0x000, 0x0c},  {0x080, 0x380}, {0x400, 0x3fc}, {0x800, 0x3fc},
    {0xc00, 0x100}, {0xe00, 0x104}, {0xf10, 0x20},  {0xfd0, 0x30},
};

static const struct span v3_dist[] = {
    {0x000, 0x14},  {0x040, 4},     {0x048, 4},     {0x050, 4},    {0x058, 4},       {0x080, 0x380}, {0x400, 0x3fc},
    {0x800, 0x3fc}, {0xc00, 0x180}, {0xe00, 0x104}, {0xf10, 0x20}, {0x6100, 0x1ee0}, {0xffd0, 0x30},
};

static const struct span v3_rd[] = {
    {0x00, 0x18}, {0x40, 8}, {0x48, 8}, {0x70, 0x10}, {0xa0, 8}, {0xb0, 8}, {0xc0, 4}, {0xffd0, 0x30},
};

static const struct span v3_sgi[] = {
    {0x080, 4}, {0x100, 4},    {0x180, 4}, {0x200, 4}, {0x280, 4}, {0x300, 4},
    {0x380, 4}, {0x400, 0x20}, {0xc00, 8}, {0xd00, 4}, {0xe00, 4},
};

static const struct frame frames[] = {
    {VGIC_V2, &vgic_v2_dist_table, DIST, VGIC_V2_DIST_SIZE_BYTES, v2_dist, ARRAY_SIZE(v2_dist)},
    {VGIC_V3, &vgic_v3_dist_table, DIST, VGIC_V3_FRAME_SIZE_BYTES, v3_dist, ARRAY_SIZE(v3_dist)},
    {VGIC_V3, &vgic_v3_rd_table, REDIST, VGIC_V3_FRAME_SIZE_BYTES, v3_rd, ARRAY_SIZE(v3_rd)},
    {VGIC_V3, &vgic_v3_sgi_table, REDIST + 0x10000, VGIC_V3_FRAME_SIZE_BYTES, v3_sgi, ARRAY_SIZE(v3_sgi)},
};

static void tables_are_sorted_and_disjoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        uint32_t end = 0;
        for (uint32_t j = 0; j < frames[i].table->count; j++) {
            const struct vgic_reg *row = &frames[i].table->rows[j];
            assert_true(row->offset >= end);
            end = (uint32_t)row->offset + row->length_bytes;
            assert_true(end <= frames[i].size_bytes);
            assert_non_null(row->read);
            assert_non_null(row->write);
        }
    }
}

/* No access that a row permits reaches beyond the row, or beyond the last interrupt that has state. */
static void rows_contain_their_accesses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        for (uint32_t j = 0; j < frames[i].table->count; j++) {
            const struct vgic_reg *row = &frames[i].table->rows[j];
            for (uint32_t width = 1; width <= 8; width *= 2) {
                if ((row->widths & width) != 0) {
                    assert_int_equal(row->length_bytes % width, 0);
                    assert_int_equal(row->offset % width, 0);
                }
            }
            if (row->bits_per_irq != 0) {
                assert_true(row->first_irq + row->length_bytes * 8u / row->bits_per_irq <= VGIC_WORD_COUNT * 32);
            }
        }
    }
}

static bool in_spans(const struct frame *frame, uint32_t offset)
{
    for (size_t i = 0; i < frame->defined_count; i++) {
        if (offset - frame->defined[i].offset < frame->defined[i].length_bytes) {
            return true;
        }
    }
    return false;
}

static void tables_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        for (uint32_t offset = 0; offset < frames[i].size_bytes; offset++) {
            const struct vgic_reg *row = vgic_regs_find(frames[i].table, offset);
            if ((row != NULL) != in_spans(&frames[i], offset)) {
                fail_msg("table %zu, offset 0x%x", i, offset);
            }
        }
    }
}

/* Every offset at every width: valid accesses are handled, others are guest errors; unaligned ones have no effect. */
static void every_access(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
        const struct frame *frame = &frames[i];
        struct fixture *f = fixture_booted(frame->version, 2);
        for (uint32_t offset = 0; offset < frame->size_bytes; offset++) {
            const struct vgic_reg *row = vgic_regs_find(frame->table, offset);
            for (uint8_t width = 1; width <= 8; width = (uint8_t)(width * 2)) {
                if (offset + width > frame->size_bytes) {
                    continue;
                }
                const bool right = row == NULL || (row->widths & width) != 0;
                uint64_t value = UINT64_MAX;
                if (offset % width != 0) {
                    assert_int_equal(fixture_access(f, 1, frame->base + offset, width, false, &value), MMIO_MISALIGNED);
                    continue;
                }
                assert_int_equal(fixture_access(f, 1, frame->base + offset, width, false, &value),
                                 right ? MMIO_HANDLED : MMIO_GUEST_ERROR);
                if (row == NULL || !right) {
                    assert_int_equal(value, 0);
                }
                assert_true(width == 8 || value >> (8 * width) == 0);
                value = 0;
                assert_int_equal(fixture_access(f, 1, frame->base + offset, width, true, &value),
                                 right ? MMIO_HANDLED : MMIO_GUEST_ERROR);
            }
        }
        assert_int_equal(fake_lr_used(0) + fake_lr_used(1), 0);
    }
}

static void wrong_widths_change_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    uint64_t value = UINT64_MAX;
    assert_int_equal(fixture_access(f, 0, DIST + GICD_ISENABLER + 8, 8, true, &value), MMIO_GUEST_ERROR);
    assert_int_equal(fixture_access(f, 0, DIST + GICD_ISENABLER + 4, 1, true, &value), MMIO_GUEST_ERROR);
    assert_int_equal(fixture_access(f, 0, DIST + GICD_ISENABLER + 6, 2, true, &value), MMIO_GUEST_ERROR);
    assert_int_equal(fixture_access(f, 0, DIST + GICD_IPRIORITYR + 32, 2, true, &value), MMIO_GUEST_ERROR);
    assert_int_equal(read32(f, 0, DIST + GICD_ISENABLER + 4), 0);
    assert_int_equal(read32(f, 0, DIST + GICD_ISENABLER + 8), 0);
    assert_int_equal(read32(f, 0, DIST + GICD_IPRIORITYR + 32), 0);
}

/* Writes all ones to a register of word `word` and says what stays. */
static uint32_t ones(struct fixture *f, uint32_t bank, uint32_t word, uint32_t read_back)
{
    const uint64_t frame = frame_of(f, 0, word * 32);
    write32(f, 0, frame + bank + 4 * word, UINT32_MAX);
    return read32(f, 0, frame + read_back + 4 * word);
}

static void bits_of_interrupts_that_exist(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        for (uint32_t word = 0; word < VGIC_WORD_COUNT; word++) {
            const uint32_t all = word == 31 ? 0x0fffffff : UINT32_MAX;
            const uint32_t pendable = version == VGIC_V2 && word == 0 ? 0xffff0000 : all;
            const uint32_t cleared = version == VGIC_V2 && word == 0 ? 0x0000ffff : 0;
            write32(f, 0, DIST + GICD_CTLR, 0);
            assert_int_equal(ones(f, GICD_IGROUPR, word, GICD_IGROUPR), all);
            assert_int_equal(ones(f, GICD_ISPENDR, word, GICD_ISPENDR), pendable);
            assert_int_equal(ones(f, GICD_ICPENDR, word, GICD_ISPENDR), 0);
            assert_int_equal(ones(f, GICD_ISENABLER, word, GICD_ICENABLER), all);
            assert_int_equal(ones(f, GICD_ICENABLER, word, GICD_ISENABLER), cleared);
            assert_int_equal(ones(f, GICD_ISACTIVER, word, GICD_ICACTIVER), all);
            assert_int_equal(ones(f, GICD_ICACTIVER, word, GICD_ISACTIVER), 0);
        }
    }
}

static void writing_zeros_to_set_and_clear_registers(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 1);
    const uint32_t banks[] = {GICD_ISENABLER, GICD_ISPENDR, GICD_ISACTIVER};
    for (size_t i = 0; i < 3; i++) {
        write32(f, 0, DIST + banks[i] + 4, 0x12345678);
        write32(f, 0, DIST + banks[i] + 4, 0);
        write32(f, 0, DIST + banks[i] + 0x84, 0);
        assert_int_equal(read32(f, 0, DIST + banks[i] + 4), 0x12345678);
        write32(f, 0, DIST + banks[i] + 0x84, 0x00005078);
        assert_int_equal(read32(f, 0, DIST + banks[i] + 4), 0x12340600);
    }
}

static void priorities(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_new(version, 1);
        const uint64_t at = DIST + GICD_IPRIORITYR + 40;
        write32(f, 0, at, 0xffa18047);
        assert_int_equal(read32(f, 0, at), 0xf8a08040); /* five bits */
        assert_int_equal(read_width(f, 0, at + 2, 1), 0xa0);
        write_width(f, 0, at + 2, 1, 0x17);
        assert_int_equal(read32(f, 0, at), 0xf8108040);
        write32(f, 0, DIST + GICD_IPRIORITYR + 1016, UINT32_MAX);
        assert_int_equal(read32(f, 0, DIST + GICD_IPRIORITYR + 1016), 0xf8f8f8f8);
    }
}

static void configuration(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_new(version, 1);
        const uint64_t frame = frame_of(f, 0, 0);
        assert_int_equal(read32(f, 0, frame + GICD_ICFGR), 0xaaaaaaaa);
        write32(f, 0, frame + GICD_ICFGR, 0);
        assert_int_equal(read32(f, 0, frame + GICD_ICFGR), 0xaaaaaaaa); /* SGIs are edge-triggered */
        assert_int_equal(read32(f, 0, frame + GICD_ICFGR + 4), 0);
        write32(f, 0, frame + GICD_ICFGR + 4, UINT32_MAX);
        assert_int_equal(read32(f, 0, frame + GICD_ICFGR + 4), 0xaaaaaaaa);
        write32(f, 0, DIST + GICD_ICFGR + 12, 0x80000002);
        assert_int_equal(read32(f, 0, DIST + GICD_ICFGR + 12), 0x80000002);
        assert_int_equal(read32(f, 0, DIST + GICD_ICFGR + 8), 0);
        write32(f, 0, DIST + GICD_ICFGR + 0xfc, UINT32_MAX);
        assert_int_equal(read32(f, 0, DIST + GICD_ICFGR + 0xfc), 0x00aaaaaa);
    }
}

static void private_interrupts_are_banked(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 2);
        enable(f, 0, 20);
        set_priority(f, 1, 20, 0x40);
        set_group1(f, 1, 21);
        assert_true(read_bit(f, 0, GICD_ISENABLER, 20));
        assert_false(read_bit(f, 1, GICD_ISENABLER, 20));
        assert_int_equal(*vgic_irq_priority(&f->vgic, 0, 20), 0);
        assert_false(read_bit(f, 0, GICD_IGROUPR, 21));
        enable(f, 0, 40);
        assert_true(read_bit(f, 1, GICD_ISENABLER, 40));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sorted_and_disjoint),
        cmocka_unit_test(rows_contain_their_accesses),
        cmocka_unit_test(tables_are_complete),
        cmocka_unit_test(every_access),
        cmocka_unit_test(wrong_widths_change_nothing),
        cmocka_unit_test(bits_of_interrupts_that_exist),
        cmocka_unit_test(writing_zeros_to_set_and_clear_registers),
        cmocka_unit_test(priorities),
        cmocka_unit_test(configuration),
        cmocka_unit_test(private_interrupts_are_banked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
