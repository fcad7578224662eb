/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The emulated PL011: what it refuses, characters both ways, flow control, and its interrupts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <libvmm/pl011.h>
#include <libvmm/virq.h>

#include "aarch64/vgic/vgic.h"
#include "devices/pl011.h"
#include "fake_microkit.h"
#include "vm/device.h"
#include "vm/vm.h"

#define BASE 0x9000000u
#define IRQ  33

enum {
    DR = 0x000,
    FR = 0x018,
    LCR = 0x02c,
    CR = 0x030,
    IFLS = 0x034,
    IMSC = 0x038,
    RIS = 0x03c,
    MIS = 0x040,
    ICR = 0x044,
};

enum {
    FR_BUSY = 1 << 3,
    FR_RXFE = 1 << 4,
    FR_TXFF = 1 << 5,
    FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7,
    INT_RX = 1 << 4,
    INT_TX = 1 << 5,
    INT_RT = 1 << 6,
};

static struct pl011 uart;

/* The other end of the line. */
static struct {
    char sent[4096];
    size_t sent_count;
    size_t room; /* how many more it takes */
    const char *typed;
    size_t typed_count;
} line;

static size_t transmit(void *cookie, const uint8_t *bytes, size_t count)
{
    assert_ptr_equal(cookie, &line);
    const size_t taken = count < line.room ? count : line.room;
    memcpy(&line.sent[line.sent_count], bytes, taken);
    line.sent_count += taken;
    line.room -= taken;
    return taken;
}

static size_t receive(void *cookie, uint8_t *bytes, size_t count_max)
{
    assert_ptr_equal(cookie, &line);
    const size_t given = count_max < line.typed_count ? count_max : line.typed_count;
    memcpy(bytes, line.typed, given);
    line.typed += given;
    line.typed_count -= given;
    return given;
}

static const struct pl011_line ends = {transmit, receive, &line};

static const struct virq_controller_config gicv2 = {
    .version = VIRQ_CONTROLLER_GICV2,
    .dist_base = 0x8000000,
    .dist_size_bytes = 0x1000,
};

static int setup(void **state)
{
    (void)state;
    fake_microkit_reset();
    vm_forget(vm_instance());
    memset(&line, 0, sizeof(line));
    line.typed = "";
    line.room = sizeof(line.sent);
    assert_true(virq_controller_configure(&gicv2));
    assert_true(virq_controller_init(0));
    return 0;
}

static int setup_uart(void **state)
{
    setup(state);
    assert_true(pl011_init(&uart, BASE, IRQ, &ends));
    return 0;
}

static uint32_t read_at(uint64_t offset, uint8_t width)
{
    struct mmio_access access = {.width_bytes = width};
    assert_int_equal(mmio_dispatch(&vm_instance()->mmio, gpa(BASE + offset), &access), MMIO_HANDLED);
    return (uint32_t)access.value;
}

static uint32_t read_reg(uint64_t offset)
{
    return read_at(offset, 4);
}

static void write_reg(uint64_t offset, uint32_t value)
{
    struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = value};
    assert_int_equal(mmio_dispatch(&vm_instance()->mmio, gpa(BASE + offset), &access), MMIO_HANDLED);
}

static bool line_is_high(void)
{
    return (vm_instance()->vgic.shared[IRQ / 32].line >> (IRQ % 32) & 1) != 0;
}

static void type(const char *text)
{
    line.typed = text;
    line.typed_count = strlen(text);
    pl011_poll(&uart);
}

static void test_init_refuses(void **state)
{
    (void)state;
    assert_false(pl011_init(&uart, BASE + 4, IRQ, &ends));
    assert_false(pl011_init(&uart, BASE, 31, &ends));
    assert_false(pl011_init(&uart, BASE, 1020, &ends));
    assert_false(pl011_init(&uart, 0x8000000, IRQ, &ends));
    assert_int_equal(fake_log_count("ERROR"), 4);
    assert_true(pl011_init(&uart, BASE, IRQ + 1, &ends));
    assert_false(pl011_init(&uart, BASE + 0x1000, IRQ + 1, &ends));
}

/* The numbers by which Linux's amba bus finds its driver, and the FIFO's depth. */
static void test_identification(void **state)
{
    (void)state;
    uint64_t part = 0;
    uint64_t cell = 0;
    for (unsigned i = 0; i < 4; i++) {
        part |= (uint64_t)read_reg(0xfe0 + 4 * i) << (8 * i);
        cell |= (uint64_t)read_reg(0xff0 + 4 * i) << (8 * i);
    }
    assert_int_equal(part, 0x00341011);
    assert_int_equal(cell, 0xb105f00d);
}

