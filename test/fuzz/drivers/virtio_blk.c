/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The driver of a block device between a hostile device and a hostile virtualiser. */
#define PROGRAM virtio_blk
#include "program_names.h"

#include "../../../apps/drivers/blk/virtio_blk.c"

#define FUZZ_CAPACITY 64

static void fuzz_set_up(struct input *input)
{
    device_base = (uintptr_t)program_region(0x200).vaddr;
    uint32_t *registers = (uint32_t *)device_base;
    registers[0x000 / 4] = 0x74726976;
    registers[0x004 / 4] = 2;
    registers[0x008 / 4] = VIRTIO_ID_BLK;
    registers[0x010 / 4] = 1 | (uint32_t)(input_u8(input) << 5);
    registers[0x034 / 4] = (uint32_t)input_value(input);
    registers[(0x100 + CONFIG_CAPACITY) / 4] = 800000;
    registers[(0x100 + CONFIG_BLK_SIZE) / 4] = (uint32_t)input_value(input);
    memcpy(config.magic, "LVMM\1", 5);
    config.virt = (struct sddf_blk_connection){
        .storage_info = program_region(sizeof(struct sddf_blk_storage_info)),
        .req_queue = program_region(16 + 32 * FUZZ_CAPACITY),
        .resp_queue = program_region(8 + 12 * FUZZ_CAPACITY),
        .num_buffers = FUZZ_CAPACITY,
    };
    dma_bytes = sizeof(struct dma);
    dma_base = (uintptr_t)program_region(dma_bytes).vaddr;
    dma_paddr = 0x50000000;
}

static void fuzz_check(void)
{
    PROGRAM_REQUIRE(busy_count == SLOTS_MAX - program_bits(free_slots));
    PROGRAM_REQUIRE(busy_count <= slot_count || state == STATE_UNUSABLE);
    PROGRAM_REQUIRE(slot_count * CHAIN <= QUEUE_SIZE && queue.size <= QUEUE_SIZE);
    PROGRAM_REQUIRE(state != STATE_BROKEN || busy_count == 0);
    PROGRAM_REQUIRE(state == STATE_UNUSABLE || (logical_bytes >= SECTOR_BYTES && logical_bytes <= SDDF_BLK_BYTES));
}

const struct program program_virtio_blk = {"virtio_blk", fuzz_set_up, init, notified, fuzz_check, {0x50000000, 99999}};
