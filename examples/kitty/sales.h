/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The log of sales, on a partition of a disk by sDDF's block queues. It is text, a line of 64 bytes a sale:
 *
 *     000012 2026-01-31T12:34:56Z paid         12.50 1111 0f3ab1c9
 *     number  date and time, UTC  how it ended   EUR card checksum
 *
 * Lines follow one another from the partition's start, 64 a block; behind the last one is anything else. The checksum
 * is CRC-32 [IEEE 802.3] of what is before it. A sale is recorded when its line is on the disk and the disk has been
 * flushed. Of the card, the last four digits are kept.
 *
 * At the start the end of the log is looked for: by bisection for the last block that has lines of the log, then in it.
 * A line that is not there in full, because the machine went off, is written over by the next one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SALES_LINE_BYTES 64
#define SALES_CARD_BYTES 5
#define SALES_MAX        999999

struct sale {
    uint64_t time; /* seconds since 1970 */
    uint32_t amount;
    bool is_paid;
    char card[SALES_CARD_BYTES]; /* last four digits, ended by a zero */
};

enum sales_state {
    SALES_ABSENT,    /* there is no disk yet */
    SALES_SEARCHING, /* for the end of the log */
    SALES_READY,
    SALES_WRITING,
    SALES_FAILED, /* the disk cannot be read or written, or is full */
};

/* Opens the connection. False: the section of the configuration is not filled in. */
bool sales_open(void);

/* Goes on, after a notification on any channel. */
enum sales_state sales_step(void);

/* Begins to write a line; for SALES_READY. When the state is SALES_READY again, it is on the disk. */
void sales_append(const struct sale *sale);

/* The number of sales that are recorded. */
uint32_t sales_count(void);
