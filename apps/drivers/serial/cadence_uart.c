/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The Cadence UART of Zynq and Zynq UltraScale+ [UG1087, UART Module], behind uart.h.
 *
 * Interrupts are latched until they are cleared: they are cleared before the FIFOs are looked at, so that what comes
 * later sets them again. Left out: the errors of a character, which the device notes in another register than the
 * character; one with a parity or framing error is passed on.
 */
#include "serial/uart.h"

enum cadence_uart_register {
    CONTROL = 0x00,
    MODE = 0x04,
    INTRPT_EN = 0x08,
    INTRPT_DIS = 0x0c,
    CHNL_INT_STS = 0x14, /* write 1 to clear */
    BAUD_RATE_GEN = 0x18,
    RCVR_TIMEOUT = 0x1c,
    RCVR_FIFO_TRIGGER_LEVEL = 0x20,
    CHANNEL_STS = 0x2c,
    TX_RX_FIFO = 0x30,
    BAUD_RATE_DIVIDER = 0x34,
};

#define CONTROL_RXRES 0x01u
#define CONTROL_TXRES 0x02u
#define CONTROL_RXEN  0x04u
#define CONTROL_RXDIS 0x08u
#define CONTROL_TXEN  0x10u
#define CONTROL_TXDIS 0x20u
#define MODE_8N1      0x20u /* 8 bits, no parity, 1 stop bit, undivided clock */
#define INT_RTRIG     0x001u
#define INT_TEMPTY    0x008u
#define INT_ALL       0x3fffu
#define STS_REMPTY    0x02u
#define STS_TFUL      0x10u
#define DIVIDER       7u /* the device samples each bit 8 times */

void uart_start(uint32_t clock_hz, uint32_t baud)
{
    uart_set_register(INTRPT_DIS, INT_ALL);
    if (baud != 0) {
        const uint32_t divisor = clock_hz / (DIVIDER + 1) / baud;
        uart_set_register(CONTROL, CONTROL_RXDIS | CONTROL_TXDIS);
        uart_set_register(BAUD_RATE_GEN, divisor != 0 ? divisor : 1);
        uart_set_register(BAUD_RATE_DIVIDER, DIVIDER);
    }
    uart_set_register(CONTROL, CONTROL_RXRES | CONTROL_TXRES);
    uart_set_register(MODE, MODE_8N1);
    uart_set_register(RCVR_TIMEOUT, 0);
    uart_set_register(RCVR_FIFO_TRIGGER_LEVEL, 1);
    uart_set_register(CONTROL, CONTROL_RXEN | CONTROL_TXEN);
    uart_clear_interrupts();
}

void uart_clear_interrupts(void)
{
    uart_set_register(CHNL_INT_STS, INT_ALL);
}

void uart_unmask(bool rx, bool tx)
{
    const uint32_t wanted = (rx ? INT_RTRIG : 0) | (tx ? INT_TEMPTY : 0);
    uart_set_register(INTRPT_DIS, (INT_RTRIG | INT_TEMPTY) & ~wanted);
    uart_set_register(INTRPT_EN, wanted);
}

bool uart_has_received(void)
{
    return (uart_register(CHANNEL_STS) & STS_REMPTY) == 0;
}

bool uart_receive(uint8_t *character)
{
    *character = (uint8_t)uart_register(TX_RX_FIFO);
    return true;
}

bool uart_has_room(void)
{
    return (uart_register(CHANNEL_STS) & STS_TFUL) == 0;
}

void uart_send(uint8_t character)
{
    uart_set_register(TX_RX_FIFO, character);
}
