/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The walk of the guest's tables: granules, halves, sizes, blocks and pages, and tables that are not what they should.
 */
#include "aarch64/insn/stage1.h"

#include <stdbool.h>

#include "unit.h"
#include "util/field.h"

#define RAM_BASE   UINT64_C(0x40000000)
#define RAM_BYTES  sizeof memory
#define VALID      UINT64_C(1)
#define TABLE      UINT64_C(3)
#define ATTRIBUTES (BIT(10) | BIT(54) | BIT(53) | BIT(2)) /* the walk does not care */

static _Alignas(65536) uint8_t memory[4 * 65536];
static struct guest_ram ram;
static struct stage1 controls;

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof memory);
    assert_int_equal(guest_ram_init(&ram, memory, gpa(RAM_BASE), RAM_BYTES), RESULT_OK);
    controls = (struct stage1){.sctlr = BIT(0)};
    return 0;
}

static void put(uint64_t table, uint64_t index, uint64_t descriptor)
{
    memcpy(memory + (table - RAM_BASE) + index * 8, &descriptor, 8);
}

static uint64_t translate(uint64_t va)
{
    gpa_t at;
    uint32_t level;
    assert_int_equal(stage1_translate(&controls, &ram, va, STAGE1_NEEDS_NONE, &at, &level), RESULT_OK);
    return at.value;
}

static enum result fails(uint64_t va, uint32_t want_level)
{
    gpa_t at;
    uint32_t level;
    const enum result result = stage1_translate(&controls, &ram, va, STAGE1_NEEDS_NONE, &at, &level);
    assert_int_equal(level, want_level);
    return result;
}

static void test_off(void **state)
{
    (void)state;
    controls.sctlr = 0;
    assert_int_equal(translate(0x40001234), 0x40001234);
    assert_int_equal(translate(0xff00123456789abc), 0x123456789abc);
}

/* T0SZ 16: four levels of 9 bits. */
static void test_4k(void **state)
{
    (void)state;
    const uint64_t t0 = RAM_BASE, t1 = RAM_BASE + 0x1000, t2 = RAM_BASE + 0x2000, t3 = RAM_BASE + 0x3000;
    controls.tcr = 16;
    controls.ttbr0 = t0 | 1 | UINT64_C(0x1234) << 48; /* CnP, ASID */
    put(t0, 1, t1 | TABLE);
    put(t1, 2, t2 | TABLE | BIT(63));
    put(t1, 3, UINT64_C(0x1c0000000) | VALID | ATTRIBUTES);
    put(t2, 5, t3 | TABLE);
    put(t2, 6, UINT64_C(0x8a00000) | VALID | ATTRIBUTES);
    put(t3, 511, UINT64_C(0xabcdef000) | TABLE | ATTRIBUTES);
    const uint64_t top = UINT64_C(1) << 39;
    assert_int_equal(translate(top | 2ull << 30 | 5ull << 21 | 511ull << 12 | 0x123), 0xabcdef123);
    assert_int_equal(translate(top | 2ull << 30 | 6ull << 21 | 0x12345), 0x8a12345);
    assert_int_equal(translate(top | 3ull << 30 | 0x3fffffff), 0x1ffffffff);
    assert_int_equal(fails(0, 0), RESULT_INVALID);
    put(t0, 0, UINT64_C(0x40000000) | VALID); /* no blocks there */
    assert_int_equal(fails(0, 0), RESULT_INVALID);
    assert_int_equal(fails(top, 1), RESULT_INVALID);
    assert_int_equal(fails(top | 2ull << 30, 2), RESULT_INVALID);
    assert_int_equal(fails(top | 2ull << 30 | 5ull << 21, 3), RESULT_INVALID);
}

/* T0SZ 25 starts at level 1; 39, at level 2 with a table of 16 entries. */
static void test_smaller_spaces(void **state)
{
    (void)state;
    controls.tcr = 25;
    controls.ttbr0 = RAM_BASE;
    put(RAM_BASE, 511, UINT64_C(0x40000000) | VALID);
    assert_int_equal(translate(0x7fc0000000), 0x40000000);
    assert_int_equal(fails(0x8000000000, 0), RESULT_INVALID);
    controls.tcr = 39;
    put(RAM_BASE, 15, UINT64_C(0x600000) | VALID);
    assert_int_equal(translate(0x1e00008), 0x600008);
    assert_int_equal(fails(0x2000000, 0), RESULT_INVALID);
}

static void test_64k(void **state)
{
    (void)state;
    const uint64_t t1 = RAM_BASE, t2 = RAM_BASE + 0x10000, t3 = RAM_BASE + 0x20000;
    controls.tcr = 16 | 1 << 14;
    controls.ttbr0 = t1;
    put(t1, 1, t2 | TABLE);
    put(t1, 2, UINT64_C(0x40000000000) | VALID); /* no blocks there */
    put(t2, 8191, t3 | TABLE);
    put(t2, 3, UINT64_C(0x60000000) | VALID);
    put(t3, 7, UINT64_C(0x50000) | TABLE);
    const uint64_t top = UINT64_C(1) << 42;
    assert_int_equal(translate(top | 8191ull << 29 | 7ull << 16 | 0xabcd), 0x5abcd);
    assert_int_equal(translate(top | 3ull << 29 | 0x1fffffff), 0x7fffffff);
    assert_int_equal(fails(UINT64_C(2) << 42, 1), RESULT_INVALID);
}

