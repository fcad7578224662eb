/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The block device: any requests, over a backend that answers late, in part, wrongly, twice or
 * never. What it is asked for is
 * always inside of the data region and of the disk.
 */
#include "virtio_harness.h"

#include <string.h>

#include <libvmm/virtio/blk.h>

#define ENTRIES     8
#define DISK_BLOCKS 64
#define DATA_BLOCKS 8
#define CHANNEL     20

static struct virtio_blk blk;
static struct sddf_blk_client_config config;
static _Alignas(8) uint8_t requests[16 + ENTRIES * 32];
static _Alignas(8) uint8_t responses[8 + ENTRIES * 12];
static _Alignas(8) struct sddf_blk_storage_info info;
static _Alignas(4096) uint8_t data[DATA_BLOCKS * 4096];
static struct sddf_blk virt;
static struct sddf_blk_request taken[ENTRIES];
static unsigned taken_count;

static void init(struct virtio_place place)
{
    memset(requests, 0, sizeof requests);
    memset(responses, 0, sizeof responses);
    memset(&info, 0, sizeof info);
    taken_count = 0;
    memcpy(config.magic, "sDDF\2", 5);
    config.virt = (struct sddf_blk_connection){
        {&info, sizeof info}, {requests, sizeof requests}, {responses, sizeof responses}, ENTRIES, CHANNEL};
    config.data = (struct sddf_region){data, sizeof data};
    info.capacity = DISK_BLOCKS;
    info.ready = true;
    MACHINE_REQUIRE(sddf_blk_open(&virt, &config.virt, SDDF_CONSUMER));
    MACHINE_REQUIRE(virtio_blk_init(&blk, place, &config, 2));
}

static void check(const struct sddf_blk_request *request)
{
    MACHINE_REQUIRE(request->code <= SDDF_BLK_FLUSH);
    MACHINE_REQUIRE(request->io_or_offset % 4096 == 0);
    MACHINE_REQUIRE(request->io_or_offset + request->count * 4096u <= sizeof data);
    MACHINE_REQUIRE(request->block_number + request->count <= DISK_BLOCKS);
    MACHINE_REQUIRE((request->code == SDDF_BLK_FLUSH) == (request->count == 0));
}

static void take_all(void)
{
    while (taken_count < ENTRIES && sddf_blk_take_request(&virt, &taken[taken_count])) {
        check(&taken[taken_count]);
        for (unsigned i = 0; i < taken_count; i++) {
            MACHINE_REQUIRE(taken[i].id != taken[taken_count].id);
        }
        taken_count++;
    }
}

/* No writes of one block at once: but for two that are both whole, the device must have waited. */
static void answer(unsigned which, uint32_t status, bool is_short)
{
    const struct sddf_blk_request request = taken[which];
    const struct sddf_blk_response response = {.status = status,
                                               .success_count =
                                                   status == SDDF_BLK_OK ? (uint16_t)(request.count >> is_short) : 0,
                                               .id = request.id};
    taken[which] = taken[--taken_count];
    (void)sddf_blk_put_response(&virt, &response);
}

static void backend(struct input *input)
{
    const uint8_t what = input_u8(input);
    take_all();
    if (what < 0xe0) {
        if (taken_count != 0) {
            answer(what % taken_count, (what & 0x40) == 0 ? SDDF_BLK_OK : what >> 4, (what & 0x30) == 0x30);
        }
        if ((what & 1) != 0) {
            (void)virtio_notified(CHANNEL);
        }
        return;
    }
    /*
     * What no backend should say: ids that are free, or none. The counters stay right, so that it can go on. The device
     * has heard all before and hears this at once: later, the id might be in use again, and this the answer to that.
     */
    (void)virtio_notified(CHANNEL);
    take_all();
    const struct sddf_blk_response response = {.status = what & 7, .success_count = what, .id = input_u8(input)};
    bool is_under_way = false;
    for (unsigned i = 0; i < taken_count; i++) {
        is_under_way |= taken[i].id == response.id;
    }
    if (!is_under_way) {
        (void)sddf_blk_put_response(&virt, &response);
        (void)virtio_notified(CHANNEL);
    }
}

static uint32_t header(struct input *input, uint8_t *to)
{
    const uint8_t form = input_u8(input);
    memset(to, 0, 16);
    to[0] = (uint8_t)(form & 0xf);
    to[8] = input_u8(input);
    to[9] = form >> 6;
    return 16;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct virtio_harness_device device = {2, init, backend, header, {CHANNEL, CHANNEL}};
    struct input input = {bytes, size};
    virtio_harness_run(&device, &input);
    return 0;
}
