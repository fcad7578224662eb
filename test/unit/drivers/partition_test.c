/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Partition tables, sound and broken. */
#include "unit.h"

#include "../../../apps/drivers/blk/partition.c"

#define BLOCKS        100000
#define ENTRIES_BYTES (PARTITIONS_MAX * PARTITION_GPT_ENTRY_BYTES)

static uint8_t table[PARTITION_TABLE_BYTES(PARTITION_BLOCK_BYTES_MAX)];
static struct partition partitions[PARTITIONS_MAX];
static uint32_t block_bytes = 512;

static uint8_t *header(void)
{
    return &table[block_bytes];
}

static uint8_t *entries(void)
{
    return &table[2 * block_bytes];
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, 8);
}

static void put_mbr_entry(unsigned index, uint8_t type, uint32_t start, uint32_t count)
{
    uint8_t *entry = &table[446 + 16 * index];
    entry[4] = type;
    put32(entry + 8, start);
    put32(entry + 12, count);
    table[510] = 0x55;
    table[511] = 0xaa;
}

static void seal_gpt(void)
{
    put32(header() + 88, crc32(entries(), get32(header() + 80) * (size_t)128, 0, 0));
    put32(header() + 16, crc32(header(), 92, 16, 20));
}

static void put_gpt_entry(unsigned index, uint64_t first, uint64_t last)
{
    uint8_t *entry = entries() + 128 * index;
    memset(entry, 7, 16);
    put64(entry + 32, first);
    put64(entry + 40, last);
}

static int make_gpt_of(uint32_t bytes)
{
    memset(table, 0, sizeof(table));
    block_bytes = bytes;
    put_mbr_entry(0, 0xee, 1, BLOCKS - 1);
    memcpy(header(), "EFI PART", 8);
    put32(header() + 12, 92);
    put64(header() + 24, 1);
    put64(header() + 40, 2 + ENTRIES_BYTES / block_bytes);
    put64(header() + 48, BLOCKS - 34);
    put64(header() + 72, 2);
    put32(header() + 80, 128);
    put32(header() + 84, 128);
    put_gpt_entry(0, 2048, 4095);
    put_gpt_entry(127, 4096, BLOCKS - 34);
    seal_gpt();
    return 0;
}

static int make_gpt(void **state)
{
    (void)state;
    return make_gpt_of(512);
}

static int make_mbr(void **state)
{
    (void)state;
    memset(table, 0, sizeof(table));
    block_bytes = 512;
    return 0;
}

static enum partition_scheme scheme(void)
{
    return partition_read(table, block_bytes, BLOCKS, partitions);
}

static void expect(unsigned index, uint64_t start, uint64_t count)
{
    assert_int_equal(partitions[index].start, start);
    assert_int_equal(partitions[index].count, count);
    assert_int_equal(partitions[index].fault, PARTITION_SOUND);
}

static void test_crc_of_the_standard(void **state)
{
    (void)state;
    assert_int_equal(crc32((const uint8_t *)"123456789", 9, 0, 0), 0xcbf43926);
    assert_int_equal(crc32((const uint8_t *)"12xx56789", 9, 2, 4), crc32((const uint8_t *)"12\0\00056789", 9, 0, 0));
}

static void test_no_table(void **state)
{
    (void)state;
    memset(table, 0, sizeof(table));
    assert_int_equal(scheme(), PARTITION_NONE);
    expect(0, 0, BLOCKS);
    expect(1, 0, 0);
}

static void test_mbr(void **state)
{
    (void)state;
    put_mbr_entry(0, 0x83, 2048, 1000);
    put_mbr_entry(1, 0x05, 4096, 1000); /* extended */
    put_mbr_entry(2, 0x83, BLOCKS - 1, 1);
    put_mbr_entry(3, 0x83, 1, 1);
    assert_int_equal(scheme(), PARTITION_MBR);
    expect(0, 2048, 1000);
    expect(1, 0, 0);
    expect(2, BLOCKS - 1, 1);
    expect(3, 1, 1);
}

/* Start and size of the second of three partitions, 2000 to 3999 and 8000 to 9999 being the others. */
static void test_partitions_that_are_refused(void **state)
{
    static const struct {
        uint64_t start, count;
        enum partition_fault fault, first_fault, third_fault;
    } cases[] = {
        {4000, 4000, PARTITION_SOUND, PARTITION_SOUND, PARTITION_SOUND},
        {3999, 1, PARTITION_OVERLAPS, PARTITION_OVERLAPS, PARTITION_SOUND},
        {4000, 4001, PARTITION_OVERLAPS, PARTITION_SOUND, PARTITION_OVERLAPS},
        {2500, 1, PARTITION_OVERLAPS, PARTITION_OVERLAPS, PARTITION_SOUND},
        {1000, 20000, PARTITION_OVERLAPS, PARTITION_OVERLAPS, PARTITION_OVERLAPS},
        {0, 1, PARTITION_ON_TABLE, PARTITION_SOUND, PARTITION_SOUND},
        {0, 2000, PARTITION_ON_TABLE, PARTITION_SOUND, PARTITION_SOUND},
        {BLOCKS - 40, 41, PARTITION_OUTSIDE, PARTITION_SOUND, PARTITION_SOUND},
        {BLOCKS, 1, PARTITION_OUTSIDE, PARTITION_SOUND, PARTITION_SOUND},
        {10000, UINT32_MAX, PARTITION_OUTSIDE, PARTITION_SOUND, PARTITION_SOUND},
        {UINT32_MAX, UINT32_MAX, PARTITION_OUTSIDE, PARTITION_SOUND, PARTITION_SOUND},
    };
    (void)state;

    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        const size_t at = i / 2;
        const uint64_t start = cases[at].start, count = cases[at].count;
        if (i % 2 == 0) {
            (void)make_mbr(NULL);
            put_mbr_entry(0, 0x83, 2000, 2000);
            put_mbr_entry(1, 0x83, (uint32_t)start, (uint32_t)count);
            put_mbr_entry(2, 0x83, 8000, 2000);
        } else {
            (void)make_gpt_of(4096);
            put_gpt_entry(0, 2000, 3999);
            put_gpt_entry(1, start, start + count - 1);
            put_gpt_entry(2, 8000, 9999);
            memset(entries() + 128 * 127, 0, 16);
            seal_gpt();
        }
        assert_int_equal(scheme(), i % 2 == 0 ? PARTITION_MBR : PARTITION_GPT);
        assert_int_equal(partitions[0].fault, cases[at].first_fault);
        assert_int_equal(partitions[1].fault, cases[at].fault);
        assert_int_equal(partitions[2].fault, cases[at].third_fault);
        if (cases[at].fault == PARTITION_OVERLAPS) {
            assert_true(partitions[1].other == 0 || partitions[1].other == 2);
        }
    }
}

