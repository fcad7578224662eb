/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The program of the image tool's targets: as small as one can be that has libmicrokit's symbols, those that the
 * descriptions of test/tool set, and three segments with a bss.
 */
#include <stdint.h>

char microkit_name[64] = "unset";
uint64_t microkit_irqs = 1;
uint64_t microkit_notifications = 1;
uint64_t microkit_pps = 1;
uint8_t microkit_passive = 1;

uint64_t word = 1;
uint64_t other_word = 1;
uint32_t half = 1;
uint16_t quarter = 1;
uint8_t byte = 1;
uint64_t bss_word;
uint64_t bss_last;
static volatile uint64_t local_word = 1;
uint32_t variables_tail = 1;
uint32_t small_address = 1;
const volatile uint64_t constants_word = 1;

void _start(void)
{
    for (;;) {
        bss_word += local_word + constants_word;
    }
}
