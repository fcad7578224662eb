/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The block jobs of a client; see client.h. */
#include "client.h"

#define DEPTH  32 /* requests under way */
#define BLOCKS 64 /* blocks of a round */

__attribute__((section(SDDF_BLK_CLIENT_CONFIG), used)) struct sddf_blk_client_config blk_config;

static struct sddf_blk blk;
static unsigned seed;
static unsigned rounds;
static unsigned round_number;
static unsigned asked;
static unsigned answered;
static unsigned wrong;

enum phase {
    PHASE_WRITE,
    PHASE_FLUSH,
    PHASE_READ,
};
static enum phase phase;

bool blk_start(void)
{
    return sddf_magic_is(blk_config.magic, SDDF_BLK_VERSION) && sddf_blk_open(&blk, &blk_config.virt, SDDF_PRODUCER) &&
           blk_config.data.size >= DEPTH * SDDF_BLK_BYTES;
}

static uint64_t *buffer_of(unsigned id)
{
    return (uint64_t *)((uint8_t *)blk_config.data.vaddr + (uint64_t)(id % DEPTH) * SDDF_BLK_BYTES);
}

static uint64_t word_of(uint64_t block, unsigned index)
{
    return (block * 512 + index + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ seed;
}

/* Blocks of a round are spread over the partition, and those of the next one are others. */
static uint64_t block_of(unsigned id)
{
    return ((uint64_t)id * 31 + round_number * BLOCKS + seed) % blk.info->capacity;
}

static void fill(unsigned id)
{
    for (unsigned i = 0; i < SDDF_BLK_BYTES / 8; i++) {
        buffer_of(id)[i] = phase == PHASE_WRITE ? word_of(block_of(id), i) : 0;
    }
}

static void ask(void)
{
    struct sddf_blk_request request = {.id = asked};

    if (phase == PHASE_FLUSH) {
        request.code = SDDF_BLK_FLUSH;
    } else {
        fill(asked);
        request.code = phase == PHASE_WRITE ? SDDF_BLK_WRITE : SDDF_BLK_READ;
        request.io_or_offset = (uint64_t)((uint8_t *)buffer_of(asked) - (uint8_t *)blk_config.data.vaddr);
        request.block_number = block_of(asked);
        request.count = 1;
    }
    if (!sddf_blk_put_request(&blk, &request)) {
        wrong++;
    }
    asked++;
}

static void judge(const struct sddf_blk_response *response)
{
    bool is_data = phase != PHASE_FLUSH;

    if (response->status != SDDF_BLK_OK || (is_data && response->success_count != 1) || response->id >= asked) {
        wrong++;
        return;
    }
    for (unsigned i = 0; phase == PHASE_READ && i < SDDF_BLK_BYTES / 8; i++) {
        if (buffer_of(response->id)[i] != word_of(block_of(response->id), i)) {
            wrong++;
            return;
        }
    }
}

static bool next_phase(void)
{
    asked = 0;
    answered = 0;
    if (phase == PHASE_READ) {
        round_number++;
    }
    phase = phase == PHASE_READ ? PHASE_WRITE : phase + 1;
    return round_number == rounds;
}

/* Buffers are used in turn: a batch of DEPTH is asked for at once, and the next one when all have been answered. */
static void ask_batch(void)
{
    unsigned count = phase == PHASE_FLUSH ? 1 : DEPTH;

    sddf_blk_set_plugged(&blk, true);
    for (unsigned i = 0; i < count; i++) {
        ask();
    }
    sddf_blk_set_plugged(&blk, false);
    microkit_notify(blk.channel);
}

static bool verify_step(void)
{
    struct sddf_blk_response response;

    if (!sddf_blk_is_ready(blk.info)) {
        return false;
    }
    while (sddf_blk_take_response(&blk, &response)) {
        judge(&response);
        answered++;
    }
    if (answered < asked) {
        return false;
    }
    if (asked == (phase == PHASE_FLUSH ? 1 : BLOCKS) && next_phase()) {
        say("%s: %u blocks of %lu, %s%u wrong\n", microkit_name, rounds * BLOCKS, (unsigned long)blk.info->capacity,
            wrong != 0 ? "BAD " : "", wrong);
        return true;
    }
    ask_batch();
    return false;
}

job_t blk_verify(unsigned new_seed, unsigned new_rounds)
{
    seed = new_seed;
    rounds = new_rounds;
    round_number = 0;
    phase = PHASE_WRITE;
    asked = 0;
    answered = 0;
    wrong = 0;
    return verify_step;
}

/* Wrong requests, and what must come of them. Each is asked for alone. */
static struct {
    const char *what;
    struct sddf_blk_request request;
} const wrongs[] = {
    {"code", {.code = 77, .count = 1}},
    {"no blocks", {.code = SDDF_BLK_READ}},
    {"behind the end", {.code = SDDF_BLK_WRITE, .block_number = 1 << 30, .count = 1}},
    {"over the end", {.code = SDDF_BLK_READ, .block_number = 2047, .count = 2}},
    {"block that wraps", {.code = SDDF_BLK_WRITE, .block_number = UINT64_MAX, .count = 2}},
    {"buffer behind the end", {.code = SDDF_BLK_READ, .io_or_offset = 0x40000, .count = 1}},
    {"buffer over the end", {.code = SDDF_BLK_READ, .io_or_offset = 0x3f001, .count = 1}},
    {"buffer that wraps", {.code = SDDF_BLK_READ, .io_or_offset = UINT64_MAX - 4095, .count = 1}},
    {"write to a read-only disk", {.code = SDDF_BLK_WRITE, .count = 1}}, /* the last */
};
static unsigned wrong_count;

static bool range_step(void)
{
    struct sddf_blk_response response;

    while (sddf_blk_take_response(&blk, &response)) {
        bool is_refused = response.status == SDDF_BLK_INVALID && response.id == asked - 1;
        say("%s: %s%s is refused\n", microkit_name, is_refused ? "" : "BAD not ", wrongs[asked - 1].what);
        answered++;
    }
    if (asked == answered && asked < wrong_count) {
        struct sddf_blk_request request = wrongs[asked].request;
        request.id = asked++;
        (void)sddf_blk_put_request(&blk, &request);
        microkit_notify(blk.channel);
    }
    return answered == wrong_count;
}

job_t blk_out_of_range(unsigned is_read_only, unsigned unused)
{
    (void)unused;
    wrong_count = (unsigned)ARRAY_SIZE(wrongs) - (is_read_only != 0 ? 0 : 1);
    asked = 0;
    answered = 0;
    return range_step;
}

static struct sddf_blk_request single;

static bool status_step(void)
{
    struct sddf_blk_response response;

    if (asked == 0) {
        asked = 1;
        (void)sddf_blk_put_request(&blk, &single);
        microkit_notify(blk.channel);
    }
    if (!sddf_blk_take_response(&blk, &response)) {
        return false;
    }
    say("%s: status %u, %u blocks\n", microkit_name, response.status, response.success_count);
    return true;
}

job_t blk_status(unsigned block, unsigned code)
{
    single = (struct sddf_blk_request){.code = code, .block_number = block, .count = 1};
    asked = 0;
    return status_step;
}

/* A write, a barrier, a read of the same block into another buffer: in order, and the read sees the write. */
static bool barrier_step(void)
{
    struct sddf_blk_response response;

    while (sddf_blk_take_response(&blk, &response)) {
        wrong += response.status != SDDF_BLK_OK || response.id != answered;
        answered++;
    }
    if (asked == 0) {
        buffer_of(0)[0] = 0x1234567;
        buffer_of(1)[0] = 0;
        const struct sddf_blk_request requests[] = {
            {.code = SDDF_BLK_WRITE, .block_number = 9, .count = 1, .id = 0},
            {.code = SDDF_BLK_BARRIER, .id = 1},
            {.code = SDDF_BLK_READ, .io_or_offset = SDDF_BLK_BYTES, .block_number = 9, .count = 1, .id = 2},
        };
        for (; asked < ARRAY_SIZE(requests); asked++) {
            (void)sddf_blk_put_request(&blk, &requests[asked]);
        }
        microkit_notify(blk.channel);
    }
    if (answered < asked) {
        return false;
    }
    wrong += buffer_of(1)[0] != 0x1234567;
    say("%s: barrier, %s%u wrong\n", microkit_name, wrong != 0 ? "BAD " : "", wrong);
    return true;
}

job_t blk_barrier(unsigned unused, unsigned unused2)
{
    (void)unused;
    (void)unused2;
    asked = 0;
    answered = 0;
    wrong = 0;
    return barrier_step;
}
