/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include "vm/mmio.h"

static struct mmio_bus bus;
static struct mmio_access seen;
static void *seen_dev;
static unsigned calls;

static enum mmio_result record(void *dev, struct mmio_access *access)
{
    seen = *access;
    seen_dev = dev;
    calls++;
    access->value = 0x55;
    return MMIO_HANDLED;
}

static int setup(void **state)
{
    (void)state;
    memset(&bus, 0, sizeof bus);
    calls = 0;
    return 0;
}

static enum result add(uint64_t base, uint64_t size, uint8_t widths, void *dev)
{
    const struct mmio_region region = {
        .base = gpa(base), .size_bytes = size, .widths = widths, .handler = record, .dev = dev};
    return mmio_add(&bus, &region);
}

static enum mmio_result read_at(uint64_t at, uint8_t width)
{
    struct mmio_access access = {.width_bytes = width};
    return mmio_dispatch(&bus, gpa(at), &access);
}

static void test_empty_bus(void **state)
{
    (void)state;
    assert_int_equal(read_at(0, 1), MMIO_UNHANDLED);
    assert_int_equal(read_at(UINT64_MAX, 1), MMIO_UNHANDLED);
    assert_int_equal(read_at(UINT64_MAX, 8), MMIO_MISALIGNED);
}

static void test_add_refuses(void **state)
{
    (void)state;
    struct mmio_region region = {.base = gpa(0x1000), .size_bytes = 0x1000, .widths = 4, .handler = NULL};
    assert_int_equal(mmio_add(&bus, &region), RESULT_INVALID);
    assert_int_equal(add(0x1000, 0, 4, NULL), RESULT_INVALID);
    assert_int_equal(add(0x1000, 0x1000, 0, NULL), RESULT_INVALID);
    assert_int_equal(add(0x1000, 0x1000, 0xf0, NULL), RESULT_INVALID);
    assert_int_equal(add(UINT64_MAX, 2, 4, NULL), RESULT_INVALID);
    assert_int_equal(bus.region_count, 0);
    assert_int_equal(add(0x1000, 0x1000, 4, NULL), RESULT_OK);
    assert_int_equal(add(0x1fff, 1, 4, NULL), RESULT_BUSY);
    assert_int_equal(add(0xfff, 2, 4, NULL), RESULT_BUSY);
    assert_int_equal(add(0, 0x10000, 4, NULL), RESULT_BUSY);
    assert_int_equal(add(0x2000, 0x1000, 4, NULL), RESULT_OK);
    assert_int_equal(add(0, 0x1000, 4, NULL), RESULT_OK);
    assert_int_equal(bus.region_count, 3);
}

static void test_full(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < MMIO_REGION_COUNT_MAX; i++) {
        /* Not in order of address. */
        assert_int_equal(add((i * 37 % MMIO_REGION_COUNT_MAX) * 0x1000, 0x800, 4, NULL), RESULT_OK);
    }
    assert_int_equal(add(0x1000000, 0x1000, 4, NULL), RESULT_FULL);
    for (size_t i = 1; i < bus.region_count; i++) {
        assert_true(bus.regions[i - 1].base.value < bus.regions[i].base.value);
    }
    for (uint64_t i = 0; i < MMIO_REGION_COUNT_MAX; i++) {
        assert_int_equal(read_at(i * 0x1000 + 0x7fc, 4), MMIO_HANDLED);
        assert_int_equal(seen.offset, 0x7fc);
        assert_int_equal(read_at(i * 0x1000 + 0x800, 4), MMIO_UNHANDLED);
    }
}

static void test_dispatch(void **state)
{
    (void)state;
    int a;
    int b;
    assert_int_equal(add(0x1000, 0x1000, 4 | 8, &a), RESULT_OK);
    assert_int_equal(add(0x8000, 0x10, 1, &b), RESULT_OK);
    struct mmio_access access = {.width_bytes = 8, .is_write = true, .value = 0x1122, .vcpu_id = 3};
    assert_int_equal(mmio_dispatch(&bus, gpa(0x1ff8), &access), MMIO_HANDLED);
    assert_ptr_equal(seen_dev, &a);
    assert_int_equal(seen.offset, 0xff8);
    assert_int_equal(seen.value, 0x1122);
    assert_int_equal(seen.vcpu_id, 3);
    assert_true(seen.is_write);
    assert_int_equal(access.value, 0x55);
    assert_int_equal(read_at(0x800f, 1), MMIO_HANDLED);
    assert_ptr_equal(seen_dev, &b);
    assert_int_equal(seen.offset, 0xf);
    assert_int_equal(read_at(0x1000, 4), MMIO_HANDLED);
    assert_ptr_equal(seen_dev, &a);
}

static void test_width_and_range(void **state)
{
    (void)state;
    assert_int_equal(add(0x1000, 0x1000, 4, NULL), RESULT_OK);
    assert_int_equal(read_at(0x1000, 1), MMIO_UNHANDLED);
    assert_int_equal(read_at(0x1000, 8), MMIO_UNHANDLED);
    assert_int_equal(read_at(0x1ffd, 4), MMIO_MISALIGNED);
    assert_int_equal(read_at(0xffe, 4), MMIO_MISALIGNED);
    assert_int_equal(read_at(0x1002, 4), MMIO_MISALIGNED);
    assert_int_equal(read_at(UINT64_MAX, 4), MMIO_MISALIGNED);
    assert_int_equal(read_at(0xffc, 4), MMIO_UNHANDLED);
    assert_int_equal(read_at(0x2000, 4), MMIO_UNHANDLED);
    assert_int_equal(calls, 0);
}

/* Right after an access inside, which is remembered: across the region's end, and behind it. */
static void test_across_the_end(void **state)
{
    (void)state;
    assert_int_equal(add(0x1000, 0x1004, 12, NULL), RESULT_OK);
    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(read_at(0x2000, 4), MMIO_HANDLED);
        assert_int_equal(seen.offset, 0x1000);
        assert_int_equal(read_at(0x2000, 8), MMIO_UNHANDLED);
        assert_int_equal(read_at(0x2004, 4), MMIO_UNHANDLED);
        assert_int_equal(calls, i);
    }
}

static void test_region_at_the_very_end(void **state)
{
    (void)state;
    assert_int_equal(add(UINT64_MAX - 0xfff, 0x1000, 1, NULL), RESULT_OK);
    assert_int_equal(read_at(UINT64_MAX, 1), MMIO_HANDLED);
    assert_int_equal(seen.offset, 0xfff);
    assert_int_equal(read_at(0, 1), MMIO_UNHANDLED);
}

static void test_overlaps(void **state)
{
    (void)state;
    assert_int_equal(add(0x1000, 0x1000, 4, NULL), RESULT_OK);
    assert_true(mmio_overlaps(&bus, gpa(0), UINT64_MAX));
    assert_false(mmio_overlaps(&bus, gpa(0x2000), 0x1000));
    assert_false(mmio_overlaps(&bus, gpa(0x1800), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty_bus, setup),
        cmocka_unit_test_setup(test_add_refuses, setup),
        cmocka_unit_test_setup(test_full, setup),
        cmocka_unit_test_setup(test_dispatch, setup),
        cmocka_unit_test_setup(test_width_and_range, setup),
        cmocka_unit_test_setup(test_across_the_end, setup),
        cmocka_unit_test_setup(test_region_at_the_very_end, setup),
        cmocka_unit_test_setup(test_overlaps, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
