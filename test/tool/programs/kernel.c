/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Stands in for the kernel where only the image tool is tested: a board with
 * two cores and 64 MiB of RAM, and the word that the tool sets.
 */
#include "../../../kernel/abi/image.h"

const struct image_board kernel_board = {
    .name = "test_board",
    .core_count = 2,
    .kernel = {.base = 0x40000000, .size_bytes = 0x200000},
    .ram = {{.base = 0x40000000, .size_bytes = 0x4000000}},
    .devices = {{.base = 0x8000000, .size_bytes = 0x10000}},
};

#ifdef IMAGE_IN_BSS
uint64_t kernel_image;
#else
uint64_t kernel_image = 1;
#endif
uint8_t kernel_scratch[0x3000];

void _start(void)
{
    for (;;) {
        kernel_scratch[0] = (uint8_t)kernel_image;
    }
}
