/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The memory nodes of device trees: one or many, in order or not, and every way in which they can make no sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/dtb_memory.h"
#include "dtb_builder.h"
#include "fake_microkit.h"

static struct builder b;

static void memory(const char *name, const uint32_t *cells, size_t count)
{
    builder_node(&b, name);
    builder_string(&b, "device_type", "memory");
    builder_cells(&b, "reg", cells, count);
    builder_end(&b);
}

#define MEMORY(name, ...) memory(name, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void begin(void)
{
    builder_begin(&b);
    builder_address_cells(&b, 1, 1);
}

static enum result size_at(uint64_t base, uint64_t *size)
{
    struct dtb dtb;
    size_t bytes = builder_finish(&b);

    fake_microkit_reset();
    assert_int_equal(dtb_open(b.blob, bytes, &dtb), RESULT_OK);
    return dtb_memory_size(&dtb, gpa(base), size);
}

static void expect(uint64_t base, uint64_t size)
{
    uint64_t found;

    assert_int_equal(size_at(base, &found), RESULT_OK);
    assert_int_equal(found, size);
    assert_int_equal(fake.log_bytes, 0);
}

static void expect_invalid(uint64_t base, const char *message)
{
    uint64_t found;

    assert_int_equal(size_at(base, &found), RESULT_INVALID);
    assert_true(fake_log_has(message));
}

static void test_one(void **state)
{
    (void)state;
    begin();
    MEMORY("memory@40000000", 0x40000000, 0x10000000);
    expect(0x40000000, 0x10000000);
}

static void test_64_bit_cells(void **state)
{
    (void)state;
    builder_begin(&b);
    builder_address_cells(&b, 2, 2);
    MEMORY("memory@840000000", 8, 0x40000000, 1, 0);
    expect(UINT64_C(0x840000000), UINT64_C(0x100000000));
}

static void test_pieces_in_any_order(void **state)
{
    (void)state;
    begin();
    MEMORY("memory@60000000", 0x60000000, 0x1000, 0x40001000, 0x1000);
    MEMORY("memory@40000000", 0, 0, 0x40002000, 0x1000, 0x40000000, 0x1000);
    expect(0x40000000, 0x3000);
}

static void test_up_to_the_last_byte(void **state)
{
    (void)state;
    builder_begin(&b);
    builder_address_cells(&b, 2, 2);
    MEMORY("memory", 0xffffffff, 0xfffff000, 0, 0xfff);
    expect(UINT64_C(0xfffffffffffff000), 0xfff);
    builder_begin(&b);
    builder_address_cells(&b, 2, 2);
    MEMORY("memory", 0xffffffff, 0xfffff000, 0, 0x1000);
    expect_invalid(UINT64_C(0xfffffffffffff000), "goes beyond 64 bits");
}

static void test_no_memory(void **state)
{
    (void)state;
    begin();
    expect_invalid(0x40000000, "device tree has no memory: guest RAM is at 0x40000000");
    begin();
    MEMORY("memory", 0x40000000, 0);
    expect_invalid(0x40000000, "has no memory");
}

static void test_other_place(void **state)
{
    (void)state;
    begin();
    MEMORY("memory@40000000", 0x40000000, 0x10000000);
    expect_invalid(0x80000000, "memory starts at 0x40000000, but guest RAM at 0x80000000");
    begin();
    MEMORY("memory@40000000", 0x40000000, 0x10000000);
    expect_invalid(0x40001000, "memory starts at 0x40000000, but guest RAM at 0x40001000");
}

static void test_not_memory(void **state)
{
    (void)state;
    begin();
    builder_node(&b, "memory@40000000"); /* no device_type */
    BUILDER_CELLS(&b, "reg", 0x40000000, 0x1000);
    builder_end(&b);
    builder_node(&b, "memory@50000000");
    builder_string(&b, "device_type", "memory");
    builder_string(&b, "status", "disabled");
    BUILDER_CELLS(&b, "reg", 0x40000000, 0x1000);
    builder_end(&b);
    expect_invalid(0x40000000, "has no memory");
}

static void test_malformed(void **state)
{
    (void)state;
    begin();
    MEMORY("memory", 0x40000000, 0x1000, 0);
    expect_invalid(0x40000000, "reg of node memory has 3 cells");
    begin();
    MEMORY("memory", 0x40000000, 0x2000, 0x40001000, 0x1000);
    expect_invalid(0x40000000, "memory at 0x40001000 with 0x1000 bytes overlaps memory at 0x40000000 with 0x2000");
    begin();
    for (uint32_t i = 0; i <= DTB_MEMORY_RANGE_COUNT_MAX; i++) {
        char name[] = "memory@00";
        name[7] = (char)('a' + i / 10);
        name[8] = (char)('0' + i % 10);
        MEMORY(name, 0x40000000 + i * 0x1000, 0x1000);
    }
    expect_invalid(0x40000000, "more than 32 ranges");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_64_bit_cells),
        cmocka_unit_test(test_pieces_in_any_order),
        cmocka_unit_test(test_up_to_the_last_byte),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_other_place),
        cmocka_unit_test(test_not_memory),
        cmocka_unit_test(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