static void test_16k(void **state)
{
    (void)state;
    const uint64_t t0 = RAM_BASE, t1 = RAM_BASE + 0x4000, t2 = RAM_BASE + 0x8000, t3 = RAM_BASE + 0xc000;
    controls.tcr = 16 | 2 << 14;
    controls.ttbr0 = t0;
    put(t0, 1, t1 | TABLE);
    put(t1, 2047, t2 | TABLE);
    put(t1, 1, UINT64_C(0x1000000000) | VALID); /* no blocks there */
    put(t2, 4, t3 | TABLE);
    put(t2, 5, UINT64_C(0x2000000) | VALID);
    put(t3, 9, UINT64_C(0x7c000) | TABLE);
    const uint64_t top = UINT64_C(1) << 47;
    assert_int_equal(translate(top | 2047ull << 36 | 4ull << 25 | 9ull << 14 | 0x3fff), 0x7ffff);
    assert_int_equal(translate(top | 2047ull << 36 | 5ull << 25 | 0x1ffffff), 0x3ffffff);
    assert_int_equal(fails(top | 1ull << 36, 1), RESULT_INVALID);
}

static void test_upper_half(void **state)
{
    (void)state;
    controls.tcr = 16 | UINT64_C(25) << 16 | UINT64_C(2) << 30; /* TG1: 4 KiB */
    controls.ttbr0 = RAM_BASE + 0x8000;
    controls.ttbr1 = RAM_BASE;
    put(RAM_BASE, 0, UINT64_C(0x40000000) | VALID);
    put(RAM_BASE, 511, UINT64_C(0x80000000) | VALID);
    assert_int_equal(translate(0xffffff8000001000), 0x40001000);
    assert_int_equal(translate(0xffffffffffffffff), 0xbfffffff);
    assert_int_equal(fails(0xffffff7fffffffff, 0), RESULT_INVALID);
    assert_int_equal(fails(0xfeffff8000001000, 0), RESULT_INVALID);
    controls.tcr |= BIT(38); /* TBI1 */
    assert_int_equal(translate(0xfeffff8000001000), 0x40001000);
}

static void test_granules_of_the_upper_half(void **state)
{
    (void)state;
    controls.tcr = UINT64_C(39) << 16;
    controls.ttbr1 = RAM_BASE;
    controls.tcr |= UINT64_C(3) << 30; /* 64 KiB: 9 bits of index, all at level 3 */
    put(RAM_BASE, 3, UINT64_C(0x70000) | TABLE);
    assert_int_equal(translate(0xfffffffffe030001), 0x70001);
    controls.tcr ^= UINT64_C(2) << 30; /* 16 KiB: 11 bits */
    put(RAM_BASE, 2047, UINT64_C(0x4000) | TABLE);
    assert_int_equal(translate(0xffffffffffffffff), 0x7fff);
}

/* Each half has its own size, granule, tag and switch. */
static void test_halves_differ(void **state)
{
    (void)state;
    const uint64_t lower = RAM_BASE, upper = RAM_BASE + 0x10000;
    const uint64_t low = 0x40001234, high = 0xfffffc0020001234, tag = UINT64_C(0x12) << 56;
    const uint64_t tcr = 25 | UINT64_C(22) << 16 | UINT64_C(3) << 30; /* 39 bits of 4 KiB, 42 bits of 64 KiB */
    controls.tcr = tcr;
    controls.ttbr0 = lower;
    controls.ttbr1 = upper;
    put(lower, 1, UINT64_C(0x40000000) | VALID);
    put(upper, 1, UINT64_C(0x80000000) | VALID);
    assert_int_equal(translate(low), 0x40001234);
    assert_int_equal(translate(high), 0x80001234);
    controls.tcr = tcr | BIT(37); /* TBI0 */
    assert_int_equal(translate(low | tag), 0x40001234);
    assert_int_equal(fails(high ^ tag, 0), RESULT_INVALID);
    controls.tcr = tcr | BIT(38); /* TBI1 */
    assert_int_equal(fails(low | tag, 0), RESULT_INVALID);
    assert_int_equal(translate(high ^ tag), 0x80001234);
    controls.tcr = tcr | BIT(7); /* EPD0 */
    assert_int_equal(fails(low, 0), RESULT_INVALID);
    assert_int_equal(translate(high), 0x80001234);
    controls.tcr = tcr | BIT(23); /* EPD1 */
    assert_int_equal(translate(low), 0x40001234);
    assert_int_equal(fails(high, 0), RESULT_INVALID);
}

