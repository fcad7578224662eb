/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The font, made of Debian's by make-font: a word for each row of a character, whose highest bit is the leftmost pixel.
 */
#pragma once

#include <stdint.h>

/* The printable characters of ASCII. */
#define FONT_FIRST 0x20
#define FONT_LAST  0x7e
#define FONT_COUNT (FONT_LAST - FONT_FIRST + 1)

extern const uint8_t font_small[FONT_COUNT][16];
extern const uint16_t font_large[FONT_COUNT][32];
