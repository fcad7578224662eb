/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The registers of the Cadence UART, with plain memory in the place of the device. */
#include "unit.h"

#include "../../../apps/drivers/serial/cadence_uart.c"

static uint32_t registers[0x40];
uintptr_t uart_base;

static int set_up(void **unused)
{
    (void)unused;
    memset(registers, 0, sizeof registers);
    uart_base = (uintptr_t)registers;
    return 0;
}

static void expect(uint32_t offset, uint32_t value)
{
    assert_int_equal(registers[offset / 4], value);
}

static void put(uint32_t offset, uint32_t value)
{
    registers[offset / 4] = value;
}

static void test_start(void **unused)
{
    (void)unused;
    put(BAUD_RATE_GEN, 77);
    uart_start(0, 0);
    expect(BAUD_RATE_GEN, 77); /* as the firmware has left it */
    expect(INTRPT_DIS, 0x3fff);
    expect(MODE, 0x20);
    expect(RCVR_FIFO_TRIGGER_LEVEL, 1);
    expect(CONTROL, 0x14);
    uart_start(100000000, 115200);
    expect(BAUD_RATE_GEN, 108); /* 115,740 baud: 0.5 % off */
    expect(BAUD_RATE_DIVIDER, 7);
    uart_start(100, 115200);
    expect(BAUD_RATE_GEN, 1); /* 0 would stop the line */
}

static void test_interrupts(void **unused)
{
    (void)unused;
    uart_unmask(true, false);
    expect(INTRPT_EN, 0x1);
    expect(INTRPT_DIS, 0x8);
    uart_unmask(false, true);
    expect(INTRPT_EN, 0x8);
    expect(INTRPT_DIS, 0x1);
    uart_clear_interrupts();
    expect(CHNL_INT_STS, 0x3fff);
}

static void test_characters(void **unused)
{
    uint8_t character;
    (void)unused;
    put(CHANNEL_STS, 0x02);
    assert_false(uart_has_received());
    assert_true(uart_has_room());
    put(CHANNEL_STS, 0x10);
    assert_true(uart_has_received());
    assert_false(uart_has_room());
    put(TX_RX_FIFO, 'a');
    assert_true(uart_receive(&character));
    assert_int_equal(character, 'a');
    uart_send('z');
    expect(TX_RX_FIFO, 'z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start, set_up),
        cmocka_unit_test_setup(test_interrupts, set_up),
        cmocka_unit_test_setup(test_characters, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
