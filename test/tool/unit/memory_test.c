/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Physical memory of the image tool: what is free, who gets it, what of it is
 * zero.
 */
#include "../../../tools/image/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB 0x100000ULL

static const struct board board = {
    .facts =
        {
            .kernel = {0x80000000, 2 * MIB},
            .ram = {{0x80000000, 16 * MIB}, {0, 0}, {0x40000000, 4 * MIB}},
        },
};

struct fixture {
    struct tool tool;
    struct memory memory;
    char *errors;
    size_t errors_bytes;
};

static const struct place nowhere = {"test", 1};

static int make(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof(fixture));
    fixture.tool.diag.out = open_memstream(&fixture.errors, &fixture.errors_bytes);
    memory_init(&fixture.memory, &fixture.tool, &board);
    *state = &fixture;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *fixture = *state;

    fclose(fixture->tool.diag.out);
    free(fixture->errors);
    arena_free(&fixture->tool.arena);
    return 0;
}

static struct block *add_fixed(struct fixture *fixture, uint64_t paddr, uint64_t size_bytes)
{
    struct block *block = memory_add(&fixture->memory, nowhere, "fixed", size_bytes, PAGE_BYTES);

    block->is_fixed = true;
    block->paddr = paddr;
    return block;
}

static void check_error(struct fixture *fixture, const char *text)
{
    assert_int_equal(memory_place(&fixture->memory), RESULT_FAILED);
    fflush(fixture->tool.diag.out);
    assert_non_null(strstr(fixture->errors, text));
}

static void test_all_is_free_at_first(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(memory_free_bytes(&fixture->memory), 18 * MIB);
    assert_int_equal(fixture->memory.free->base, 0x40000000);
    assert_int_equal(fixture->memory.free->next->base, 0x80200000);
}

static void test_largest_alignment_first(void **state)
{
    struct fixture *fixture = *state;
    struct block *small = memory_add(&fixture->memory, nowhere, "small", 0x800, PAGE_BYTES);
    struct block *large = memory_add(&fixture->memory, nowhere, "large", 2 * MIB, LARGE_PAGE_BYTES);
    struct block *small_again = memory_add(&fixture->memory, nowhere, "small", 0x1001, PAGE_BYTES);

    assert_int_equal(memory_place(&fixture->memory), RESULT_OK);
    assert_int_equal(large->paddr, 0x40000000);
    assert_int_equal(small->paddr, 0x40200000);
    assert_int_equal(small->size_bytes, 0x1000);
    assert_int_equal(small_again->paddr, 0x40201000);
    assert_int_equal(small_again->size_bytes, 0x2000);
}

static void test_holes_are_used(void **state)
{
    struct fixture *fixture = *state;
    struct block *large = memory_add(&fixture->memory, nowhere, "large", 2 * MIB, LARGE_PAGE_BYTES);
    struct block *wide = memory_add(&fixture->memory, nowhere, "wide", 2 * MIB, PAGE_BYTES);
    struct block *small = memory_add(&fixture->memory, nowhere, "small", 0x1000, PAGE_BYTES);

    add_fixed(fixture, 0x40001000, 0x1000);
    assert_int_equal(memory_place(&fixture->memory), RESULT_OK);
    assert_int_equal(large->paddr, 0x40200000);
    assert_int_equal(wide->paddr, 0x80200000);
    assert_int_equal(small->paddr, 0x40000000);
}

static void test_fixed(void **state)
{
    struct fixture *fixture = *state;
    const struct block *ram = add_fixed(fixture, 0x403ff000, 0x1000);
    const struct block *device = add_fixed(fixture, 0x9000000, 0x1000);

    assert_int_equal(memory_place(&fixture->memory), RESULT_OK);
    assert_true(ram->is_ram);
    assert_false(device->is_ram);
    assert_int_equal(memory_free_bytes(&fixture->memory), 18 * MIB - 0x1000);
}

static void test_all_is_given(void **state)
{
    struct fixture *fixture = *state;

    memory_add(&fixture->memory, nowhere, "one", 4 * MIB, PAGE_BYTES);
    memory_add(&fixture->memory, nowhere, "other", 14 * MIB, PAGE_BYTES);
    assert_int_equal(memory_place(&fixture->memory), RESULT_OK);
    assert_int_equal(memory_free_bytes(&fixture->memory), 0);
    assert_null(fixture->memory.free);
}

static void test_full(void **state)
{
    memory_add(&((struct fixture *)*state)->memory, nowhere, "too much", 14 * MIB + 1, PAGE_BYTES);
    check_error(*state, "too much (0xe01000 bytes, aligned to 0x1000) does not fit in RAM: the board has 0x1400000 "
                        "bytes, 0x1200000 are free, at most 0xe00000 in one piece");
}

static void test_fixed_overlaps(void **state)
{
    add_fixed(*state, 0x40000000, 0x2000);
    add_fixed(*state, 0x40001000, 0x1000);
    check_error(*state, "fixed at 0x40001000 (0x1000 bytes) overlaps fixed at 0x40000000 (0x2000 bytes)");
}

static void test_between_banks(void **state)
{
    add_fixed(*state, 0x40000000, 0x50000000);
    check_error(*state, "lies partly in RAM");
}

static void test_runs(void **state)
{
    struct fixture *fixture = *state;
    struct block *block = memory_add(&fixture->memory, nowhere, "block", 64 * PAGE_BYTES, PAGE_BYTES);
    uint8_t *data = arena_alloc(&fixture->tool.arena, 40 * PAGE_BYTES);
    uint64_t size;

    block->data = data;
    block->data_bytes = 40 * PAGE_BYTES - 7;
    data[PAGE_BYTES - 1] = 1;
    data[17 * PAGE_BYTES] = 1; /* 16 pages of zeros before it */
    data[33 * PAGE_BYTES] = 1; /* 15 pages of zeros before it */
    assert_int_equal(memory_run(block, 0, &size), RUN_FILE);
    assert_int_equal(size, PAGE_BYTES);
    assert_int_equal(memory_run(block, PAGE_BYTES, &size), RUN_ZERO);
    assert_int_equal(size, 16 * PAGE_BYTES);
    assert_int_equal(memory_run(block, 17 * PAGE_BYTES, &size), RUN_FILE);
    assert_int_equal(size, 17 * PAGE_BYTES);
    assert_int_equal(memory_run(block, 34 * PAGE_BYTES, &size), RUN_ZERO);
    assert_int_equal(size, 30 * PAGE_BYTES);
}

static void test_run_of_whole_blocks(void **state)
{
    struct fixture *fixture = *state;
    struct block *block = memory_add(&fixture->memory, nowhere, "block", 20 * PAGE_BYTES, PAGE_BYTES);
    uint64_t size;

    assert_int_equal(memory_run(block, 0, &size), RUN_ZERO);
    assert_int_equal(size, 20 * PAGE_BYTES);
    block->is_written_whole = true;
    assert_int_equal(memory_run(block, 0, &size), RUN_FILE);
    assert_int_equal(size, 20 * PAGE_BYTES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_is_free_at_first),
        TEST(test_largest_alignment_first),
        TEST(test_holes_are_used),
        TEST(test_fixed),
        TEST(test_all_is_given),
        TEST(test_full),
        TEST(test_fixed_overlaps),
        TEST(test_between_banks),
        TEST(test_runs),
        TEST(test_run_of_whole_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
