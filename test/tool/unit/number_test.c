/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers and ranges of the image tool.
 */
#include "../../../tools/image/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check(const char *text, uint64_t wanted)
{
    uint64_t value = 12345;

    assert_true(number_parse(text, &value));
    assert_int_equal(value, wanted);
}

static void check_refused(const char *text)
{
    uint64_t value;

    assert_false(number_parse(text, &value));
}

static void test_decimal(void **state)
{
    (void)state;
    check("0", 0);
    check("00", 0);
    check("42", 42);
    check("18446744073709551615", UINT64_MAX);
}

static void test_hexadecimal(void **state)
{
    (void)state;
    check("0x0", 0);
    check("0xfF", 255);
    check("0x0000000000000000000001", 1);
    check("0xffffffffffffffff", UINT64_MAX);
}

static void test_underscores(void **state)
{
    (void)state;
    check("1_000", 1000);
    check("0x10_000_000", 0x10000000);
    check("_1_", 1);
    check("0x_1", 1);
    check("0_x_1", 1);
    check("_0x1", 1);
}

static void test_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "_",
        "0x",
        "0x_",
        "-1",
        "+",
        "0x+",
        "+0x1",
        "++1",
        "+-1",
        " 1",
        "1 ",
        "0X1",
        "1a",
        "0xg",
        "x1",
        "1.0",
        "18446744073709551616",
        "0x10000000000000000",
        "99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_refused(texts[i]);
    }
}

static void test_plus(void **state)
{
    (void)state;
    check("+1", 1);
    check("_+_1", 1);
    check("0x+10", 16);
}

static void test_decimal_only(void **state)
{
    static const char *const texts[] = {"", "+", "-0", "0x1", "1_0", "_1", " 1", "1a", "18446744073709551616"};
    uint64_t value;

    (void)state;
    assert_true(number_parse_decimal("007", &value));
    assert_int_equal(value, 7);
    assert_true(number_parse_decimal("+61", &value));
    assert_int_equal(value, 61);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(number_parse_decimal(texts[i], &value));
    }
}

static void test_alignment(void **state)
{
    (void)state;
    assert_int_equal(number_align_up(0, 0x1000), 0);
    assert_int_equal(number_align_up(1, 0x1000), 0x1000);
    assert_int_equal(number_align_up(0x1000, 0x1000), 0x1000);
    assert_int_equal(number_align_down(0x1fff, 0x1000), 0x1000);
    assert_true(number_is_aligned(0x400000, 0x200000));
    assert_false(number_is_aligned(0x401000, 0x200000));
}

static void test_ranges(void **state)
{
    (void)state;
    assert_true(number_range_fits(0, 0, 0));
    assert_true(number_range_fits(0x1000, 0x1000, 0x2000));
    assert_true(number_range_fits(UINT64_MAX, 0, UINT64_MAX));
    assert_false(number_range_fits(0x1000, 0x1001, 0x2000));
    assert_false(number_range_fits(0x2001, 0, 0x2000));
    assert_false(number_range_fits(0x1000, UINT64_MAX, 0x2000));
    assert_false(number_range_fits(UINT64_MAX, UINT64_MAX, 0x2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal),   cmocka_unit_test(test_hexadecimal), cmocka_unit_test(test_underscores),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_plus),        cmocka_unit_test(test_decimal_only),
        cmocka_unit_test(test_alignment), cmocka_unit_test(test_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