static void test_first_state_is_that_of_firmware(void **state)
{
    (void)state;
    assert_int_equal(read_reg(CR), 0x301);
    assert_int_equal(read_reg(LCR), 0x70);
    assert_int_equal(read_reg(IFLS), 0x12);
    assert_int_equal(read_reg(FR) & ~7u, FR_TXFE | FR_RXFE);
    assert_int_equal(read_reg(RIS), 0);
}

static void test_sends(void **state)
{
    (void)state;
    write_reg(DR, 'h');
    write_reg(DR, 'i');
    assert_memory_equal(line.sent, "hi", 2);
    assert_int_equal(line.sent_count, 2);
    assert_int_equal(read_reg(FR) & (FR_TXFE | FR_TXFF | FR_BUSY), FR_TXFE);
}

static void test_a_slow_line_loses_nothing(void **state)
{
    (void)state;
    line.room = 0;
    unsigned written = 0;
    while ((read_reg(FR) & FR_TXFF) == 0) {
        write_reg(DR, 'a' + written++);
    }
    assert_int_equal(written, PL011_FIFO_BYTES);
    assert_true((read_reg(FR) & FR_BUSY) != 0);
    /* One too many is lost, and nothing else. */
    write_reg(DR, '!');
    write_reg(ICR, INT_TX);

    line.room = 10;
    pl011_poll(&uart);
    assert_int_equal(read_reg(RIS) & INT_TX, 0);
    line.room = 100;
    pl011_poll(&uart);
    assert_int_equal(read_reg(RIS) & INT_TX, INT_TX);
    assert_int_equal(line.sent_count, PL011_FIFO_BYTES);
    for (unsigned i = 0; i < PL011_FIFO_BYTES; i++) {
        assert_int_equal((uint8_t)line.sent[i], 'a' + i);
    }
}

static void test_receives(void **state)
{
    (void)state;
    type("xyz");
    assert_int_equal(read_reg(FR) & FR_RXFE, 0);
    assert_int_equal(read_at(DR, 1), 'x');
    assert_int_equal(read_reg(DR), 'y');
    assert_int_equal(read_reg(DR), 'z');
    assert_int_equal(read_reg(FR) & FR_RXFE, FR_RXFE);
    assert_int_equal(read_reg(DR), 0);
}

static void test_receives_more_than_the_fifo_holds(void **state)
{
    (void)state;
    char text[200];
    for (unsigned i = 0; i < sizeof(text); i++) {
        text[i] = (char)('!' + i % 90);
    }
    text[sizeof(text) - 1] = '\0';
    type(text);
    assert_int_equal(read_reg(FR) & FR_RXFF, FR_RXFF);
    for (unsigned i = 0; i < sizeof(text) - 1; i++) {
        assert_int_equal(read_reg(FR) & FR_RXFE, 0);
        assert_int_equal(read_reg(DR), text[i]);
    }
    assert_int_equal(read_reg(FR) & FR_RXFE, FR_RXFE);
}

static void test_receive_interrupts(void **state)
{
    (void)state;
    write_reg(IMSC, INT_RT);
    assert_false(line_is_high());
    type("ab");
    assert_true(line_is_high());
    assert_int_equal(read_reg(RIS), INT_RT);
    assert_int_equal(read_reg(MIS), INT_RT);
    read_reg(DR);
    assert_true(line_is_high());
    /* Clearing it does not make it forget what has not been read. */
    write_reg(ICR, INT_RT);
    assert_true(line_is_high());
    read_reg(DR);
    assert_false(line_is_high());

    /* Half full: 16 of 32. */
    write_reg(IMSC, INT_RX);
    type("123456789012345");
    assert_false(line_is_high());
    type("6");
    assert_true(line_is_high());
    read_reg(DR);
    assert_false(line_is_high());
}

static void test_transmit_interrupt(void **state)
{
    (void)state;
    write_reg(IMSC, INT_TX);
    assert_false(line_is_high());
    write_reg(DR, 'a');
    assert_true(line_is_high());
    write_reg(ICR, INT_TX);
    assert_false(line_is_high());
    write_reg(DR, 'b');
    write_reg(IMSC, 0);
    assert_false(line_is_high());
    assert_int_equal(read_reg(RIS), INT_TX);
    assert_int_equal(read_reg(MIS), 0);
}

static void test_without_fifos(void **state)
{
    (void)state;
    write_reg(LCR, 0x60);
    line.room = 0;
    write_reg(DR, 'a');
    assert_int_equal(read_reg(FR) & FR_TXFF, FR_TXFF);
    type("xy");
    assert_int_equal(read_reg(FR) & FR_RXFF, FR_RXFF);
    assert_int_equal(read_reg(RIS) & (INT_RX | INT_RT), INT_RX | INT_RT);
    assert_int_equal(read_reg(DR), 'x');
    assert_int_equal(read_reg(DR), 'y');
    assert_int_equal(read_reg(RIS) & (INT_RX | INT_RT), 0);
    /* The change of depth flushes; another change does not. */
    type("z");
    write_reg(LCR, 0x40);
    assert_int_equal(read_reg(FR) & (FR_TXFF | FR_RXFF), FR_TXFF | FR_RXFF);
    write_reg(LCR, 0x50);
    assert_int_equal(read_reg(FR) & (FR_TXFE | FR_RXFE), FR_TXFE | FR_RXFE);
    assert_int_equal(read_reg(RIS) & (INT_RX | INT_RT), 0);
}

