/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A bare guest in the place of the display's Linux: it writes nonsense into the region's header and extension and rings
 * the doorbell, without end. Every eighth header is a good one, of another session each time, so that the till has a
 * screen to draw, too.
 */
#include "region.h"

#include "head.h"

#define REGION   ((uintptr_t)0x30000000)
#define DOORBELL ((volatile uint32_t *)0x300000)

static const struct region_header headers[] = {
    {0, 768, 32},
    {1024, 0, 32},
    {0x80000000, 0x80000000, 32},
    {0xffffffff, 0xffffffff, 32},
    {65536, 65536, 32},
    {8192, 1024, 32},
    {1024, 768, 16},
    {319, 240, 32},
    {0x40000000, 4, 32},
    {1024, 768, 0},
    {0x10001, 0x10001, 32},
    {32768, 32768, 32},
    {320, 0x80000000u, 32},
    {1024, 768, 0x80000020},
    {2896, 2897, 32},
};
#define HEADER_COUNT (sizeof(headers) / sizeof(headers[0]))

static uint32_t random_word(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state;
}

void __attribute__((noreturn, used)) guest_main(void)
{
    volatile struct region_header *header = (volatile struct region_header *)REGION;
    volatile struct region_extension *extension =
        (volatile struct region_extension *)(REGION + REGION_EXTENSION_OFFSET);
    uint32_t state = 1;

    for (uint32_t i = 0;; i++) {
        const struct region_header nonsense = headers[i % HEADER_COUNT];
        const uint32_t good_width = i % 16 == 0 ? 1024 : 640;
        header->xres = i % 8 == 0 ? good_width : nonsense.xres;
        header->yres = i % 8 == 0 ? 480 : nonsense.yres;
        header->bits_per_pixel = i % 8 == 0 ? 32 : nonsense.bits_per_pixel;
        extension->display.magic = i % 3 == 0 ? random_word(&state) : REGION_MAGIC;
        extension->display.version = 1;
        extension->display.session = random_word(&state);
        extension->display.damage_taken = random_word(&state);
        extension->display.input_put = random_word(&state) % 256;
        extension->display.input[i % REGION_INPUT_COUNT] =
            (struct region_input){1, (uint16_t)random_word(&state), random_word(&state) % 3};
        extension->native.damage_put = random_word(&state);
        extension->native.magic = random_word(&state);
        *DOORBELL = i;
    }
}
