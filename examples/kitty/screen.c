/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See screen.h. The layout is that of a screen of 320x240 points; a larger screen has it in its middle, with points of
 * whole pixels. What can change without a change of state stands in fields of text and in the bar; no two of them
 * overlap, and a field is drawn anew by characters.
 */
#include "screen.h"

#include "shapes.h"

/* In points. */
#define BAR_X            40
#define BAR_Y            204
#define BAR_WIDTH        240
#define BAR_HEIGHT       8
#define HEAD_HEIGHT      26
#define ICON_X           160
#define ICON_Y           76
#define ICON_RADIUS      38
#define FIELD_CHARACTERS 40

#define WHITE      0xffffffu
#define PALE       0xb8c4d4u
#define HEAD_PAINT 0x0b1220u
#define BAR_PAINT  0x33405au

struct layout {
    uint32_t point; /* pixels */
    uint32_t x;     /* of the 320x240 points, in pixels */
    uint32_t y;
};

static const struct {
    colour_t top;
    colour_t bottom;
} themes[PICTURE_STATE_COUNT] = {
    [PICTURE_WAITING] = {0x12325c, 0x1f5f9e},
    [PICTURE_PROCESSING] = {0x2d2357, 0x55419b},
    [PICTURE_PAID] = {0x0d4427, 0x1c7d47},
    [PICTURE_REFUSED] = {0x571418, 0x9c2a2f},
};

enum field {
    FIELD_TITLE,
    FIELD_CLOCK,
    FIELD_AMOUNT,
    FIELD_STATUS,
    FIELD_DETAIL,
    FIELD_FOOT,
    FIELD_COUNT,
};

static const struct {
    uint16_t x; /* points */
    uint16_t y;
    uint16_t characters;
    uint16_t scale; /* points a pixel of the font */
    colour_t colour;
} fields[FIELD_COUNT] = {
    [FIELD_TITLE] = {8, 5, 28, 1, WHITE},     [FIELD_CLOCK] = {248, 5, 8, 1, WHITE},
    [FIELD_AMOUNT] = {40, 122, 15, 2, WHITE}, [FIELD_STATUS] = {0, 160, 40, 1, WHITE},
    [FIELD_DETAIL] = {0, 180, 40, 1, PALE},   [FIELD_FOOT] = {0, 220, 40, 1, PALE},
};

static struct layout layout_of(const struct screen *screen)
{
    const uint32_t across = screen->width / SCREEN_WIDTH_MIN;
    const uint32_t down = screen->height / SCREEN_HEIGHT_MIN;
    const uint32_t point = across < down ? across : down;
    return (struct layout){
        .point = point,
        .x = (screen->width - SCREEN_WIDTH_MIN * point) / 2,
        .y = (screen->height - SCREEN_HEIGHT_MIN * point) / 2,
    };
}

static uint32_t length_of(const char *text, uint32_t max)
{
    uint32_t length = 0;
    while (length < max && text[length] != '\0') {
        length++;
    }
    return length;
}

static void append(char *text, const char *more, uint32_t more_max)
{
    uint32_t at = length_of(text, FIELD_CHARACTERS);
    const uint32_t count = length_of(more, more_max);
    for (uint32_t i = 0; i < count && at < FIELD_CHARACTERS; i++) {
        text[at++] = more[i];
    }
    text[at] = '\0';
}

static void append_number(char *text, uint32_t value, uint32_t digits_min)
{
    char digits[11] = {0};
    uint32_t at = 10;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0 || 10 - at < digits_min);
    append(text, &digits[at], 10);
}

static void write_clock(char *text, uint32_t seconds)
{
    append_number(text, seconds / 3600 % 24, 2);
    append(text, ":", 1);
    append_number(text, seconds / 60 % 60, 2);
    append(text, ":", 1);
    append_number(text, seconds % 60, 2);
}

static void write_amount(char *text, uint32_t cents)
{
    append(text, "EUR ", 4);
    append_number(text, cents / 100, 1);
    append(text, ".", 1);
    append_number(text, cents % 100, 2);
}

static void write_detail(char *text, const struct picture *picture)
{
    if (picture->state == PICTURE_REFUSED) {
        append(text, picture->reason, PICTURE_REASON_BYTES);
    } else if (picture->state != PICTURE_WAITING) {
        append(text, "card **** **** **** ", 20);
        append(text, picture->card, PICTURE_CARD_BYTES);
    }
    if (picture->state == PICTURE_PAID) {
        append(text, ", sale ", 7);
        append_number(text, picture->sale, 1);
    }
}

