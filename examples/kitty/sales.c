/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See sales.h. One request is under way at most; the data region holds one block, the last one of the log. */
#include "sales.h"

#include <libvmm/sddf/blk.h>
#include <libvmm/util/util.h>

#define LINES_PER_BLOCK (SDDF_BLK_BYTES / SALES_LINE_BYTES)
#define CHECKSUM_OFFSET 53 /* in a line */
#define CHECKSUM_DIGITS 8
#define NUMBER_DIGITS   6
#define SECONDS_A_DAY   86400

__attribute__((section(SDDF_BLK_CLIENT_CONFIG), used)) struct sddf_blk_client_config blk_config;

enum search {
    SEARCH_BISECTION,
    SEARCH_LAST_BLOCK,
};

static struct sddf_blk blk;
static bool is_open;
static enum sales_state state;
static enum search search;
static uint64_t block;      /* that is in memory */
static uint64_t started;    /* blocks that have lines, as far as the search knows */
static uint64_t unstarted;  /* the first block that is known to have none */
static uint32_t line_count; /* of the log */

static uint8_t *buffer(void)
{
    return blk_config.data.vaddr;
}

bool sales_open(void)
{
    is_open = sddf_magic_is(blk_config.magic, SDDF_BLK_VERSION) &&
              sddf_blk_open(&blk, &blk_config.virt, SDDF_PRODUCER) && blk_config.data.size >= SDDF_BLK_BYTES;
    return is_open;
}

uint32_t sales_count(void)
{
    return line_count;
}

static uint32_t crc32(const uint8_t *bytes, uint32_t count)
{
    uint32_t crc = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

/* Whether the line at a place of the block is that of sale `number`, in full. */
static bool has_line(uint32_t place, uint32_t number)
{
    const uint8_t *line = buffer() + (uint64_t)place * SALES_LINE_BYTES;
    char expected[CHECKSUM_DIGITS + 1];
    (void)snprintf(expected, sizeof(expected), "%06u", number);
    if (memcmp(line, expected, NUMBER_DIGITS) != 0) {
        return false;
    }
    (void)snprintf(expected, sizeof(expected), "%08x", crc32(line, CHECKSUM_OFFSET));
    return memcmp(line + CHECKSUM_OFFSET, expected, CHECKSUM_DIGITS) == 0;
}

static void ask(uint32_t code)
{
    const struct sddf_blk_request request = {
        .code = code,
        .block_number = code == SDDF_BLK_FLUSH ? 0 : block,
        .count = code == SDDF_BLK_FLUSH ? 0 : 1,
        .id = code,
    };
    if (!sddf_blk_put_request(&blk, &request)) {
        state = SALES_FAILED;
        return;
    }
    microkit_notify(blk.channel);
}

static void become_ready(void)
{
    if (line_count % LINES_PER_BLOCK == 0) {
        memset(buffer(), 0, SDDF_BLK_BYTES);
    }
    state = SALES_READY;
}

static void search_on(void)
{
    if (started < unstarted) {
        block = started + (unstarted - started) / 2;
        ask(SDDF_BLK_READ);
    } else if (started != 0) {
        search = SEARCH_LAST_BLOCK;
        block = started - 1;
        ask(SDDF_BLK_READ);
    } else {
        become_ready();
    }
}

static void search_begin(void)
{
    const uint64_t blocks = blk.info->capacity;
    state = blocks == 0 ? SALES_FAILED : SALES_SEARCHING;
    search = SEARCH_BISECTION;
    started = 0;
    unstarted = MIN(blocks, SALES_MAX / LINES_PER_BLOCK);
    if (state == SALES_SEARCHING) {
        search_on();
    }
}

static void block_was_read(void)
{
    const uint32_t first = (uint32_t)block * LINES_PER_BLOCK;
    uint32_t lines = 0;
    while (lines < LINES_PER_BLOCK && has_line(lines, first + lines + 1)) {
        lines++;
    }
    if (search == SEARCH_LAST_BLOCK) {
        line_count = first + lines;
        become_ready();
    } else if (lines != 0) {
        started = block + 1;
        search_on();
    } else {
        unstarted = block;
        search_on();
    }
}

/* A block was written: then the disk is flushed; then the sale is recorded. */
static void request_is_done(uint32_t code)
{
    if (code == SDDF_BLK_READ) {
        block_was_read();
    } else if (code == SDDF_BLK_WRITE) {
        ask(SDDF_BLK_FLUSH);
    } else {
        line_count++;
        become_ready();
    }
}

enum sales_state sales_step(void)
{
    struct sddf_blk_response response;

    if (is_open && state == SALES_ABSENT && sddf_blk_is_ready(blk.info)) {
        search_begin();
    }
    while (is_open && sddf_blk_take_response(&blk, &response)) {
        if (response.status == SDDF_BLK_OK) {
            request_is_done(response.id);
        } else {
            LOG_VMM_ERR("the disk answers with status %u to request %u\n", response.status, response.id);
            state = SALES_FAILED;
        }
    }
    return state;
}

struct date {
    uint32_t year;
    uint32_t month; /* 1 to 12 */
    uint32_t day;   /* 1 to 31 */
};

/* In the calendar of ISO 8601, from days since 1970. */
static struct date date_of(uint64_t days)
{
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct date date = {1970, 1, 1};
    for (;;) {
        const bool is_leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;
        const uint32_t length = lengths[date.month - 1] + (is_leap && date.month == 2 ? 1u : 0u);
        if (days < length) {
            date.day = (uint32_t)days + 1;
            return date;
        }
        days -= length;
        date.year += date.month == 12 ? 1 : 0;
        date.month = date.month % 12 + 1;
    }
}

static void write_line(uint8_t *line, uint32_t number, const struct sale *sale)
{
    char text[SALES_LINE_BYTES + 1];
    const struct date date = date_of(sale->time / SECONDS_A_DAY);
    const uint32_t seconds = (uint32_t)(sale->time % SECONDS_A_DAY);
    (void)snprintf(text, sizeof(text), "%06u %04u-%02u-%02uT%02u:%02u:%02uZ %-8s %7u.%02u %4s ", number, date.year,
                   date.month, date.day, seconds / 3600, seconds / 60 % 60, seconds % 60,
                   sale->is_paid ? "paid" : "refused", sale->amount / 100, sale->amount % 100, sale->card);
    const size_t length = strnlen(text, CHECKSUM_OFFSET);
    (void)snprintf(text + length, sizeof(text) - length, "%08x  \n", crc32((const uint8_t *)text, CHECKSUM_OFFSET));
    memcpy(line, text, SALES_LINE_BYTES);
}

void sales_append(const struct sale *sale)
{
    block = line_count / LINES_PER_BLOCK;
    if (block >= MIN(blk.info->capacity, SALES_MAX / LINES_PER_BLOCK)) {
        LOG_VMM_ERR("the log is full: %u sales\n", line_count);
        state = SALES_FAILED;
        return;
    }
    write_line(buffer() + (uint64_t)(line_count % LINES_PER_BLOCK) * SALES_LINE_BYTES, line_count + 1, sale);
    state = SALES_WRITING;
    ask(SDDF_BLK_WRITE);
}
