/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The PL011 UART [PL011 3], behind uart.h. Characters with a parity or framing error and breaks are dropped.
 */
#include "serial/uart.h"

enum pl011_register {
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

/* [PL011 3.3.6] The divisor is in 64ths, and is taken over by the write of UARTLCR_H that follows. */
static void set_baud(uint32_t clock_hz, uint32_t baud)
{
    const uint32_t divisor = (uint32_t)(4 * (uint64_t)clock_hz / baud);
    uart_set_register(UARTIBRD, divisor >> 6);
    uart_set_register(UARTFBRD, divisor & 63);
}

void uart_start(uint32_t clock_hz, uint32_t baud)
{
    uart_set_register(UARTCR, 0);
    uart_set_register(UARTICR, INT_ALL);
    uart_set_register(UARTIMSC, 0);
    if (baud != 0) {
        set_baud(clock_hz, baud);
    }
    uart_set_register(UARTLCR_H, LCR_H_8BIT | LCR_H_FEN);
    uart_set_register(UARTCR, CR_ENABLED);
}

/* Nothing to be done: these follow the FIFOs, but for the one of transmission, which filling the FIFO clears. */
void uart_clear_interrupts(void)
{
}

void uart_unmask(bool rx, bool tx)
{
    uart_set_register(UARTIMSC, (rx ? INT_RX | INT_RT : 0) | (tx ? INT_TX : 0));
}

bool uart_has_received(void)
{
    return (uart_register(UARTFR) & FR_RXFE) == 0;
}

bool uart_receive(uint8_t *character)
{
    const uint32_t data = uart_register(UARTDR);
    *character = (uint8_t)data;
    return (data & DR_ERRORS) == 0;
}

bool uart_has_room(void)
{
    return (uart_register(UARTFR) & FR_TXFF) == 0;
}

void uart_send(uint8_t character)
{
    uart_set_register(UARTDR, character);
}
