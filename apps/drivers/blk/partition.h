/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Partition tables: MBR (the four primary partitions) and GPT [UEFI 5]. From the first bytes of a disk to a list of
 * partitions; what the disk says is checked, because anybody may have written it. All numbers count logical blocks of
 * the disk [UEFI 5.2.1], which have 512 to 4096 bytes: nothing here counts sectors of 512 bytes.
 *
 * A partition that is not sound is none, and says why. Two that overlap are none both: neither may be trusted.
 *
 * Left out: logical partitions of an MBR, the backup GPT at the disk's end, entries of a GPT that begin elsewhere than
 * in block 2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITIONS_MAX            128
#define PARTITION_BLOCK_BYTES_MIN 512
#define PARTITION_BLOCK_BYTES_MAX 4096
#define PARTITION_GPT_ENTRY_BYTES 128
/*
 * How much of a disk's start must be at hand, with logical blocks of this size: MBR, GPT header, 128 entries; in whole
 * units of 4096 bytes.
 */
#define PARTITION_TABLE_BYTES(block_bytes)                                                                             \
    ((UINT64_C(2) * (block_bytes) + PARTITIONS_MAX * PARTITION_GPT_ENTRY_BYTES + 4095) & ~UINT64_C(4095))

enum partition_fault {
    PARTITION_SOUND,
    PARTITION_OUTSIDE,  /* it does not lie on the disk, or not in what a GPT has for partitions */
    PARTITION_ON_TABLE, /* it covers the partition table */
    PARTITION_OVERLAPS, /* it has blocks of `other` too */
};

struct partition {
    uint64_t start; /* in logical blocks */
    uint64_t count; /* 0: there is no such partition */
    enum partition_fault fault;
    unsigned other; /* index of the other partition, of PARTITION_OVERLAPS */
};

enum partition_scheme {
    PARTITION_NONE, /* no table: the whole disk is partition 0 */
    PARTITION_MBR,
    PARTITION_GPT,
    PARTITION_BROKEN, /* a GPT whose checksums are wrong, or of a kind that is left out: no partitions */
};

/**
 * Reads a partition table.
 *
 * @param table        the disk's first PARTITION_TABLE_BYTES(block_bytes); zeros where the disk is smaller.
 * @param block_bytes  size of a logical block: a power of two, PARTITION_BLOCK_BYTES_MIN to _MAX.
 * @param blocks       size of the disk in logical blocks.
 * @param partitions   filled in, PARTITIONS_MAX of them. Only those without a fault may be used.
 */
enum partition_scheme partition_read(const uint8_t *table, uint32_t block_bytes, uint64_t blocks,
                                     struct partition *partitions);
