/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Serves the VMM's devices: what is sent to the console comes back, the disk is in memory.
 */
#include <microkit.h>

#include "connections.h"

#define SERIAL_CH 0
#define BLK_CH    1

static const struct sddf_serial_connection rx_connection = SERIAL_REGION(0, SERIAL_CH);
static const struct sddf_serial_connection tx_connection = SERIAL_REGION(2, SERIAL_CH);
static const struct sddf_blk_connection blk_connection = BLK_CONNECTION(BLK_CH);

static struct sddf_serial rx;
static struct sddf_serial tx;
static struct sddf_blk blk;
static uint64_t disk[DISK_BLOCKS * SDDF_BLK_BYTES / sizeof(uint64_t)];

static void copy_block(uint64_t *to, const uint64_t *from)
{
    for (unsigned i = 0; i < SDDF_BLK_BYTES / sizeof *to; i++) {
        to[i] = from[i];
    }
}

static bool move_characters(void)
{
    bool has_moved = false;
    uint8_t *bytes;
    while (sddf_serial_available(&rx) != 0 && sddf_serial_piece(&tx, &bytes) != 0) {
        sddf_serial_write(&rx, bytes, 1);
        sddf_serial_advance(&tx, 1);
        has_moved = true;
    }
    return has_moved;
}

static void echo(void)
{
    bool has_moved = false;
    do {
        has_moved |= move_characters();
    } while (sddf_serial_available(&tx) != 0 && !sddf_serial_wait_for_room(&rx));
    const bool is_waited_for = sddf_serial_producer_waits(&tx);
    if (has_moved || is_waited_for) {
        microkit_notify(SERIAL_CH);
    }
}

static void transfer(const struct sddf_blk_request *request)
{
    for (uint16_t i = 0; i < request->count; i++) {
        uint64_t *block = &disk[(request->block_number + i) * SDDF_BLK_BYTES / sizeof *disk];
        uint64_t *data = (uint64_t *)BLK_DATA + (request->io_or_offset + i * SDDF_BLK_BYTES) / sizeof *data;
        if (request->code == SDDF_BLK_READ) {
            copy_block(data, block);
        } else {
            copy_block(block, data);
        }
    }
}

static void serve_disk(void)
{
    struct sddf_blk_request request;
    while (sddf_blk_take_request(&blk, &request)) {
        const bool is_inside = request.block_number + request.count <= DISK_BLOCKS;
        if (is_inside && request.code <= SDDF_BLK_WRITE) {
            transfer(&request);
        }
        const struct sddf_blk_response response = {
            .status = is_inside ? SDDF_BLK_OK : SDDF_BLK_INVALID, .success_count = request.count, .id = request.id};
        (void)sddf_blk_put_response(&blk, &response);
    }
    microkit_notify(BLK_CH);
}

void init(void)
{
    if (!sddf_serial_open(&rx, &rx_connection, SDDF_PRODUCER) ||
        !sddf_serial_open(&tx, &tx_connection, SDDF_CONSUMER) || !sddf_blk_open(&blk, &blk_connection, SDDF_CONSUMER)) {
        microkit_dbg_puts("backend: the regions do not fit\n");
        return;
    }
    blk.info->sector_size = 512;
    blk.info->capacity = DISK_BLOCKS;
    blk.info->serial_number[0] = 'M';
    sddf_blk_set_ready(blk.info, true);
    microkit_notify(BLK_CH);
}

void notified(microkit_channel ch)
{
    if (ch == SERIAL_CH) {
        echo();
    } else {
        serve_disk();
    }
}
