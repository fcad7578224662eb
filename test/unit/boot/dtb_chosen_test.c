/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * /chosen and the initrd: agreement, and each kind of disagreement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/dtb_chosen.h"
#include "dtb_builder.h"
#include "fake_microkit.h"

static const struct layout_range initrd = {{0x4d000000}, 0x1234};
static const struct layout_range none = {{0}, 0};

static struct builder b;

static enum result check(const struct layout_range *range)
{
    struct dtb dtb;
    size_t bytes = builder_finish(&b);

    fake_microkit_reset();
    assert_int_equal(dtb_open(b.blob, bytes, &dtb), RESULT_OK);
    const struct layout_range ram = {gpa(0x40000000), 0x10000000};
    return dtb_chosen_check_initrd(&dtb, range, &ram);
}

static void chosen64(uint64_t start, uint64_t end)
{
    builder_begin(&b);
    builder_node(&b, "chosen");
    builder_u64(&b, "linux,initrd-start", start);
    builder_u64(&b, "linux,initrd-end", end);
    builder_end(&b);
}

static void expect_invalid(const struct layout_range *range, const char *message)
{
    assert_int_equal(check(range), RESULT_INVALID);
    assert_int_equal(fake_log_count("|ERROR: "), 1);
    assert_true(fake_log_has(message));
}

static void test_64_bit(void **state)
{
    (void)state;
    chosen64(0x4d000000, 0x4d001234);
    assert_int_equal(check(&initrd), RESULT_OK);
    assert_int_equal(fake.log_bytes, 0);
}

static void test_32_bit(void **state)
{
    (void)state;
    builder_begin(&b);
    builder_node(&b, "chosen");
    builder_u32(&b, "linux,initrd-start", 0x4d000000);
    builder_u32(&b, "linux,initrd-end", 0x4d001234);
    builder_end(&b);
    assert_int_equal(check(&initrd), RESULT_OK);
}

static void test_high_half_counts(void **state)
{
    (void)state;
    chosen64(UINT64_C(0x14d000000), UINT64_C(0x14d001234));
    expect_invalid(&initrd, "linux,initrd-start is 0x14d000000, but initrd_dest is 0x4d000000");
}

static void test_start_differs(void **state)
{
    (void)state;
    chosen64(0x4d000004, 0x4d001234);
    expect_invalid(&initrd, "linux,initrd-start is 0x4d000004, but initrd_dest is 0x4d000000");
}

static void test_end_differs(void **state)
{
    (void)state;
    chosen64(0x4d000000, 0x4d001233);
    expect_invalid(&initrd, "linux,initrd-end is 0x4d001233, but initrd_dest + initrd_size is 0x4d001234");
    chosen64(0x4d000000, 0x50000001);
    expect_invalid(&initrd, "linux,initrd-end is 0x50000001");
    assert_true(fake_log_has("limit is the end of RAM at 0x50000000"));
}

/* What the tree says may cover more than the image, up to the end of RAM; a page or more is worth a line in the log. */
static void test_end_past_the_image(void **state)
{
    static const struct {
        uint64_t end;
        bool is_logged;
    } rows[] = {{0x4d001235, false}, {0x4d002000, false}, {0x4d002233, false}, {0x4d002234, true}, {0x50000000, true}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        chosen64(0x4d000000, rows[i].end);
        assert_int_equal(check(&initrd), RESULT_OK);
        assert_int_equal(fake_log_count("accepted"), rows[i].is_logged);
        assert_int_equal(fake_log_count("|ERROR: "), 0);
    }
}

static void test_missing(void **state)
{
    (void)state;
    builder_begin(&b);
    expect_invalid(&initrd, "/chosen has no linux,initrd-start: should be 0x4d000000");
    builder_begin(&b);
    builder_node(&b, "chosen");
    builder_u32(&b, "linux,initrd-start", 0x4d000000);
    builder_end(&b);
    expect_invalid(&initrd, "/chosen has no linux,initrd-end: should be 0x4d001234");
}

static void test_odd_size(void **state)
{
    (void)state;
    builder_begin(&b);
    builder_node(&b, "chosen");
    BUILDER_CELLS(&b, "linux,initrd-start", 0, 0, 0x4d000000);
    builder_end(&b);
    expect_invalid(&initrd, "linux,initrd-start of node chosen has 3 cells");
    builder_begin(&b);
    builder_node(&b, "chosen");
    builder_bytes(&b, "linux,initrd-end", "abc", 3);
    builder_end(&b);
    expect_invalid(&initrd, "linux,initrd-end of node chosen has 3 bytes");
}

static void test_none(void **state)
{
    (void)state;
    builder_begin(&b);
    assert_int_equal(check(&none), RESULT_OK);
    chosen64(0, 0);
    assert_int_equal(check(&none), RESULT_OK);
    chosen64(0x4d000000, 0x4d001234);
    expect_invalid(&none, "from 0x4d000000 to 0x4d001234, but initrd_size is 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_64_bit),
        cmocka_unit_test(test_32_bit),
        cmocka_unit_test(test_high_half_counts),
        cmocka_unit_test(test_start_differs),
        cmocka_unit_test(test_end_differs),
        cmocka_unit_test(test_end_past_the_image),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_odd_size),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
