/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The driver of a UART, of the Cadence kind, between a hostile device and a hostile virtualiser. */
#define PROGRAM uart
#include "program_names.h"

#define uart_base fuzzed_uart_base
#include "../../../apps/drivers/serial/cadence_uart.c"

#include "../../../apps/drivers/serial/uart.c"

#define RING_BYTES 128

static uint32_t *registers;

static void fuzz_set_up(struct input *input)
{
    memcpy(config.magic, "sDDF\3", 5);
    config.rx = (struct sddf_serial_connection){program_region(16), program_region(RING_BYTES), 1};
    config.tx = (struct sddf_serial_connection){program_region(16), program_region(RING_BYTES), 2};
    config.rx_enabled = true;
    memcpy(line.magic, "LVMM\1", 5);
    line.clock_hz = input_u32(input);
    line.baud = input_u32(input);
    registers = program_region(0x80).vaddr;
    uart_base = (uintptr_t)registers;
    registers[CHANNEL_STS / 4] = STS_REMPTY;
}

static void fuzz_check(void)
{
    PROGRAM_REQUIRE(!is_rx_wanted || rx.queue != NULL);
}

const struct program program_uart = {"uart", fuzz_set_up, init, notified, fuzz_check, {STS_REMPTY, STS_TFUL}};
