/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What uart.c, which is the same in the driver of every UART, needs of the device. Each driver's own file defines it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Where the device's registers are mapped; set by the system description. */
extern uintptr_t uart_base;

/*
 * Makes the device ready for 8 bits, no parity, with its FIFOs, and no interrupt unmasked. `clock_hz` and `baud` are
 * not 0; or both are, and the speed stays as the firmware has left it.
 */
void uart_start(uint32_t clock_hz, uint32_t baud);

/* Clears interrupts that the device latches. What is pending after this is signalled again. */
void uart_clear_interrupts(void);

/* Which interrupts the device may signal: there are characters, there is room for some. */
void uart_unmask(bool rx, bool tx);

/* Whether there is a character to receive. */
bool uart_has_received(void);

/* Takes one, of which uart_has_received has just been true. False: it has come with an error, and is to be dropped. */
bool uart_receive(uint8_t *character);

/* Whether the device takes a character. */
bool uart_has_room(void);

/* Sends one, for which uart_has_room has just been true. */
void uart_send(uint8_t character);

static inline uint32_t uart_register(uint32_t offset)
{
    return *(volatile uint32_t *)(uart_base + offset);
}

static inline void uart_set_register(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(uart_base + offset) = value;
}
