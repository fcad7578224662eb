/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The network virtualiser between a hostile driver and three hostile clients. */
#define PROGRAM net_virt
#include "program_names.h"

#include "../../../apps/drivers/net/net_pool.c"

#include "../../../apps/drivers/net/net_virt.c"

#define FUZZ_CAPACITY 16
#define DATA_BYTES    (FUZZ_CAPACITY * SDDF_NET_BUFFER_BYTES)
#define COUNT         3

static struct sddf_net_connection fuzz_connection(void)
{
    return (struct sddf_net_connection){
        .free_queue = program_region(8 + 16 * FUZZ_CAPACITY),
        .active_queue = program_region(8 + 16 * FUZZ_CAPACITY),
        .num_buffers = FUZZ_CAPACITY,
    };
}

/* Clients 0 and 2 may read what they receive in the driver's region. */
static void fuzz_set_up(struct input *input)
{
    const uint8_t choice = input_u8(input);

    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = COUNT;
    config.has_uplink = (choice & 1) != 0;
    config.uplink_rx = fuzz_connection();
    config.uplink_tx = fuzz_connection();
    config.uplink_rx_data = program_region(DATA_BYTES);
    config.uplink_allowed = 7;
    for (unsigned i = 0; i < COUNT; i++) {
        bool is_sharing_one = (choice & 2) != 0 && i != 1;
        config.clients[i] = (struct net_virt_client){
            fuzz_connection(),
            is_sharing_one ? config.uplink_rx_data : program_region(DATA_BYTES),
            fuzz_connection(),
            program_region(DATA_BYTES),
            {2, 0, 0, 0, 0, (uint8_t)(i + 1)},
            (uint16_t)(0xf & ~(1u << i)),
        };
    }
    uplink_rx_paddr = 0x40000000;
    client_tx_paddr_0 = 0x50000000;
    client_tx_paddr_1 = 0x60000000;
    client_tx_paddr_2 = 0x70000000;
}

static void fuzz_check(void)
{
    unsigned with_driver = 0, held[COUNT] = {0};
    for (unsigned i = 0; i < client_count; i++) {
        unsigned count = 0;
        for (unsigned word = 0; word < TX_BUFFERS_MAX / 64; word++) {
            count += program_bits(clients[i].with_driver[word]);
        }
        PROGRAM_REQUIRE(clients[i].under_way == count && count <= share);
    }
    for (unsigned i = 0; i < pool.driver_count; i++) {
        with_driver += pool.holders[i] >> CONFIG_CLIENTS_MAX & 1;
        for (unsigned who = 0; who < COUNT; who++) {
            held[who] += pool.holders[i] >> who & 1;
        }
    }
    PROGRAM_REQUIRE(pool.with_driver == with_driver);
    for (unsigned who = 0; who < COUNT; who++) {
        PROGRAM_REQUIRE(pool.clients[who].held_count == held[who] && held[who] <= pool.held_max);
    }
}

const struct program program_net_virt = {
    "net_virt", fuzz_set_up, init, notified, fuzz_check, {0x40000000, 0x50000000, 0x60000000, 0x70000000},
};
