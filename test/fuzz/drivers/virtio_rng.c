/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The driver of an entropy device between a hostile device and two hostile clients. */
#define PROGRAM virtio_rng
#include "program_names.h"

#include "../../../apps/drivers/entropy/virtio_rng.c"

#define RING_BYTES 128
#define COUNT      2

static void fuzz_set_up(struct input *input)
{
    device_base = (uintptr_t)program_region(0x200).vaddr;
    uint32_t *registers = (uint32_t *)device_base;
    registers[0x000 / 4] = 0x74726976;
    registers[0x004 / 4] = 2;
    registers[0x008 / 4] = VIRTIO_ID_ENTROPY;
    registers[0x010 / 4] = 1 | (uint32_t)(input_u8(input) << 5);
    registers[0x034 / 4] = (uint32_t)input_value(input);
    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = COUNT;
    for (unsigned i = 0; i < COUNT; i++) {
        config.clients[i] = (struct sddf_serial_connection){program_region(16), program_region(RING_BYTES), 1};
    }
    dma_bytes = sizeof(struct dma);
    dma_base = (uintptr_t)program_region(dma_bytes).vaddr;
    dma_paddr = 0x50000000;
}

static void fuzz_check(void)
{
    PROGRAM_REQUIRE(asked_bytes <= BUFFER_BYTES && turn < COUNT);
    PROGRAM_REQUIRE(!is_usable || !queue.is_broken);
}

const struct program program_virtio_rng = {"virtio_rng", fuzz_set_up, init, notified, fuzz_check, {0x50000000}};
