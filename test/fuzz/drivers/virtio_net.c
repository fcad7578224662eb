/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The driver of a network device between a hostile device and a hostile virtualiser. */
#define PROGRAM virtio_net
#include "program_names.h"

#include "../../../apps/drivers/net/virtio_net.c"

#define FUZZ_CAPACITY 16

static struct sddf_net_connection fuzz_connection(void)
{
    return (struct sddf_net_connection){
        .free_queue = program_region(8 + 16 * FUZZ_CAPACITY),
        .active_queue = program_region(8 + 16 * FUZZ_CAPACITY),
        .num_buffers = FUZZ_CAPACITY,
    };
}

static void fuzz_set_up(struct input *input)
{
    device_base = (uintptr_t)program_region(0x200).vaddr;
    uint32_t *registers = (uint32_t *)device_base;
    registers[0x000 / 4] = 0x74726976;
    registers[0x004 / 4] = 2;
    registers[0x008 / 4] = VIRTIO_ID_NET;
    registers[0x010 / 4] = 1 | (uint32_t)(input_u8(input) << 5);
    registers[0x034 / 4] = (uint32_t)input_value(input);
    memcpy(config.magic, "LVMM\1", 5);
    config.rx = fuzz_connection();
    config.tx = fuzz_connection();
    dma_bytes = sizeof(struct dma);
    dma_base = (uintptr_t)program_region(dma_bytes).vaddr;
    dma_paddr = 0x50000000;
}

static void check_direction(const struct direction *direction)
{
    unsigned busy_count = 0;
    for (unsigned i = 0; i < SLOTS_MAX; i++) {
        busy_count += direction->is_busy[i];
    }
    PROGRAM_REQUIRE(direction->free_count + busy_count == direction->slot_count);
    for (unsigned i = 0; i < direction->free_count; i++) {
        PROGRAM_REQUIRE(direction->free_slots[i] < direction->slot_count);
        PROGRAM_REQUIRE(!direction->is_busy[direction->free_slots[i]]);
    }
}

static void fuzz_check(void)
{
    check_direction(&rx);
    check_direction(&tx);
    PROGRAM_REQUIRE(!is_stopped || tx.free_count == tx.slot_count);
}

const struct program program_virtio_net = {"virtio_net", fuzz_set_up, init,
                                           notified,     fuzz_check,  {0x50000000, 0x60000000}};
