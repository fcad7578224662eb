/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a PL011 UART [PL011 3]: characters between the device and one virtualiser.
 *
 * When the receiving ring is full, the device's interrupt is masked until there is room: the device's own FIFO and then
 * the other end of the line wait, and nothing is lost. Characters with a parity or framing error and breaks are
 * dropped. Left out: flow control by modem lines, DMA.
 *
 * The system description sets `uart_base` (setvar_vaddr) and `irq_channel` (setvar_id).
 */
#include <libvmm/sddf/serial.h>
#include <libvmm/util/util.h>

#include "config.h"

enum uart_register {
    UARTDR = 0x000,
    UARTFR = 0x018,
    UARTIBRD = 0x024,
    UARTFBRD = 0x028,
    UARTLCR_H = 0x02c,
    UARTCR = 0x030,
    UARTIMSC = 0x038,
    UARTICR = 0x044,
};

#define DR_ERRORS  0x700u /* break, parity, framing; an overrun (bit 11) does not spoil the character */
#define FR_RXFE    0x10u
#define FR_TXFF    0x20u
#define LCR_H_FEN  0x10u
#define LCR_H_8BIT 0x60u
#define CR_ENABLED 0x301u /* UARTEN, TXE, RXE */
#define INT_RX     0x10u
#define INT_TX     0x20u
#define INT_RT     0x40u /* there are characters, fewer than the FIFO's trigger level */
#define INT_ALL    0x7ffu

/* What QEMU virt and most boards feed it with. */
#define CLOCK_HZ 24000000u

CONFIG_SECTION(SDDF_SERIAL_DRIVER_CONFIG) struct sddf_serial_driver_config config;
uintptr_t uart_base;
uint64_t irq_channel;

static struct sddf_serial rx;
static struct sddf_serial tx;
static uint32_t unmasked;

static uint32_t uart_read(enum uart_register offset)
{
    return *(volatile uint32_t *)(uart_base + offset);
}

static void uart_write(enum uart_register offset, uint32_t value)
{
    *(volatile uint32_t *)(uart_base + offset) = value;
}

static void unmask(uint32_t interrupts, bool is_wanted)
{
    uint32_t new = is_wanted ? unmasked | interrupts : unmasked & ~interrupts;
    if (new != unmasked) {
        unmasked = new;
        uart_write(UARTIMSC, unmasked);
    }
}

/* [PL011 3.3.6] The divisor is in 64ths. */
static void set_baud(uint64_t baud)
{
    uint32_t divisor = (uint32_t)(4 * (uint64_t)CLOCK_HZ / (baud == 0 ? 115200 : baud));
    uart_write(UARTIBRD, divisor >> 6);
    uart_write(UARTFBRD, divisor & 63);
}

/* Fills the device's FIFO from one piece of the ring. Answers how much it took. */
static uint32_t fill_fifo(const uint8_t *bytes, uint32_t length)
{
    uint32_t done = 0;
    while (done < length && (uart_read(UARTFR) & FR_TXFF) == 0) {
        uart_write(UARTDR, bytes[done]);
        done++;
    }
    return done;
}

static void transmit(void)
{
    bool is_read = false;
    uint8_t *bytes;
    uint32_t length = sddf_serial_piece(&tx, &bytes);
    uint32_t taken = fill_fifo(bytes, length);

    while (taken != 0) {
        sddf_serial_advance(&tx, taken);
        is_read = true;
        length = sddf_serial_piece(&tx, &bytes);
        taken = fill_fifo(bytes, length);
    }
    unmask(INT_TX, length != 0);
    if (is_read && sddf_serial_producer_waits(&tx)) {
        microkit_notify(tx.channel);
    }
}

/* Reads the FIFO; false: the ring is full. */
static bool empty_fifo(bool *has_written)
{
    while ((uart_read(UARTFR) & FR_RXFE) == 0) {
        uint8_t *room;
        if (sddf_serial_piece(&rx, &room) == 0 && sddf_serial_wait_for_room(&rx)) {
            return false;
        }
        uint32_t data = uart_read(UARTDR);
        if ((data & DR_ERRORS) == 0) {
            (void)sddf_serial_piece(&rx, &room);
            *room = (uint8_t)data;
            sddf_serial_advance(&rx, 1);
            *has_written = true;
        }
    }
    return true;
}

static void receive(void)
{
    bool has_written = false;
    bool is_empty = empty_fifo(&has_written);

    unmask(INT_RX | INT_RT, is_empty);
    if (has_written) {
        microkit_notify(rx.channel);
    }
}

void init(void)
{
    if (!sddf_magic_is(config.magic, SDDF_SERIAL_VERSION) || !sddf_serial_open(&rx, &config.rx, SDDF_PRODUCER) ||
        !sddf_serial_open(&tx, &config.tx, SDDF_CONSUMER)) {
        LOG_VMM_ERR("section " SDDF_SERIAL_DRIVER_CONFIG " is not filled in, or its regions hold no rings\n");
        return;
    }
    uart_write(UARTCR, 0);
    uart_write(UARTICR, INT_ALL);
    set_baud(config.default_baud);
    uart_write(UARTLCR_H, LCR_H_8BIT | LCR_H_FEN);
    uart_write(UARTCR, CR_ENABLED);
    uart_write(UARTIMSC, 0);
    if (config.rx_enabled) {
        receive();
    }
    transmit();
    microkit_irq_ack((microkit_channel)irq_channel);
}

void notified(microkit_channel channel)
{
    if (rx.queue == NULL || tx.queue == NULL) {
        return;
    }
    if (config.rx_enabled) {
        receive();
    }
    transmit();
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
