/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include "util/checked.h"

#define MAX UINT64_MAX

static void test_add_and_mul(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(checked_add(MAX - 1, 1, &value));
    assert_int_equal(value, MAX);
    assert_false(checked_add(MAX, 1, &value));
    assert_true(checked_mul(UINT64_C(1) << 32, (UINT64_C(1) << 32) - 1, &value));
    assert_false(checked_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &value));
}

static void test_align(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(checked_align_up(0, 4096, &value));
    assert_int_equal(value, 0);
    assert_true(checked_align_up(1, 4096, &value));
    assert_int_equal(value, 4096);
    assert_true(checked_align_up(MAX - 4095, 4096, &value));
    assert_int_equal(value, MAX - 4095);
    assert_false(checked_align_up(MAX - 4094, 4096, &value));
    assert_true(is_aligned(8, 8));
    assert_false(is_aligned(12, 8));
    assert_true(is_power_of_two(1));
    assert_true(is_power_of_two(UINT64_C(1) << 63));
    assert_false(is_power_of_two(0));
    assert_false(is_power_of_two(6));
}

static void test_inside(void **state)
{
    (void)state;
    assert_true(range_inside(0x1000, 0x1000, 0x1000, 0x1000));
    assert_true(range_inside(0x1000, 0x1000, 0x1fff, 1));
    assert_true(range_inside(0x1000, 0x1000, 0x2000, 0));
    assert_false(range_inside(0x1000, 0x1000, 0x2000, 1));
    assert_false(range_inside(0x1000, 0x1000, 0xfff, 1));
    assert_false(range_inside(0x1000, 0x1000, 0xfff, 2));
    assert_false(range_inside(0x1000, 0x1000, 0x1800, MAX));
    assert_false(range_inside(0x1000, 0x1000, MAX, 0x1002));
    assert_true(range_inside(MAX - 7, 8, MAX - 7, 8));
    assert_false(range_inside(MAX - 7, 8, MAX, 2));
}

static void test_overlap(void **state)
{
    (void)state;
    assert_true(ranges_overlap(0, 0x1000, 0xfff, 1));
    assert_false(ranges_overlap(0, 0x1000, 0x1000, 1));
    assert_false(ranges_overlap(0x1000, 1, 0, 0x1000));
    assert_true(ranges_overlap(0xfff, 1, 0, 0x1000));
    assert_false(ranges_overlap(5, 0, 0, 10));
    assert_false(ranges_overlap(0, 10, 5, 0));
    assert_true(ranges_overlap(MAX - 1, 100, MAX, 1));
    assert_false(ranges_overlap(MAX, 100, 0, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_and_mul),
        cmocka_unit_test(test_align),
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
