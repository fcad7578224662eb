/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The registers of the PL011, with plain memory in the place of the device. */
#include "unit.h"

#include "../../../apps/drivers/serial/pl011.c"

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
    put(UARTIBRD, 77);
    uart_start(0, 0);
    expect(UARTIBRD, 77); /* as the firmware has left it */
    expect(UARTLCR_H, 0x70);
    expect(UARTCR, 0x301);
    uart_start(24000000, 115200); /* [PL011 3.3.6]: 13 and 1/64 */
    expect(UARTIBRD, 13);
    expect(UARTFBRD, 1);
    uart_start(48000000, 9600);
    expect(UARTIBRD, 312);
    expect(UARTFBRD, 32);
}

static void test_interrupts(void **unused)
{
    (void)unused;
    uart_unmask(true, false);
    expect(UARTIMSC, 0x50);
    uart_unmask(true, true);
    expect(UARTIMSC, 0x70);
    uart_unmask(false, false);
    expect(UARTIMSC, 0);
}

static void test_characters(void **unused)
{
    static const struct {
        uint32_t data;
        bool is_sound;
    } cases[] = {{'a', true}, {0x800 | 'b', true}, {0x100 | 'c', false}, {0x200, false}, {0x400, false}};
    uint8_t character;
    (void)unused;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(UARTDR, cases[i].data);
        assert_int_equal(uart_receive(&character), cases[i].is_sound);
        assert_int_equal(character, cases[i].data & 0xff);
    }
    put(UARTFR, 0x10);
    assert_false(uart_has_received());
    assert_true(uart_has_room());
    put(UARTFR, 0x20);
    assert_true(uart_has_received());
    assert_false(uart_has_room());
    uart_send('z');
    expect(UARTDR, 'z');
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