static void write_field(char text[FIELD_CHARACTERS + 1], enum field field, const struct picture *picture)
{
    static const char *const statuses[PICTURE_STATE_COUNT] = {
        [PICTURE_WAITING] = "Please present your card",
        [PICTURE_PROCESSING] = "Please wait",
        [PICTURE_PAID] = "Paid. Thank you!",
        [PICTURE_REFUSED] = "Refused",
    };
    text[0] = '\0';
    switch (field) {
    case FIELD_TITLE:
        append(text, "Kitty's corner shop", 28);
        break;
    case FIELD_CLOCK:
        write_clock(text, picture->clock);
        break;
    case FIELD_AMOUNT:
        write_amount(text, picture->amount);
        break;
    case FIELD_STATUS:
        append(text, statuses[picture->state], FIELD_CHARACTERS);
        break;
    case FIELD_DETAIL:
        write_detail(text, picture);
        break;
    case FIELD_FOOT:
        append(text, "drawn by a native component", FIELD_CHARACTERS);
        break;
    case FIELD_COUNT:
        break;
    }
}

/* A field's characters, all of them: text in its middle (title and clock: at its beginning), blanks around it. */
static void set_field(char cells[FIELD_CHARACTERS], enum field field, const struct picture *picture)
{
    char text[FIELD_CHARACTERS + 1];
    write_field(text, field, picture);
    const uint32_t characters = fields[field].characters;
    const uint32_t length = length_of(text, characters);
    const uint32_t begin = field == FIELD_TITLE ? 0 : (characters - length) / 2;
    for (uint32_t i = 0; i < characters; i++) {
        cells[i] = i >= begin && i < begin + length ? text[i - begin] : ' ';
    }
}

/* The head, and below it a gradient. */
static colour_t background_at(const struct screen *screen, const struct layout *layout, uint32_t state, uint32_t y)
{
    if (y < layout->y + HEAD_HEIGHT * layout->point) {
        return HEAD_PAINT;
    }
    return colour_mix(themes[state].top, themes[state].bottom, y, screen->height);
}

static void draw_background(const struct screen *screen, const struct layout *layout, uint32_t state,
                            struct screen_rect rect)
{
    for (uint32_t y = rect.y; y < rect.y + rect.height; y++) {
        shape_rect(screen, (struct screen_rect){rect.x, y, rect.width, 1}, background_at(screen, layout, state, y));
    }
}

static struct screen_rect field_rect(const struct layout *layout, enum field field, uint32_t first, uint32_t count)
{
    const uint32_t scale = fields[field].scale * layout->point;
    return (struct screen_rect){
        .x = layout->x + fields[field].x * layout->point + first * TEXT_CELL_WIDTH * scale,
        .y = layout->y + fields[field].y * layout->point,
        .width = count * TEXT_CELL_WIDTH * scale,
        .height = TEXT_CELL_HEIGHT * scale,
    };
}

static void draw_cells(const struct screen *screen, const struct layout *layout, uint32_t state, enum field field,
                       const char *cells, uint32_t first, uint32_t count)
{
    draw_background(screen, layout, state, field_rect(layout, field, first, count));
    for (uint32_t i = first; i < first + count; i++) {
        const struct screen_rect cell = field_rect(layout, field, i, 1);
        shape_character(screen, cell.x, cell.y, fields[field].scale * layout->point, cells[i], fields[field].colour);
    }
}

static struct screen_rect bar_rect(const struct layout *layout, uint32_t from, uint32_t to)
{
    return (struct screen_rect){
        .x = layout->x + (BAR_X + BAR_WIDTH * from / PICTURE_PROGRESS_MAX) * layout->point,
        .y = layout->y + BAR_Y * layout->point,
        .width = BAR_WIDTH * (to - from) / PICTURE_PROGRESS_MAX * layout->point,
        .height = BAR_HEIGHT * layout->point,
    };
}

/* A line of the icon, in points from its middle. */
struct stroke {
    int8_t x0, y0, x1, y1;
};

static struct shape_line icon_line(const struct layout *layout, struct stroke stroke)
{
    const int64_t x = layout->x + (int64_t)ICON_X * layout->point;
    const int64_t y = layout->y + (int64_t)ICON_Y * layout->point;
    return (struct shape_line){
        .from = {(x + stroke.x0 * (int64_t)layout->point) * SHAPE_UNIT,
                 (y + stroke.y0 * (int64_t)layout->point) * SHAPE_UNIT},
        .to = {(x + stroke.x1 * (int64_t)layout->point) * SHAPE_UNIT,
               (y + stroke.y1 * (int64_t)layout->point) * SHAPE_UNIT},
    };
}

