/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The terminal's picture: drawing only, without memory of its own and without input or output. The same picture on a
 * screen of the same size has the same pixels everywhere: tests draw it on the host and compare.
 *
 * Pixels are only written, never read: whoever else can write them cannot influence what is drawn.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The least size that the picture fits on. */
#define SCREEN_WIDTH_MIN  320
#define SCREEN_HEIGHT_MIN 240

#define PICTURE_PROGRESS_MAX 20
#define PICTURE_CARD_BYTES   8
#define PICTURE_REASON_BYTES 40

/* Rows without padding; a pixel is blue, green, red, alpha, a byte each. */
struct screen {
    uint32_t *pixels;
    uint32_t width;
    uint32_t height;
};

struct screen_rect {
    uint32_t x;
    uint32_t y;
    uint32_t width;
    uint32_t height;
};

enum picture_state {
    PICTURE_WAITING, /* for a card */
    PICTURE_PROCESSING,
    PICTURE_PAID,
    PICTURE_REFUSED,
    PICTURE_STATE_COUNT,
};

struct picture {
    uint32_t state;                    /* enum picture_state */
    uint32_t amount;                   /* cents; at most 99999999 */
    uint32_t progress;                 /* of the processing: 0 to PICTURE_PROGRESS_MAX */
    uint32_t clock;                    /* seconds since midnight */
    uint32_t sale;                     /* number of the sale that was paid */
    char card[PICTURE_CARD_BYTES];     /* the last four digits, ended by a zero */
    char reason[PICTURE_REASON_BYTES]; /* why it was refused, ended by a zero */
};

/* Called for each rectangle that was drawn; none overlaps another. */
typedef void (*screen_damage_t)(void *cookie, struct screen_rect rect);

/* Draws the whole picture. The screen has at least the least size. */
void screen_draw(const struct screen *screen, const struct picture *picture);

/* Draws what has changed between two pictures, onto a screen that shows the first one. */
void screen_update(const struct screen *screen, const struct picture *from, const struct picture *to,
                   screen_damage_t damage, void *cookie);
