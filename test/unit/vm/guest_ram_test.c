/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fake_microkit.h"
#include "unit.h"

#include "vm/guest_ram.h"

#define BASE UINT64_C(0x40000000)

static uint8_t memory[0x2000];

static int setup(void **state)
{
    (void)state;
    fake_microkit_reset();
    memset(memory, 0xaa, sizeof memory);
    return 0;
}

static struct guest_ram make(void)
{
    struct guest_ram ram;
    assert_int_equal(guest_ram_init(&ram, memory, gpa(BASE), sizeof memory), RESULT_OK);
    return ram;
}

static void test_init_refuses(void **state)
{
    (void)state;
    struct guest_ram ram = {0};
    assert_int_equal(guest_ram_init(&ram, NULL, gpa(BASE), 0x1000), RESULT_INVALID);
    assert_int_equal(guest_ram_init(&ram, memory, gpa(BASE), 0), RESULT_INVALID);
    assert_int_equal(guest_ram_init(&ram, memory, gpa(UINT64_MAX - 1), 0x1000), RESULT_RANGE);
    assert_int_equal(guest_ram_init(&ram, memory, gpa(BASE), UINT64_MAX), RESULT_RANGE);
    assert_int_equal(ram.size_bytes, 0);
}

static void test_at(void **state)
{
    (void)state;
    const struct guest_ram ram = make();
    assert_ptr_equal(guest_ram_at(&ram, gpa(BASE), sizeof memory), memory);
    assert_ptr_equal(guest_ram_at(&ram, gpa(BASE + 0x1fff), 1), memory + 0x1fff);
    assert_null(guest_ram_at(&ram, gpa(BASE + 0x1fff), 2));
    assert_null(guest_ram_at(&ram, gpa(BASE - 1), 1));
    assert_null(guest_ram_at(&ram, gpa(BASE + 0x2000), 1));
    assert_null(guest_ram_at(&ram, gpa(BASE + 0x1000), UINT64_MAX));
    assert_null(guest_ram_at(&ram, gpa(UINT64_MAX), 1));
    assert_null(guest_ram_at(&ram, gpa(0), BASE + 1));
    const struct guest_ram none = {0};
    assert_null(guest_ram_at(&none, gpa(0), 0));
}

static void test_read_and_write(void **state)
{
    (void)state;
    const struct guest_ram ram = make();
    uint8_t copy[4] = {0};
    assert_int_equal(guest_ram_write(&ram, gpa(BASE + 0x10), "\1\2\3\4", 4), RESULT_OK);
    assert_int_equal(guest_ram_read(&ram, gpa(BASE + 0x10), copy, 4), RESULT_OK);
    assert_memory_equal(copy, "\1\2\3\4", 4);
    assert_int_equal(memory[0x14], 0xaa);
    assert_int_equal(guest_ram_write(&ram, gpa(BASE + 0x1ffe), "\1\2\3\4", 4), RESULT_RANGE);
    assert_int_equal(memory[0x1ffe], 0xaa);
    assert_int_equal(guest_ram_read(&ram, gpa(BASE + 0x1ffe), copy, 4), RESULT_RANGE);
    assert_memory_equal(copy, "\1\2\3\4", 4);
    assert_int_equal(fake.cache_syncs, 0);
}

static void test_load_and_clear_tell_the_caches(void **state)
{
    (void)state;
    const struct guest_ram ram = make();
    assert_int_equal(guest_ram_load(&ram, gpa(BASE + 0x100), "\5\6", 2), RESULT_OK);
    assert_int_equal(memory[0x101], 6);
    assert_int_equal(fake.cache_syncs, 1);
    assert_in_range((uintptr_t)memory + 0x100 - fake.cache_invalidated_last, 0, 63);
    assert_int_equal(guest_ram_clear(&ram, gpa(BASE), sizeof memory), RESULT_OK);
    assert_int_equal(memory[0x101], 0);
    assert_int_equal(memory[0x1fff], 0);
    assert_true(fake.cache_cleaned_bytes >= sizeof memory);
    assert_int_equal(fake.cache_invalidated_bytes, fake.cache_cleaned_bytes);
    assert_int_equal(guest_ram_load(&ram, gpa(BASE + 0x2000), "\5\6", 2), RESULT_RANGE);
    assert_int_equal(guest_ram_clear(&ram, gpa(BASE), sizeof memory + 1), RESULT_RANGE);
    assert_int_equal(fake.cache_syncs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_init_refuses, setup),
        cmocka_unit_test_setup(test_at, setup),
        cmocka_unit_test_setup(test_read_and_write, setup),
        cmocka_unit_test_setup(test_load_and_clear_tell_the_caches, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
