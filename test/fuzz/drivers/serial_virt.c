/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The serial virtualiser between a hostile driver and three hostile clients. */
#define PROGRAM serial_virt
#include "program_names.h"

#include "../../../apps/drivers/serial/serial_virt.c"

#define RING_BYTES 128
#define COUNT      3

static struct sddf_serial_connection fuzz_connection(void)
{
    return (struct sddf_serial_connection){program_region(16), program_region(RING_BYTES), 1};
}

static void fuzz_set_up(struct input *input)
{
    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = COUNT;
    config.style = input_u8(input) % 3;
    config.driver_rx = fuzz_connection();
    config.driver_tx = fuzz_connection();
    for (unsigned i = 0; i < COUNT; i++) {
        memset(config.clients[i].name, 'a', CONFIG_NAME_BYTES); /* without an end */
        config.clients[i].rx = fuzz_connection();
        config.clients[i].tx = fuzz_connection();
    }
}

static void fuzz_check(void)
{
    PROGRAM_REQUIRE(listener < COUNT && speaker < COUNT && turn_left <= TURN_BYTES);
}

const struct program program_serial_virt = {"serial_virt", fuzz_set_up, init, notified, fuzz_check, {0x1c, '1', '\n'}};
