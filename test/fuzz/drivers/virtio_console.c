/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The driver of a console device between a hostile device and a hostile client. */
#define PROGRAM virtio_console
#include "program_names.h"

#include "../../../apps/drivers/serial/virtio_console.c"

#define RING_BYTES 128

static void fuzz_set_up(struct input *input)
{
    device_base = (uintptr_t)program_region(0x200).vaddr;
    uint32_t *registers = (uint32_t *)device_base;
    registers[0x000 / 4] = 0x74726976;
    registers[0x004 / 4] = 2;
    registers[0x008 / 4] = VIRTIO_ID_CONSOLE;
    registers[0x010 / 4] = 1 | (uint32_t)(input_u8(input) << 5);
    registers[0x034 / 4] = (uint32_t)input_value(input);
    memcpy(config.magic, "sDDF\3", 5);
    config.rx = (struct sddf_serial_connection){program_region(16), program_region(RING_BYTES), 1};
    config.tx = (struct sddf_serial_connection){program_region(16), program_region(RING_BYTES), 1};
    dma_bytes = sizeof(struct dma);
    dma_base = (uintptr_t)program_region(dma_bytes).vaddr;
    dma_paddr = 0x50000000;
}

static void fuzz_check(void)
{
    PROGRAM_REQUIRE(passed_on <= received_bytes && received_bytes <= BUFFER_BYTES);
    PROGRAM_REQUIRE(!is_usable || (!receive_queue.is_broken && !send_queue.is_broken));
}

const struct program program_virtio_console = {"virtio_console", fuzz_set_up, init, notified, fuzz_check, {0x50000000}};
