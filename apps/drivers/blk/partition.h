/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Partition tables: MBR (the four primary partitions) and GPT [UEFI 5]. From the first bytes of a disc to a list of
 * partitions; what the disc says is checked, because anybody may have written it.
 *
 * Left out: logical partitions of an MBR, the backup GPT at the disc's end, entries of a GPT that begin elsewhere than
 * in sector 2, sectors of other than 512 bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITIONS_MAX         128
#define PARTITION_SECTOR_BYTES 512
/* How much of a disc's start must be at hand: MBR, GPT header, 128 entries of 128 bytes; in whole blocks of 4096. */
#define PARTITION_TABLE_BYTES 20480

struct partition {
    uint64_t start; /* in sectors */
    uint64_t count; /* 0: there is no such partition */
};

enum partition_scheme {
    PARTITION_NONE, /* no table: the whole disc is partition 0 */
    PARTITION_MBR,
    PARTITION_GPT,
    PARTITION_BROKEN, /* a GPT whose checksums are wrong, or of a kind that is left out: no partitions */
};

/**
 * Reads a partition table.
 *
 * @param table       the disc's first PARTITION_TABLE_BYTES; zeros where the disc is smaller.
 * @param sectors     size of the disc in sectors. A partition that does not lie inside is none.
 * @param partitions  filled in, PARTITIONS_MAX of them.
 */
enum partition_scheme partition_read(const uint8_t *table, uint64_t sectors, struct partition *partitions);
