/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See shapes.h. A point of a shape is a pixel's centre; an edge goes through a pixel's width. */
#include "shapes.h"

#include "font.h"

#define ALPHA UINT32_C(0xff000000)

/* What a shape is made of: some lines, or the box between the ends of one. */
struct figure {
    const struct shape_line *lines;
    unsigned count;
    bool is_box;
};

colour_t colour_mix(colour_t from, colour_t to, uint32_t share, uint32_t of)
{
    colour_t mixed = 0;
    for (uint32_t shift = 0; shift < 24; shift += 8) {
        const uint32_t a = from >> shift & 0xff;
        const uint32_t b = to >> shift & 0xff;
        mixed |= (a * (of - share) + b * share) / of << shift;
    }
    return mixed;
}

void shape_rect(const struct screen *screen, struct screen_rect rect, colour_t colour)
{
    for (uint32_t y = rect.y; y < rect.y + rect.height; y++) {
        uint32_t *row = screen->pixels + (uint64_t)y * screen->width;
        for (uint32_t x = rect.x; x < rect.x + rect.width; x++) {
            row[x] = ALPHA | colour;
        }
    }
}

static int64_t square(int64_t a)
{
    return a * a;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return greater(least, lesser(value, most));
}

static int64_t distance2(struct shape_point a, struct shape_point b)
{
    return square(a.x - b.x) + square(a.y - b.y);
}

static int64_t distance2_of_line(const struct shape_line *line, struct shape_point at)
{
    const struct shape_point along = {line->to.x - line->from.x, line->to.y - line->from.y};
    const struct shape_point away = {at.x - line->from.x, at.y - line->from.y};
    const int64_t length2 = square(along.x) + square(along.y);
    const int64_t dot = along.x * away.x + along.y * away.y;
    if (dot <= 0) {
        return distance2(at, line->from);
    }
    if (dot >= length2) {
        return distance2(at, line->to);
    }
    return square(along.x * away.y - along.y * away.x) / length2;
}

static int64_t distance2_of_box(const struct shape_line *corners, struct shape_point at)
{
    const struct shape_point nearest = {clamp(at.x, corners->from.x, corners->to.x),
                                        clamp(at.y, corners->from.y, corners->to.y)};
    return distance2(at, nearest);
}

static int64_t distance2_of_figure(const struct figure *figure, struct shape_point at)
{
    int64_t least = INT64_MAX;
    for (unsigned i = 0; i < figure->count; i++) {
        const struct shape_line *line = &figure->lines[i];
        const int64_t one = figure->is_box ? distance2_of_box(line, at) : distance2_of_line(line, at);
        least = one < least ? one : least;
    }
    return least;
}

/* The largest whole number whose square is not larger. */
static int64_t square_root(int64_t value)
{
    int64_t root = 0;
    for (int64_t bit = INT64_C(1) << 30; bit != 0; bit >>= 1) {
        if (square(root + bit) <= value) {
            root += bit;
        }
    }
    return root;
}

/* How much of a pixel a shape covers, 0 to SHAPE_UNIT, by the squared distance of the pixel's centre from it. */
static uint32_t coverage(int64_t from_it2, int64_t radius)
{
    const int64_t half = SHAPE_UNIT / 2;
    if (from_it2 >= square(radius + half)) {
        return 0;
    }
    if (radius > half && from_it2 <= square(radius - half)) {
        return SHAPE_UNIT;
    }
    return (uint32_t)clamp(radius + half - square_root(from_it2), 0, SHAPE_UNIT);
}

/* The pixels in which a figure may be, as the lines' smallest box and `radius` around it. */
static struct screen_rect bounds_of(const struct screen *screen, const struct figure *figure, int64_t radius)
{
    struct shape_point least = {INT64_MAX, INT64_MAX};
    struct shape_point most = {0, 0};
    for (unsigned i = 0; i < figure->count; i++) {
        const struct shape_line *line = &figure->lines[i];
        least.x = lesser(least.x, lesser(line->from.x, line->to.x));
        least.y = lesser(least.y, lesser(line->from.y, line->to.y));
        most.x = greater(most.x, greater(line->from.x, line->to.x));
        most.y = greater(most.y, greater(line->from.y, line->to.y));
    }
    const int64_t x = clamp((least.x - radius) / SHAPE_UNIT - 1, 0, screen->width);
    const int64_t y = clamp((least.y - radius) / SHAPE_UNIT - 1, 0, screen->height);
    return (struct screen_rect){
        .x = (uint32_t)x,
        .y = (uint32_t)y,
        .width = (uint32_t)(clamp((most.x + radius) / SHAPE_UNIT + 2, x, screen->width) - x),
        .height = (uint32_t)(clamp((most.y + radius) / SHAPE_UNIT + 2, y, screen->height) - y),
    };
}

static void draw_figure(const struct screen *screen, const struct figure *figure, int64_t radius, colour_t colour,
                        colour_t behind)
{
    const struct screen_rect bounds = bounds_of(screen, figure, radius);
    for (uint32_t y = bounds.y; y < bounds.y + bounds.height; y++) {
        uint32_t *row = screen->pixels + (uint64_t)y * screen->width;
        for (uint32_t x = bounds.x; x < bounds.x + bounds.width; x++) {
            const struct shape_point at = {(int64_t)x * SHAPE_UNIT + SHAPE_UNIT / 2,
                                           (int64_t)y * SHAPE_UNIT + SHAPE_UNIT / 2};
            const uint32_t covered = coverage(distance2_of_figure(figure, at), radius);
            if (covered != 0) {
                row[x] = ALPHA | colour_mix(behind, colour, covered, SHAPE_UNIT);
            }
        }
    }
}

void shape_lines(const struct screen *screen, const struct shape_line *lines, unsigned count, int64_t radius,
                 colour_t colour, colour_t behind)
{
    const struct figure figure = {lines, count, false};
    draw_figure(screen, &figure, radius, colour, behind);
}

void shape_box(const struct screen *screen, struct shape_line corners, int64_t radius, colour_t colour, colour_t behind)
{
    const struct figure figure = {&corners, 1, true};
    draw_figure(screen, &figure, radius, colour, behind);
}

static bool has_pixel(unsigned index, bool is_large, uint32_t x, uint32_t y)
{
    return is_large ? (font_large[index][y] >> (15 - x) & 1) != 0 : (font_small[index][y] >> (7 - x) & 1) != 0;
}

/* Even scales use the font of twice the size. */
void shape_character(const struct screen *screen, uint32_t x, uint32_t y, uint32_t scale, char character,
                     colour_t colour)
{
    const bool is_printable = character >= FONT_FIRST && character <= FONT_LAST;
    const unsigned index = is_printable ? (unsigned)character - FONT_FIRST : 0;
    const bool is_large = scale % 2 == 0;
    const uint32_t dot = is_large ? scale / 2 : scale;
    const uint32_t columns = is_large ? 2 * TEXT_CELL_WIDTH : TEXT_CELL_WIDTH;
    const uint32_t rows = is_large ? 2 * TEXT_CELL_HEIGHT : TEXT_CELL_HEIGHT;

    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t column = 0; column < columns; column++) {
            if (has_pixel(index, is_large, column, row)) {
                shape_rect(screen, (struct screen_rect){x + column * dot, y + row * dot, dot, dot}, colour);
            }
        }
    }
}
