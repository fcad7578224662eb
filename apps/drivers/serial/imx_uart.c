/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The UART of i.MX processors [IMX8MPRM, UART], behind uart.h. Characters with an error and breaks are dropped. The
 * clock's divider (UFCR.RFDIV) is 1 when the speed is set.
 */
#include "serial/uart.h"

enum imx_uart_register {
    URXD = 0x00,
    UTXD = 0x40,
    UCR1 = 0x80,
    UCR2 = 0x84,
    UCR3 = 0x88,
    UCR4 = 0x8c,
    UFCR = 0x90,
    USR1 = 0x94,
    USR2 = 0x98,
    UBIR = 0xa4,
    UBMR = 0xa8,
    UTS = 0xb4,
};

#define URXD_FRMERR     0x1000u
#define URXD_BRK        0x0800u
#define URXD_PRERR      0x0400u
#define UCR1_UARTEN     0x0001u
#define UCR1_RRDYEN     0x0200u
#define UCR1_TRDYEN     0x2000u
#define UCR2_SRST       0x0001u /* 0: reset */
#define UCR2_RXEN       0x0002u
#define UCR2_TXEN       0x0004u
#define UCR2_WS         0x0020u /* 8 bits */
#define UCR2_IRTS       0x4000u /* the modem's lines say nothing */
#define UCR3_RXDMUXSEL  0x0004u /* must be 1 */
#define UFCR_TRIGGERS   0x0801u /* send when fewer than 2 are left; receive when there is 1 */
#define UFCR_RFDIV_1    0x0280u
#define UFCR_RFDIV_MASK 0x0380u
#define USR2_RDR        0x0001u
#define UTS_TXFULL      0x0010u

/* baud = clock / 16 * (UBIR + 1) / (UBMR + 1), written in this order. */
static void set_baud(uint32_t clock_hz, uint32_t baud)
{
    const uint64_t per_bit = (uint64_t)clock_hz / 16 * 100 / baud; /* hundredths of 16 clocks */
    const uint64_t modulator = per_bit < 2 ? 1 : per_bit - 1;

    uart_set_register(UBIR, 99);
    uart_set_register(UBMR, modulator > UINT16_MAX ? UINT16_MAX : (uint32_t)modulator);
}

void uart_start(uint32_t clock_hz, uint32_t baud)
{
    const uint32_t divider = baud != 0 ? UFCR_RFDIV_1 : uart_register(UFCR) & UFCR_RFDIV_MASK;

    uart_set_register(UCR1, UCR1_UARTEN);
    uart_set_register(UCR2, UCR2_SRST | UCR2_RXEN | UCR2_TXEN | UCR2_WS | UCR2_IRTS);
    uart_set_register(UCR3, UCR3_RXDMUXSEL);
    uart_set_register(UCR4, 0);
    uart_set_register(UFCR, divider | UFCR_TRIGGERS);
    if (baud != 0) {
        set_baud(clock_hz, baud);
    }
}

/* Nothing to be done: those that are unmasked follow the FIFOs. */
void uart_clear_interrupts(void)
{
}

void uart_unmask(bool rx, bool tx)
{
    uart_set_register(UCR1, UCR1_UARTEN | (rx ? UCR1_RRDYEN : 0) | (tx ? UCR1_TRDYEN : 0));
}

bool uart_has_received(void)
{
    return (uart_register(USR2) & USR2_RDR) != 0;
}

bool uart_receive(uint8_t *character)
{
    const uint32_t data = uart_register(URXD);
    *character = (uint8_t)data;
    return (data & (URXD_FRMERR | URXD_BRK | URXD_PRERR)) == 0;
}

bool uart_has_room(void)
{
    return (uart_register(UTS) & UTS_TXFULL) == 0;
}

void uart_send(uint8_t character)
{
    uart_set_register(UTXD, character);
}
