/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the native component and the display's driver VM share: a region of 32 MiB with a header of three words and the
 * pixels right behind it, a doorbell and an interrupt. All words are little-endian.
 *
 * The protocol of three words: the guest's program writes the size of its screen into the header and to the doorbell.
 * The native component draws and notifies; the guest has an interrupt, and copies all pixels. Nothing else is needed:
 * a program on either side that knows the header only works with one that knows more.
 *
 * The extension lies in the region's last page, where no pixels of such a program are, unless its screen needs the
 * whole region; then there is no extension. A side uses it when the other one has written its magic number there. It
 * says which rectangles to copy: the native component puts them into a ring, the guest's program takes them out. Rings
 * are used by counters that never go back, as in sDDF.
 */
#pragma once

#include <stdint.h>

#define REGION_BYTES            0x2000000
#define REGION_PIXELS_OFFSET    12
#define REGION_EXTENSION_OFFSET (REGION_BYTES - 0x1000)
#define REGION_BITS_PER_PIXEL   32

#define REGION_MAGIC        0x7974746bu /* "ktty" */
#define REGION_VERSION      1u
#define REGION_DAMAGE_COUNT 64u
#define REGION_INPUT_COUNT  64u

struct region_header {
    uint32_t xres;
    uint32_t yres;
    uint32_t bits_per_pixel;
};

struct region_rect {
    uint16_t x;
    uint16_t y;
    uint16_t width;
    uint16_t height;
};

/* Type, code and value of an event of Linux's input subsystem. */
struct region_input {
    uint16_t type;
    uint16_t code;
    uint32_t value;
};

/* Written by the guest's program, before the header. */
struct region_display {
    uint32_t version;
    uint32_t session;      /* another number whenever the program starts */
    uint32_t damage_taken; /* rectangles taken and copied */
    uint32_t pixels_copied;
    uint32_t magic;
    uint32_t input_put; /* events put into the ring */
    uint32_t reserved[2];
    struct region_input input[REGION_INPUT_COUNT];
    uint32_t reserved_too[376];
};

/* Written by the native component. */
struct region_native {
    uint32_t magic;
    uint32_t version;
    uint32_t damage_put;  /* rectangles put into the ring */
    uint32_t input_taken; /* events taken */
    uint32_t reserved[4];
    struct region_rect damage[REGION_DAMAGE_COUNT];
};

struct region_extension {
    struct region_display display;
    struct region_native native;
};

_Static_assert(sizeof(struct region_header) == REGION_PIXELS_OFFSET, "pixels follow the header");
_Static_assert(sizeof(struct region_display) == 2048, "layout that both sides know");
_Static_assert(sizeof(struct region_extension) <= 0x1000, "one page");

/* HINT #0x70 and #0x71: they do nothing; test/bench/plugin/count.c counts instructions from one to the other. */
#define REGION_MARK()     __asm__ volatile("hint #0x70")
#define REGION_MARK_END() __asm__ volatile("hint #0x71")
