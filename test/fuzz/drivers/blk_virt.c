/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The block virtualiser between a hostile driver and two hostile clients. */
#define PROGRAM blk_virt
#include "program_names.h"

#include "../../../apps/drivers/blk/blk_virt.c"

#define FUZZ_CAPACITY 64
#define DATA_BYTES    0x40000

static struct sddf_blk_connection fuzz_connection(void)
{
    return (struct sddf_blk_connection){
        .storage_info = program_region(sizeof(struct sddf_blk_storage_info)),
        .req_queue = program_region(16 + 32 * FUZZ_CAPACITY),
        .resp_queue = program_region(8 + 12 * FUZZ_CAPACITY),
        .num_buffers = FUZZ_CAPACITY,
    };
}

/* A disk of 4,096 blocks, with a table of two partitions or without. */
static void fuzz_set_up(struct input *input)
{
    static const uint32_t entries[2][2] = {{80, 8000}, {8080, 16008}};
    const uint8_t choice = input_u8(input);

    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = 2;
    config.driver = fuzz_connection();
    config.data = program_region(PARTITION_TABLE_BYTES(4096));
    for (unsigned i = 0; i < 2; i++) {
        config.clients[i] = (struct blk_virt_client){fuzz_connection(), DATA_BYTES};
    }
    own_data_paddr = 0x70000000;
    client_data_paddr_0 = 0x50000000;
    client_data_paddr_1 = 0x60000000;
    struct sddf_blk_storage_info *info = config.driver.storage_info.vaddr;
    *info = (struct sddf_blk_storage_info){.sector_size = (uint16_t)(256 << (choice & 7)), .capacity = 4096};
    info->ready = (choice & 8) != 0;
    uint8_t *table = config.data.vaddr;
    for (unsigned i = 0; (choice & 16) != 0 && i < 2; i++) {
        table[446 + 16 * i + 4] = 0x83;
        memcpy(&table[446 + 16 * i + 8], entries[i], 8);
        table[510] = 0x55;
        table[511] = 0xaa;
    }
}

/* Of a request that the driver has: it is within what its client has. The driver may have written over its queue. */
static void fuzz_check(void)
{
    unsigned under_way = 0;
    for (unsigned i = 0; i < client_count; i++) {
        PROGRAM_REQUIRE(clients[i].under_way <= SLOTS / client_count);
        PROGRAM_REQUIRE(clients[i].first_block + clients[i].capacity <= CAPACITY_MAX);
        PROGRAM_REQUIRE(clients[i].capacity == 0 || clients[i].first_block + clients[i].capacity <= disk.capacity);
        under_way += clients[i].under_way;
    }
    PROGRAM_REQUIRE(client_count < 2 || clients[0].capacity == 0 || clients[1].capacity == 0 ||
                    clients[0].first_block + clients[0].capacity <= clients[1].first_block ||
                    clients[1].first_block + clients[1].capacity <= clients[0].first_block);
    PROGRAM_REQUIRE(under_way == SLOTS - program_bits(free_slots));
    for (unsigned i = 0; i < SLOTS; i++) {
        PROGRAM_REQUIRE((slots[i].client == NULL) == (free_slots >> i & 1));
    }
}

const struct program program_blk_virt = {"blk_virt", fuzz_set_up, init, notified, fuzz_check, {0x50000000, 0x60000000}};