/* Narrow accesses reach the low part of a register. */
static void test_widths(void **state)
{
    (void)state;
    write_reg(IMSC, 0x7ff);
    assert_int_equal(read_at(IMSC, 1), 0xff);
    assert_int_equal(read_at(IMSC, 2), 0x7ff);
    assert_int_equal(read_at(IMSC, 4), 0x7ff);
}

static void test_switched_off(void **state)
{
    (void)state;
    write_reg(CR, 0);
    write_reg(DR, 'a');
    type("x");
    assert_int_equal(line.sent_count, 0);
    assert_int_equal(line.typed_count, 1);
    write_reg(CR, 0x301);
    assert_int_equal(line.sent_count, 1);
    assert_int_equal(read_reg(DR), 'x');
}

/* Every place and width, with every kind of content: what is reserved reads as zero, and nothing gets out of bounds. */
static void test_every_access(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < PL011_BYTES; offset++) {
        for (uint8_t width = 1; width <= 4; width = (uint8_t)(width * 2)) {
            if (offset + width > PL011_BYTES) {
                continue;
            }
            for (unsigned is_write = 0; is_write < 2; is_write++) {
                struct mmio_access access = {
                    .offset = offset, .width_bytes = width, .is_write = is_write != 0, .value = UINT64_MAX};
                const enum mmio_result result = pl011_access(&uart, &access);
                assert_true(result == MMIO_HANDLED || (offset >= 0x4c && offset < 0xfe0) || offset % 4 != 0 ||
                            is_write != 0 || (offset > 0x4 && offset < 0x18) || offset == 0x1c);
                if (result == MMIO_GUEST_ERROR && is_write == 0) {
                    assert_int_equal(access.value, 0);
                }
            }
        }
    }
    assert_true(uart.tx.count <= PL011_FIFO_BYTES && uart.rx.count <= PL011_FIFO_BYTES);
}

static size_t take_too_much(void *cookie, const uint8_t *bytes, size_t count)
{
    (void)cookie;
    (void)bytes;
    return count + 100;
}

static size_t give_too_much(void *cookie, uint8_t *bytes, size_t count_max)
{
    (void)cookie;
    memset(bytes, 'x', count_max);
    return count_max + 100;
}

/* An error of the VMM's functions does not break the FIFOs. */
static void test_line_that_lies(void **state)
{
    (void)state;
    uart.line = (struct pl011_line){take_too_much, give_too_much, NULL};
    write_reg(DR, 'a');
    pl011_poll(&uart);
    assert_int_equal(uart.tx.count, 0);
    assert_int_equal(uart.rx.count, PL011_FIFO_BYTES);
}

static void test_reset(void **state)
{
    (void)state;
    write_reg(CR, 0);
    write_reg(IMSC, 0x7ff);
    write_reg(DR, 'a');
    write_reg(0x24, 3); /* baud rate */
    device_reset_all(vm_instance());
    test_first_state_is_that_of_firmware(state);
    assert_int_equal(read_reg(0x24), 0);
    assert_int_equal(read_reg(IMSC), 0);
    type("x");
    device_reset_all(vm_instance());
    assert_int_equal(read_reg(FR) & FR_RXFE, FR_RXFE);
    assert_int_equal(read_reg(RIS) & (INT_RX | INT_RT), 0);
    write_reg(DR, 'b');
    assert_memory_equal(line.sent, "b", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_init_refuses, setup),
        cmocka_unit_test_setup(test_identification, setup_uart),
        cmocka_unit_test_setup(test_first_state_is_that_of_firmware, setup_uart),
        cmocka_unit_test_setup(test_sends, setup_uart),
        cmocka_unit_test_setup(test_a_slow_line_loses_nothing, setup_uart),
        cmocka_unit_test_setup(test_receives, setup_uart),
        cmocka_unit_test_setup(test_receives_more_than_the_fifo_holds, setup_uart),
        cmocka_unit_test_setup(test_receive_interrupts, setup_uart),
        cmocka_unit_test_setup(test_transmit_interrupt, setup_uart),
        cmocka_unit_test_setup(test_without_fifos, setup_uart),
        cmocka_unit_test_setup(test_widths, setup_uart),
        cmocka_unit_test_setup(test_switched_off, setup_uart),
        cmocka_unit_test_setup(test_every_access, setup_uart),
        cmocka_unit_test_setup(test_line_that_lies, setup_uart),
        cmocka_unit_test_setup(test_reset, setup_uart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
