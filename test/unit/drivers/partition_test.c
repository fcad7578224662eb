/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Partition tables, sound and broken. */
#include "unit.h"

#include "../../../apps/drivers/blk/partition.c"

#define SECTORS 100000

static uint8_t table[PARTITION_TABLE_BYTES];
static struct partition partitions[PARTITIONS_MAX];

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
    uint8_t *header = &table[512];
    put32(header + 88, crc32(&table[1024], get32(header + 80) * (size_t)128, 0, 0));
    put32(header + 16, crc32(header, 92, 16, 20));
}

static void put_gpt_entry(unsigned index, uint64_t first, uint64_t last)
{
    uint8_t *entry = &table[1024 + 128 * index];
    memset(entry, 7, 16);
    put64(entry + 32, first);
    put64(entry + 40, last);
}

static int make_gpt(void **state)
{
    (void)state;
    uint8_t *header = &table[512];

    memset(table, 0, sizeof(table));
    put_mbr_entry(0, 0xee, 1, SECTORS - 1);
    memcpy(header, "EFI PART", 8);
    put32(header + 12, 92);
    put64(header + 72, 2);
    put32(header + 80, 128);
    put32(header + 84, 128);
    put_gpt_entry(0, 2048, 4095);
    put_gpt_entry(127, 4096, SECTORS - 1);
    seal_gpt();
    return 0;
}

static enum partition_scheme scheme(void)
{
    return partition_read(table, SECTORS, partitions);
}

static void expect(unsigned index, uint64_t start, uint64_t count)
{
    assert_int_equal(partitions[index].start, start);
    assert_int_equal(partitions[index].count, count);
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
    expect(0, 0, SECTORS);
    expect(1, 0, 0);
}

static void test_mbr(void **state)
{
    (void)state;
    memset(table, 0, sizeof(table));
    put_mbr_entry(0, 0x83, 2048, 1000);
    put_mbr_entry(1, 0x05, 4096, 1000); /* extended */
    put_mbr_entry(2, 0x83, SECTORS - 1, 1);
    put_mbr_entry(3, 0x83, SECTORS - 1, 2);
    assert_int_equal(scheme(), PARTITION_MBR);
    expect(0, 2048, 1000);
    expect(1, 0, 0);
    expect(2, SECTORS - 1, 1);
    expect(3, 0, 0);
    put_mbr_entry(0, 0x83, UINT32_MAX, UINT32_MAX);
    assert_int_equal(scheme(), PARTITION_MBR);
    expect(0, 0, 0);
}

static void test_gpt(void **state)
{
    (void)state;
    assert_int_equal(scheme(), PARTITION_GPT);
    expect(0, 2048, 2048);
    expect(1, 0, 0);
    expect(127, 4096, SECTORS - 4096);
}

static void test_gpt_entries_that_do_not_fit(void **state)
{
    (void)state;
    put_gpt_entry(0, 0, UINT64_MAX);
    put_gpt_entry(1, 10, 9);
    put_gpt_entry(2, UINT64_MAX, UINT64_MAX);
    put_gpt_entry(3, 2, SECTORS);
    memset(&table[1024 + 128 * 127], 0, 16); /* type: unused */
    seal_gpt();
    assert_int_equal(scheme(), PARTITION_GPT);
    for (unsigned i = 0; i < PARTITIONS_MAX; i++) {
        expect(i, 0, 0);
    }
}

static void test_gpt_of_another_kind(void **state)
{
    (void)state;
    static const struct {
        unsigned offset;
        uint32_t value;
    } changes[] = {{12, 93}, {12, 512}, {72, 3}, {76, 1}, {80, 129}, {80, UINT32_MAX}, {84, 256}, {84, 0}};

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        (void)make_gpt(NULL);
        put32(&table[512 + changes[i].offset], changes[i].value);
        put32(&table[512 + 16], crc32(&table[512], 92, 16, 20));
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
    assert_int_equal(scheme(), PARTITION_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_of_the_standard),
        cmocka_unit_test(test_no_table),
        cmocka_unit_test(test_mbr),
        cmocka_unit_test_setup(test_gpt, make_gpt),
        cmocka_unit_test_setup(test_gpt_entries_that_do_not_fit, make_gpt),
        cmocka_unit_test_setup(test_gpt_of_another_kind, make_gpt),
        cmocka_unit_test_setup(test_gpt_checksums, make_gpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
