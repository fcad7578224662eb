/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Translation tables: what is mapped is found by a walk, and nothing else is.
 */
#include "../../../tools/image/stage2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TABLE_COUNT 16
#define BASE        0x45678000ULL
#define NOTHING     UINT64_MAX

static int make(void **state)
{
    struct stage2 *stage2 = calloc(1, sizeof(*stage2));

    stage2->tables = calloc(TABLE_COUNT, sizeof(*stage2->tables));
    stage2->capacity = TABLE_COUNT;
    *state = stage2;
    return 0;
}

static int unmake(void **state)
{
    struct stage2 *stage2 = *state;

    free(stage2->tables);
    free(stage2);
    return 0;
}

static const struct stage2_table *table_at(const struct stage2 *stage2, uint64_t entry)
{
    uint64_t number = ((entry & 0xfffffffff000ULL) - BASE) / STAGE2_TABLE_BYTES;

    assert_true(number < stage2->count);
    return &stage2->tables[number];
}

/* The descriptor of the page or block that holds ipa, or NOTHING. */
static uint64_t walk(const struct stage2 *stage2, size_t root, uint64_t ipa)
{
    uint64_t entry = stage2->tables[root].entries[ipa >> 30];

    if (entry == 0) {
        return NOTHING;
    }
    assert_int_equal(entry & 3, 3);
    entry = table_at(stage2, entry)->entries[(ipa >> 21) % 512];
    if (entry == 0 || (entry & 3) == 1) {
        return entry == 0 ? NOTHING : entry;
    }
    assert_int_equal(entry & 3, 3);
    entry = table_at(stage2, entry)->entries[(ipa >> 12) % 512];
    return entry == 0 ? NOTHING : entry;
}

static void test_page(void **state)
{
    struct stage2 *stage2 = *state;
    const struct stage2_range range = {0x40201000, 0x9000000, 0x2000, STAGE2_TABLE_BYTES, true, false, true};
    size_t root = stage2_add_root(stage2);

    stage2_map(stage2, root, &range);
    stage2_relocate(stage2, root, BASE);
    /* valid, page, Device-nGnRnE, read and write, not shareable, accessed, never executed */
    assert_int_equal(walk(stage2, root, 0x40201000), 0x00400000090004c3ULL);
    assert_int_equal(walk(stage2, root, 0x40202fff), 0x00400000090014c3ULL);
    assert_int_equal(walk(stage2, root, 0x40200fff), NOTHING);
    assert_int_equal(walk(stage2, root, 0x40203000), NOTHING);
    assert_int_equal(stage2->count, 3);
}

static void test_block(void **state)
{
    struct stage2 *stage2 = *state;
    const struct stage2_range range = {0x3fe00000, 0x50000000, 0x400000, STAGE2_BLOCK_BYTES, true, true, false};
    size_t root = stage2_add_root(stage2);

    stage2_map(stage2, root, &range);
    stage2_relocate(stage2, root, BASE);
    /* valid, block, normal write-back, read and write, inner shareable, accessed */
    assert_int_equal(walk(stage2, root, 0x3fe00000), 0x500007fdULL);
    assert_int_equal(walk(stage2, root, 0x401fffff), 0x502007fdULL);
    assert_int_equal(walk(stage2, root, 0x3fdfffff), NOTHING);
    assert_int_equal(walk(stage2, root, 0x40200000), NOTHING);
    assert_int_equal(stage2->count, 3);
    assert_int_equal(stage2_tables_max(&range), 2);
}

static void test_read_only(void **state)
{
    struct stage2 *stage2 = *state;
    const struct stage2_range range = {0, 0x40000000, 0x1000, STAGE2_TABLE_BYTES, false, true, false};
    size_t root = stage2_add_root(stage2);

    stage2_map(stage2, root, &range);
    stage2_relocate(stage2, root, BASE);
    assert_int_equal(walk(stage2, root, 0), 0x4000077fULL);
}

static void test_two_spaces(void **state)
{
    struct stage2 *stage2 = *state;
    const struct stage2_range first = {0x1000, 0x40000000, 0x1000, STAGE2_TABLE_BYTES, false, false, false};
    const struct stage2_range second = {0x7ffffff000, 0x40001000, 0x1000, STAGE2_TABLE_BYTES, false, false, false};
    size_t roots[2];

    roots[0] = stage2_add_root(stage2);
    stage2_map(stage2, roots[0], &first);
    roots[1] = stage2_add_root(stage2);
    stage2_map(stage2, roots[1], &second);
    stage2_map(stage2, roots[1], &first);
    stage2_relocate(stage2, roots[0], BASE);
    stage2_relocate(stage2, roots[1], BASE);
    assert_int_equal(walk(stage2, roots[0], 0x1000) & 0xfffffffff000ULL, 0x40000000);
    assert_int_equal(walk(stage2, roots[0], 0x7ffffff000), NOTHING);
    assert_int_equal(walk(stage2, roots[1], 0x1000) & 0xfffffffff000ULL, 0x40000000);
    assert_int_equal(walk(stage2, roots[1], 0x7ffffff000) & 0xfffffffff000ULL, 0x40001000);
}

static void test_tables_max(void **state)
{
    struct stage2 *stage2 = *state;
    /* Three pages over the end of a gigabyte. */
    const struct stage2_range range = {0x3ffff000, 0x40000000, 0x3000, STAGE2_TABLE_BYTES, true, false, false};
    size_t root = stage2_add_root(stage2);

    stage2_map(stage2, root, &range);
    assert_int_equal(stage2_tables_max(&range), 4);
    assert_int_equal(stage2->count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_page, make, unmake),
        cmocka_unit_test_setup_teardown(test_block, make, unmake),
        cmocka_unit_test_setup_teardown(test_read_only, make, unmake),
        cmocka_unit_test_setup_teardown(test_two_spaces, make, unmake),
        cmocka_unit_test_setup_teardown(test_tables_max, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
