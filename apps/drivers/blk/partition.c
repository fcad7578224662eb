/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See partition.h. */
#include "blk/partition.h"

#define MBR_ENTRIES       446
#define MBR_ENTRY_BYTES   16
#define MBR_ENTRY_COUNT   4
#define MBR_SIGNATURE     510
#define MBR_TYPE_NONE     0x00
#define MBR_TYPE_EXTENDED 0x05
#define MBR_TYPE_LBA      0x0f
#define MBR_TYPE_GPT      0xee

#define GPT_HEADER          512
#define GPT_HEADER_BYTES    92
#define GPT_ENTRIES_SECTOR  2
#define GPT_ENTRIES         1024
#define GPT_ENTRY_BYTES     128
#define GPT_HEADER_CRC      16
#define GPT_ENTRIES_LBA     72
#define GPT_ENTRY_COUNT     80
#define GPT_ENTRY_SIZE      84
#define GPT_ENTRIES_CRC     88
#define GPT_ENTRY_FIRST_LBA 32
#define GPT_ENTRY_LAST_LBA  40

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

/* CRC-32 of [UEFI 5.3.2]: reflected, polynomial 0x04c11db7. Bytes `from` to `to` count as zeros. */
static uint32_t crc32(const uint8_t *bytes, size_t length, size_t from, size_t to)
{
    uint32_t crc = ~UINT32_C(0);

    for (size_t i = 0; i < length; i++) {
        crc ^= i >= from && i < to ? 0 : bytes[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
        }
    }
    return ~crc;
}

static struct partition inside(uint64_t sectors, uint64_t start, uint64_t count)
{
    if (start >= sectors || count > sectors - start) {
        return (struct partition){0};
    }
    return (struct partition){start, count};
}

static enum partition_scheme read_mbr(const uint8_t *table, uint64_t sectors, struct partition *partitions)
{
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
        const uint8_t *entry = &table[MBR_ENTRIES + i * MBR_ENTRY_BYTES];
        uint8_t type = entry[4];
        if (type == MBR_TYPE_GPT) {
            return PARTITION_BROKEN;
        }
        if (type != MBR_TYPE_NONE && type != MBR_TYPE_EXTENDED && type != MBR_TYPE_LBA) {
            partitions[i] = inside(sectors, get32(entry + 8), get32(entry + 12));
        }
    }
    return PARTITION_MBR;
}

static bool has_gpt(const uint8_t *table)
{
    static const char signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
    for (unsigned i = 0; i < sizeof(signature); i++) {
        if (table[GPT_HEADER + i] != (uint8_t)signature[i]) {
            return false;
        }
    }
    return true;
}

static bool is_sound(const uint8_t *table)
{
    const uint8_t *header = &table[GPT_HEADER];
    uint32_t count = get32(header + GPT_ENTRY_COUNT);

    return get32(header + 12) == GPT_HEADER_BYTES && get64(header + GPT_ENTRIES_LBA) == GPT_ENTRIES_SECTOR &&
           get32(header + GPT_ENTRY_SIZE) == GPT_ENTRY_BYTES && count <= PARTITIONS_MAX &&
           crc32(header, GPT_HEADER_BYTES, GPT_HEADER_CRC, GPT_HEADER_CRC + 4) == get32(header + GPT_HEADER_CRC) &&
           crc32(&table[GPT_ENTRIES], (size_t)count * GPT_ENTRY_BYTES, 0, 0) == get32(header + GPT_ENTRIES_CRC);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static enum partition_scheme read_gpt(const uint8_t *table, uint64_t sectors, struct partition *partitions)
{
    if (!is_sound(table)) {
        return PARTITION_BROKEN;
    }
    uint32_t count = get32(&table[GPT_HEADER + GPT_ENTRY_COUNT]);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = &table[GPT_ENTRIES + i * GPT_ENTRY_BYTES];
        uint64_t first = get64(entry + GPT_ENTRY_FIRST_LBA);
        uint64_t last = get64(entry + GPT_ENTRY_LAST_LBA);
        if (!is_zero(entry, 16) && last >= first && last - first < UINT64_MAX) {
            partitions[i] = inside(sectors, first, last - first + 1);
        }
    }
    return PARTITION_GPT;
}

enum partition_scheme partition_read(const uint8_t *table, uint64_t sectors, struct partition *partitions)
{
    for (unsigned i = 0; i < PARTITIONS_MAX; i++) {
        partitions[i] = (struct partition){0};
    }
    if (table[MBR_SIGNATURE] != 0x55 || table[MBR_SIGNATURE + 1] != 0xaa) {
        partitions[0] = (struct partition){0, sectors};
        return PARTITION_NONE;
    }
    return has_gpt(table) ? read_gpt(table, sectors, partitions) : read_mbr(table, sectors, partitions);
}