static void test_refused(void **state)
{
    (void)state;
    controls.ttbr0 = RAM_BASE;
    controls.tcr = 16 | 3 << 14;
    assert_int_equal(fails(0, 0), RESULT_UNSUPPORTED);
    controls.tcr = 16;
    assert_int_equal(fails(UINT64_MAX, 0), RESULT_UNSUPPORTED); /* TG1 0 is reserved */
    controls.tcr = 15;
    assert_int_equal(fails(0, 0), RESULT_UNSUPPORTED);
    controls.tcr = 40;
    assert_int_equal(fails(0, 0), RESULT_UNSUPPORTED);
    controls.tcr = 16 | BIT(7);
    assert_int_equal(fails(0, 0), RESULT_INVALID);
    controls.tcr = 16;
    controls.sctlr |= BIT(25);
    assert_int_equal(fails(0, 0), RESULT_UNSUPPORTED);
}

static void test_tables_outside_of_ram(void **state)
{
    (void)state;
    controls.tcr = 16;
    controls.ttbr0 = 0x8000000;
    assert_int_equal(fails(0, 0), RESULT_RANGE);
    controls.ttbr0 = RAM_BASE;
    put(RAM_BASE, 0, UINT64_C(0xfffffffff000) | TABLE);
    assert_int_equal(fails(0x3fffffff, 1), RESULT_RANGE);
    put(RAM_BASE, 0, RAM_BASE | TABLE); /* a table that is its own next one */
    assert_int_equal(translate(0x123), RAM_BASE | 0x123);
}

#define TCR_HPD0 BIT(41)
#define TCR_HPD1 BIT(42)

static bool is_denied(uint64_t va, uint32_t needs)
{
    gpa_t at;
    uint32_t level;
    const enum result result = stage1_translate(&controls, &ram, va, needs, &at, &level);
    assert_true(result == RESULT_OK || result == RESULT_DENIED);
    return result == RESULT_DENIED;
}

static void test_permissions(void **state)
{
    (void)state;
    const uint64_t t1 = RAM_BASE, t2 = RAM_BASE + 0x1000;
    const uint64_t all = STAGE1_NEEDS_EL0 | STAGE1_NEEDS_WRITE;
    controls.tcr = 25;
    controls.ttbr0 = t1;
    put(t1, 0, t2 | TABLE);
    put(t1, 1, t2 | TABLE | BIT(61)); /* APTable: nothing for EL0 */
    put(t1, 2, t2 | TABLE | BIT(62)); /* read-only */
    for (uint64_t ap = 0; ap < 4; ap++) {
        put(t2, ap, UINT64_C(0x600000) | VALID | ap << 6);
        const bool for_el0 = (ap & 1) != 0;
        const bool writable = (ap & 2) == 0;
        const uint64_t va = ap << 21;
        for (uint64_t table = 0; table < 3; table++) {
            const uint64_t at = va | table << 30;
            const bool el0 = for_el0 && table != 1;
            const bool write = writable && table != 2;
            assert_false(is_denied(at, STAGE1_NEEDS_NONE));
            assert_int_equal(is_denied(at, STAGE1_NEEDS_EL0), !el0);
            assert_int_equal(is_denied(at, STAGE1_NEEDS_WRITE), !write);
            assert_int_equal(is_denied(at, (uint32_t)all), !el0 || !write);
            controls.tcr |= TCR_HPD0;
            assert_int_equal(is_denied(at, (uint32_t)all), !for_el0 || !writable);
            controls.tcr &= ~TCR_HPD0;
        }
    }
}

static void test_permissions_of_tables_off_in_the_upper_half(void **state)
{
    (void)state;
    const uint64_t t2 = RAM_BASE + 0x1000, va = 0xffffff8000000000;
    controls.tcr = 25 | UINT64_C(25) << 16 | UINT64_C(2) << 30 | TCR_HPD0;
    controls.ttbr1 = RAM_BASE;
    put(RAM_BASE, 0, t2 | TABLE | BIT(61) | BIT(62));
    put(t2, 0, UINT64_C(0x600000) | VALID | BIT(6));
    assert_true(is_denied(va, STAGE1_NEEDS_EL0));
    controls.tcr ^= TCR_HPD0 | TCR_HPD1;
    assert_false(is_denied(va, STAGE1_NEEDS_EL0 | STAGE1_NEEDS_WRITE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_off, setup),
        cmocka_unit_test_setup(test_4k, setup),
        cmocka_unit_test_setup(test_smaller_spaces, setup),
        cmocka_unit_test_setup(test_64k, setup),
        cmocka_unit_test_setup(test_16k, setup),
        cmocka_unit_test_setup(test_upper_half, setup),
        cmocka_unit_test_setup(test_granules_of_the_upper_half, setup),
        cmocka_unit_test_setup(test_halves_differ, setup),
        cmocka_unit_test_setup(test_refused, setup),
        cmocka_unit_test_setup(test_tables_outside_of_ram, setup),
        cmocka_unit_test_setup(test_permissions, setup),
        cmocka_unit_test_setup(test_permissions_of_tables_off_in_the_upper_half, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
