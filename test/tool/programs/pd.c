/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A program with libmicrokit's symbols and some to be set by a description.
 */
#include <stdint.h>

#ifndef WITHOUT_LIBMICROKIT
char microkit_name[64] = "unset";
uint64_t microkit_irqs = 1;
uint64_t microkit_notifications = 1;
uint64_t microkit_pps = 1;
uint8_t microkit_passive = 1;
#endif

uint64_t word = 1;
uint64_t other_word = 1;
uint64_t size_word = 1;
uint64_t end_word = 1;
uint64_t id_word = 1;
uint64_t address_word = 1;
uint32_t half = 1;
uint8_t array[9] = {1};
uint64_t bss_word;
uint8_t bss_block[0x21000];
uint64_t bss_last;
static volatile uint64_t local_word = 1;
uint64_t variables_tail = 1;

const volatile uint64_t constants_word = 1;

/* Text and data of more than a page each. */
const uint8_t constants[0x1800] = {1, [0x17ff] = 2};
uint8_t variables[0x12000] = {3, [0x11fff] = 4};

void _start(void)
{
    for (;;) {
        bss_block[0] =
            (uint8_t)(word + other_word + size_word + end_word + id_word + address_word + half + array[0] + bss_word +
                      bss_last + local_word + variables_tail + constants_word + constants[1] + variables[1]);
    }
}