/* An extended partition is nobody's, and its blocks are nobody else's. */
static void test_what_overlaps_an_extended_partition(void **state)
{
    static const uint8_t types[] = {0x05, 0x0f, 0x85};
    (void)state;
    for (size_t i = 0; i < sizeof(types); i++) {
        (void)make_mbr(NULL);
        put_mbr_entry(0, types[i], 2000, 2000);
        put_mbr_entry(1, 0x83, 3000, 10);
        assert_int_equal(scheme(), PARTITION_MBR);
        expect(0, 0, 0);
        assert_int_equal(partitions[1].fault, PARTITION_OVERLAPS);
    }
}

static void test_gpt(void **state)
{
    (void)state;
    for (uint32_t bytes = 512; bytes <= 4096; bytes *= 2) {
        (void)make_gpt_of(bytes);
        assert_int_equal(scheme(), PARTITION_GPT);
        expect(0, 2048, 2048);
        expect(1, 0, 0);
        expect(127, 4096, BLOCKS - 34 - 4095);
        /* The same bytes, with blocks of another size: there is no header where it must be. */
        block_bytes = bytes == 512 ? 1024 : 512;
        assert_int_equal(scheme(), PARTITION_BROKEN);
    }
}

static void test_gpt_entries_that_do_not_fit(void **state)
{
    static const struct {
        uint64_t first, last;
        enum partition_fault fault;
    } cases[] = {
        {0, UINT64_MAX, PARTITION_OUTSIDE},
        {10, 9, PARTITION_OUTSIDE},
        {UINT64_MAX, UINT64_MAX, PARTITION_OUTSIDE},
        {2, 100, PARTITION_ON_TABLE},
        {33, 34, PARTITION_ON_TABLE},
        {34, 34, PARTITION_SOUND},
        {34, BLOCKS - 34, PARTITION_SOUND},
        {34, BLOCKS - 33, PARTITION_OUTSIDE},
        {BLOCKS - 33, BLOCKS - 33, PARTITION_OUTSIDE},
        {1, UINT64_MAX - 1, PARTITION_ON_TABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)make_gpt(NULL);
        memset(entries() + 128 * 127, 0, 16); /* type: unused */
        put_gpt_entry(0, cases[i].first, cases[i].last);
        seal_gpt();
        assert_int_equal(scheme(), PARTITION_GPT);
        assert_int_equal(partitions[0].fault, cases[i].fault);
        assert_int_equal(partitions[1].count, 0);
        assert_int_equal(partitions[127].count, 0);
    }
}

static void test_gpt_of_another_kind(void **state)
{
    (void)state;
    static const struct {
        unsigned offset;
        uint32_t value;
    } changes[] = {{12, 93}, {12, 512}, {72, 3},  {76, 1}, {80, 129},    {80, UINT32_MAX}, {84, 256},
                   {84, 0},  {24, 2},   {40, 33}, {40, 1}, {48, BLOCKS}, {52, 1}};

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        (void)make_gpt(NULL);
        put32(header() + changes[i].offset, changes[i].value);
        put32(header() + 16, crc32(header(), 92, 16, 20));
        assert_int_equal(scheme(), PARTITION_BROKEN);
        expect(0, 0, 0);
    }
}

static void test_gpt_checksums(void **state)
{
    (void)state;
    for (unsigned at = 512; at < 1024 + 128 * 128; at += 61) {
        (void)make_gpt(NULL);
        table[at] ^= 0x10;
        if (at < 512 + 92 || at >= 1024) {
            assert_int_not_equal(scheme(), PARTITION_GPT);
            expect(0, 0, 0);
        }
    }
    (void)make_gpt(NULL);
    table[512] = 'e'; /* the protective MBR alone gives no partition */
    put_mbr_entry(1, 0x83, 2048, 10);
    assert_int_equal(scheme(), PARTITION_BROKEN);
    expect(1, 0, 0);
    put_mbr_entry(0, 0x83, 2048, 10);
    put_mbr_entry(3, 0xee, 1, 10);
    assert_int_equal(scheme(), PARTITION_BROKEN);
    expect(0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_of_the_standard),
        cmocka_unit_test_setup(test_no_table, make_mbr),
        cmocka_unit_test_setup(test_mbr, make_mbr),
        cmocka_unit_test(test_partitions_that_are_refused),
        cmocka_unit_test(test_what_overlaps_an_extended_partition),
        cmocka_unit_test_setup(test_gpt, make_gpt),
        cmocka_unit_test_setup(test_gpt_entries_that_do_not_fit, make_gpt),
        cmocka_unit_test_setup(test_gpt_of_another_kind, make_gpt),
        cmocka_unit_test_setup(test_gpt_checksums, make_gpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