static void draw_card(const struct screen *screen, const struct layout *layout, colour_t colour)
{
    const int64_t point = (int64_t)layout->point * SHAPE_UNIT;
    const struct shape_line marks[] = {icon_line(layout, (struct stroke){-18, 8, -8, 8}),
                                       icon_line(layout, (struct stroke){14, 8, 18, 8})};
    shape_box(screen, icon_line(layout, (struct stroke){-21, -13, 21, 13}), 4 * point, colour, WHITE);
    shape_box(screen, icon_line(layout, (struct stroke){-24, -7, 24, -4}), point, WHITE, colour);
    shape_lines(screen, marks, 2, 2 * point, WHITE, colour);
}

/* What stands on the icon's circle in the other states: lines of one width. */
static const struct {
    int8_t radius;
    uint8_t count;
    struct stroke strokes[3];
} signs[PICTURE_STATE_COUNT] = {
    [PICTURE_PROCESSING] = {5, 3, {{-16, 0, -16, 0}, {0, 0, 0, 0}, {16, 0, 16, 0}}},
    [PICTURE_PAID] = {4, 2, {{-16, 2, -5, 13}, {-5, 13, 17, -12}}},
    [PICTURE_REFUSED] = {4, 2, {{-14, -14, 14, 14}, {-14, 14, 14, -14}}},
};

static void draw_icon(const struct screen *screen, const struct layout *layout, uint32_t state)
{
    const int64_t point = (int64_t)layout->point * SHAPE_UNIT;
    const struct shape_line middle = icon_line(layout, (struct stroke){0, 0, 0, 0});
    const uint32_t y = layout->y + ICON_Y * layout->point;
    struct shape_line lines[3];

    shape_lines(screen, &middle, 1, ICON_RADIUS * point, WHITE, background_at(screen, layout, state, y));
    if (state == PICTURE_WAITING) {
        draw_card(screen, layout, themes[state].top);
        return;
    }
    for (unsigned i = 0; i < signs[state].count; i++) {
        lines[i] = icon_line(layout, signs[state].strokes[i]);
    }
    shape_lines(screen, lines, signs[state].count, signs[state].radius * point, themes[state].top, WHITE);
}

static void draw_bar(const struct screen *screen, const struct layout *layout, uint32_t progress)
{
    shape_rect(screen, bar_rect(layout, 0, progress), WHITE);
    shape_rect(screen, bar_rect(layout, progress, PICTURE_PROGRESS_MAX), BAR_PAINT);
}

void screen_draw(const struct screen *screen, const struct picture *picture)
{
    const struct layout layout = layout_of(screen);
    char cells[FIELD_CHARACTERS];

    draw_background(screen, &layout, picture->state, (struct screen_rect){0, 0, screen->width, screen->height});
    draw_icon(screen, &layout, picture->state);
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        set_field(cells, field, picture);
        draw_cells(screen, &layout, picture->state, field, cells, 0, fields[field].characters);
    }
    if (picture->state == PICTURE_PROCESSING) {
        draw_bar(screen, &layout, picture->progress);
    }
}

/* Draws from the first to the last character that differs. */
static void update_field(const struct screen *screen, const struct layout *layout, enum field field,
                         const struct picture *from, const struct picture *to, screen_damage_t damage, void *cookie)
{
    char old[FIELD_CHARACTERS];
    char new[FIELD_CHARACTERS];
    set_field(old, field, from);
    set_field(new, field, to);
    uint32_t first = 0;
    uint32_t end = fields[field].characters;
    while (first < end && old[first] == new[first]) {
        first++;
    }
    while (end > first && old[end - 1] == new[end - 1]) {
        end--;
    }
    if (first != end) {
        draw_cells(screen, layout, to->state, field, new, first, end - first);
        damage(cookie, field_rect(layout, field, first, end - first));
    }
}

void screen_update(const struct screen *screen, const struct picture *from, const struct picture *to,
                   screen_damage_t damage, void *cookie)
{
    const struct layout layout = layout_of(screen);

    if (from->state != to->state) {
        screen_draw(screen, to);
        damage(cookie, (struct screen_rect){0, 0, screen->width, screen->height});
        return;
    }
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        update_field(screen, &layout, field, from, to, damage, cookie);
    }
    if (to->state == PICTURE_PROCESSING && to->progress != from->progress) {
        const uint32_t low = to->progress < from->progress ? to->progress : from->progress;
        const uint32_t high = to->progress < from->progress ? from->progress : to->progress;
        const struct screen_rect changed = bar_rect(&layout, low, high);
        shape_rect(screen, changed, to->progress == high ? WHITE : BAR_PAINT);
        damage(cookie, changed);
    }
}
