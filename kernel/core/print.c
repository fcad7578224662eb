/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The kernel's few lines on the board's console.
 */
#include "kernel/core/print.h"

#include "kernel/board/board.h"

void print_char(char c)
{
    if (c == '\n') {
        board_putc('\r');
    }
    board_putc(c);
}

void print_text(const char *text)
{
    while (*text != 0) {
        print_char(*text++);
    }
}

void print_hex(uint64_t value)
{
    print_text("0x");
    int shift = value == 0 ? 0 : (63 - __builtin_clzl(value)) / 4 * 4;
    for (; shift >= 0; shift -= 4) {
        print_char("0123456789abcdef"[value >> shift & 15]);
    }
}

void print_decimal(uint64_t value)
{
    char digits[21];
    char *first = &digits[sizeof(digits) - 1];

    *first = 0;
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print_text(first);
}
