/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Rectangles, text, and shapes with smooth edges. A smooth edge is mixed with a colour that the caller names, because
 * pixels are never read.
 */
#pragma once

#include "screen.h"

/* Positions and lengths of shapes are in sixteenths of a pixel. */
#define SHAPE_UNIT 16

/* Cells of the font in pixels, at scale 1. */
#define TEXT_CELL_WIDTH  8
#define TEXT_CELL_HEIGHT 16

/* 0xRRGGBB. */
typedef uint32_t colour_t;

struct shape_point {
    int64_t x;
    int64_t y;
};

struct shape_line {
    struct shape_point from;
    struct shape_point to;
};

/* A colour between two: share 0 is `from`, share `of` is `to`. */
colour_t colour_mix(colour_t from, colour_t to, uint32_t share, uint32_t of);

/* Fills a rectangle, which must lie within the screen. */
void shape_rect(const struct screen *screen, struct screen_rect rect, colour_t colour);

/* Draws all points that are no further than `radius` from one of the lines; one of no length makes a filled circle. */
void shape_lines(const struct screen *screen, const struct shape_line *lines, unsigned count, int64_t radius,
                 colour_t colour, colour_t behind);

/* Draws all points that are no further than `radius` from a box, whose corners are the ends of a line. */
void shape_box(const struct screen *screen, struct shape_line corners, int64_t radius, colour_t colour,
               colour_t behind);

/* Draws the pixels of a character's cell that belong to it, at (x, y); the cell must lie within the screen. */
void shape_character(const struct screen *screen, uint32_t x, uint32_t y, uint32_t scale, char character,
                     colour_t colour);
