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
#define MBR_TYPE_LBA      0x0f /* extended too */
#define MBR_TYPE_LINUX    0x85 /* extended too */
#define MBR_TYPE_GPT      0xee

#define GPT_HEADER_LBA      1
#define GPT_HEADER_BYTES    92
#define GPT_ENTRIES_LBA     2
#define GPT_HEADER_SIZE     12
#define GPT_HEADER_CRC      16
#define GPT_MY_LBA          24
#define GPT_FIRST_USABLE    40
#define GPT_LAST_USABLE     48
#define GPT_ENTRIES_START   72
#define GPT_ENTRY_COUNT     80
#define GPT_ENTRY_SIZE      84
#define GPT_ENTRIES_CRC     88
#define GPT_ENTRY_FIRST_LBA 32
#define GPT_ENTRY_LAST_LBA  40

/* The first bytes of a disk, and what may have partitions on it: first to last, in logical blocks. */
struct disk {
    const uint8_t *table;
    uint32_t block_bytes;
    uint64_t blocks;
    uint64_t first;
    uint64_t last;
};

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

/* A partition that has at least one block. */
static struct partition make(const struct disk *disk, uint64_t start, uint64_t count)
{
    enum partition_fault fault = PARTITION_SOUND;
    if (start < disk->first) {
        fault = PARTITION_ON_TABLE;
    } else if (start > disk->last || count - 1 > disk->last - start) {
        fault = PARTITION_OUTSIDE;
    }
    return (struct partition){start, count, fault, 0};
}

static enum partition_scheme read_mbr(struct disk *disk, struct partition *partitions)
{
    disk->first = 1;
    disk->last = disk->blocks - 1;
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
        const uint8_t *entry = &disk->table[MBR_ENTRIES + i * MBR_ENTRY_BYTES];
        if (entry[4] == MBR_TYPE_GPT) {
            return PARTITION_BROKEN;
        }
        if (entry[4] != MBR_TYPE_NONE && get32(entry + 12) != 0) {
            partitions[i] = make(disk, get32(entry + 8), get32(entry + 12));
        }
    }
    return PARTITION_MBR;
}

/* What an extended partition has inside is left out. Its blocks are its own all the same. */
static void drop_extended(const struct disk *disk, struct partition *partitions)
{
    for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
        const uint8_t type = disk->table[MBR_ENTRIES + i * MBR_ENTRY_BYTES + 4];
        if (type == MBR_TYPE_EXTENDED || type == MBR_TYPE_LBA || type == MBR_TYPE_LINUX) {
            partitions[i] = (struct partition){0};
        }
    }
}

static const uint8_t *gpt_header(const struct disk *disk)
{
    return &disk->table[(size_t)disk->block_bytes * GPT_HEADER_LBA];
}

static const uint8_t *gpt_entries(const struct disk *disk)
{
    return &disk->table[(size_t)disk->block_bytes * GPT_ENTRIES_LBA];
}

static bool has_gpt(const struct disk *disk)
{
    static const char signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
    for (unsigned i = 0; i < sizeof(signature); i++) {
        if (gpt_header(disk)[i] != (uint8_t)signature[i]) {
            return false;
        }
    }
    return true;
}

/* The table is whole, of the supported kind, and keeps its own blocks and the disk's end out of its partitions. */
static bool is_sound(const struct disk *disk)
{
    const uint8_t *header = gpt_header(disk);
    const uint32_t count = get32(header + GPT_ENTRY_COUNT);
    const uint64_t first_usable = get64(header + GPT_FIRST_USABLE);
    const uint64_t entries_bytes = (uint64_t)count * PARTITION_GPT_ENTRY_BYTES;

    return get32(header + GPT_HEADER_SIZE) == GPT_HEADER_BYTES && get64(header + GPT_MY_LBA) == GPT_HEADER_LBA &&
           get64(header + GPT_ENTRIES_START) == GPT_ENTRIES_LBA &&
           get32(header + GPT_ENTRY_SIZE) == PARTITION_GPT_ENTRY_BYTES && count <= PARTITIONS_MAX &&
           first_usable >= GPT_ENTRIES_LBA + (entries_bytes + disk->block_bytes - 1) / disk->block_bytes &&
           get64(header + GPT_LAST_USABLE) < disk->blocks &&
           crc32(header, GPT_HEADER_BYTES, GPT_HEADER_CRC, GPT_HEADER_CRC + 4) == get32(header + GPT_HEADER_CRC) &&
           crc32(gpt_entries(disk), entries_bytes, 0, 0) == get32(header + GPT_ENTRIES_CRC);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static enum partition_scheme read_gpt(struct disk *disk, struct partition *partitions)
{
    if (!is_sound(disk)) {
        return PARTITION_BROKEN;
    }
    disk->first = get64(gpt_header(disk) + GPT_FIRST_USABLE);
    disk->last = get64(gpt_header(disk) + GPT_LAST_USABLE);
    for (uint32_t i = 0; i < get32(gpt_header(disk) + GPT_ENTRY_COUNT); i++) {
        const uint8_t *entry = gpt_entries(disk) + (size_t)i * PARTITION_GPT_ENTRY_BYTES;
        const uint64_t first = get64(entry + GPT_ENTRY_FIRST_LBA);
        const uint64_t last = get64(entry + GPT_ENTRY_LAST_LBA);
        if (is_zero(entry, 16)) {
            continue; /* its type: unused */
        }
        if (last < first || last - first == UINT64_MAX) {
            partitions[i] = (struct partition){first, 1, PARTITION_OUTSIDE, 0};
        } else {
            partitions[i] = make(disk, first, last - first + 1);
        }
    }
    return PARTITION_GPT;
}

static bool overlap(const struct partition *a, const struct partition *b)
{
    return a->start < b->start ? b->start - a->start < a->count : a->start - b->start < b->count;
}

static void find_overlaps(struct partition *partitions)
{
    for (unsigned i = 0; i < PARTITIONS_MAX; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (partitions[i].count != 0 && partitions[j].count != 0 && overlap(&partitions[i], &partitions[j])) {
                partitions[i].fault = PARTITION_OVERLAPS;
                partitions[i].other = j;
                partitions[j].fault = PARTITION_OVERLAPS;
                partitions[j].other = i;
            }
        }
    }
}

enum partition_scheme partition_read(const uint8_t *table, uint32_t block_bytes, uint64_t blocks,
                                     struct partition *partitions)
{
    struct disk disk = {.table = table, .block_bytes = block_bytes, .blocks = blocks};
    enum partition_scheme scheme;

    for (unsigned i = 0; i < PARTITIONS_MAX; i++) {
        partitions[i] = (struct partition){0};
    }
    if (blocks == 0 || table[MBR_SIGNATURE] != 0x55 || table[MBR_SIGNATURE + 1] != 0xaa) {
        partitions[0].count = blocks;
        return PARTITION_NONE;
    }
    scheme = has_gpt(&disk) ? read_gpt(&disk, partitions) : read_mbr(&disk, partitions);
    if (scheme == PARTITION_BROKEN) {
        for (unsigned i = 0; i < MBR_ENTRY_COUNT; i++) {
            partitions[i] = (struct partition){0};
        }
        return scheme;
    }
    find_overlaps(partitions);
    if (scheme == PARTITION_MBR) {
        drop_extended(&disk, partitions);
    }
    return scheme;
}
