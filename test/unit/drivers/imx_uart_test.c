/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The registers of the i.MX UART, with plain memory in the place of the device. */
#include "unit.h"

#include "../../../apps/drivers/serial/imx_uart.c"

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
    put(UBMR, 77);
    put(UFCR, 0x100 | 0x3f);
    uart_start(0, 0);
    expect(UBMR, 77); /* as the firmware has left it */
    expect(UFCR, 0x901);
    expect(UCR1, 1);
    expect(UCR2, 0x4027);
    expect(UCR3, 4);
    uart_start(24000000, 115200); /* 24 MHz / 16 * 100 / 1302 = 115,207 baud */
    expect(UFCR, 0xa81);
    expect(UBIR, 99);
    expect(UBMR, 1301);
    uart_start(80000000, 9600);
    expect(UBMR, 52082);
    uart_start(80000000, 50);
    expect(UBMR, 0xffff);
    uart_start(100, 115200);
    expect(UBMR, 1);
}

static void test_interrupts(void **unused)
{
    (void)unused;
    uart_unmask(true, false);
    expect(UCR1, 0x0201);
    uart_unmask(true, true);
    expect(UCR1, 0x2201);
    uart_unmask(false, false);
    expect(UCR1, 1);
}

static void test_characters(void **unused)
{
    static const struct {
        uint32_t data;
        bool is_sound;
    } cases[] = {{0x8000 | 'a', true}, {0xa000 | 'b', true}, {0xd000, false}, {0xc800, false}, {0xc400, false}};
    uint8_t character;
    (void)unused;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(URXD, cases[i].data);
        assert_int_equal(uart_receive(&character), cases[i].is_sound);
        assert_int_equal(character, cases[i].data & 0xff);
    }
    assert_false(uart_has_received());
    assert_true(uart_has_room());
    put(USR2, 1);
    put(UTS, 0x10);
    assert_true(uart_has_received());
    assert_false(uart_has_room());
    uart_send('z');
    expect(UTXD, 'z');
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
