/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include "util/field.h"

static void test_masks(void **state)
{
    (void)state;
    assert_int_equal(FIELD(7, 0), 0xff);
    assert_int_equal(FIELD(0, 0), 1);
    assert_int_equal(FIELD(63, 63), UINT64_C(1) << 63);
    assert_int_equal(FIELD(63, 0), ~UINT64_C(0));
    assert_int_equal(FIELD(31, 26), 0xfc000000);
    assert_int_equal(BIT(63), UINT64_C(1) << 63);
}

static void test_get_and_set(void **state)
{
    (void)state;
    assert_int_equal(field_get(FIELD(31, 26), 0x93c00007), 0x24);
    assert_int_equal(field_get32(FIELD(63, 32), 0x1234567800000000), 0x12345678);
    assert_int_equal(field_set(FIELD(11, 8), 0xffff, 0x5), 0xf5ff);
    assert_int_equal(field_set(FIELD(63, 0), 1, 2), 2);
    assert_int_equal(field_make(FIELD(7, 4), 0x3), 0x30);
}

static void test_set_drops_what_does_not_fit(void **state)
{
    (void)state;
    assert_int_equal(field_set(FIELD(7, 4), 0, 0x123), 0x30);
    assert_int_equal(field_make(FIELD(63, 60), 0x1f), UINT64_C(0xf) << 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_get_and_set),
        cmocka_unit_test(test_set_drops_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
