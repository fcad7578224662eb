/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Registers of the PL011 serial port [PL011 3.3].
 */
#pragma once

#include "spec/bits.h"

enum {
    UARTDR = 0x000,        /* RW [PL011 3.3.1] */
    UARTRSR = 0x004,       /* RW [PL011 3.3.2] */
    UARTFR = 0x018,        /* RO [PL011 3.3.3] */
    UARTILPR = 0x020,      /* RW [PL011 3.3.4] */
    UARTIBRD = 0x024,      /* RW [PL011 3.3.5] */
    UARTFBRD = 0x028,      /* RW [PL011 3.3.6] */
    UARTLCR_H = 0x02c,     /* RW [PL011 3.3.7] */
    UARTCR = 0x030,        /* RW [PL011 3.3.8] */
    UARTIFLS = 0x034,      /* RW [PL011 3.3.9] */
    UARTIMSC = 0x038,      /* RW [PL011 3.3.10] */
    UARTRIS = 0x03c,       /* RO [PL011 3.3.11] */
    UARTMIS = 0x040,       /* RO [PL011 3.3.12] */
    UARTICR = 0x044,       /* WO [PL011 3.3.13] */
    UARTDMACR = 0x048,     /* RW [PL011 3.3.14] */
    UARTPeriphID0 = 0xfe0, /* RO [PL011 3.3.15]: four registers */
    UARTPCellID0 = 0xff0,  /* RO [PL011 3.3.16]: four registers */
};

/* UARTDR: break, parity and framing error; an overrun (bit 11) does not spoil the character. */
#define UARTDR_ERRORS FIELD(10, 8)

#define UARTFR_CTS  BIT(0)
#define UARTFR_DSR  BIT(1)
#define UARTFR_DCD  BIT(2)
#define UARTFR_BUSY BIT(3)
#define UARTFR_RXFE BIT(4)
#define UARTFR_TXFF BIT(5)
#define UARTFR_RXFF BIT(6)
#define UARTFR_TXFE BIT(7)

#define UARTLCR_H_FEN  BIT(4)
#define UARTLCR_H_8BIT FIELD(6, 5)

#define UARTCR_UARTEN BIT(0)
#define UARTCR_TXE    BIT(8)
#define UARTCR_RXE    BIT(9)

#define UARTIFLS_TX    FIELD(2, 0)
#define UARTIFLS_RX    FIELD(5, 3)
#define UARTIFLS_RESET 0x12

/* UARTIMSC, UARTRIS, UARTMIS, UARTICR */
#define UARTINT_RX  BIT(4)
#define UARTINT_TX  BIT(5)
#define UARTINT_RT  BIT(6) /* receive timeout: there are characters, fewer than the FIFO's trigger level */
#define UARTINT_ALL FIELD(10, 0)
