/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The native side of the region (region.h): which screen the guest has, and what it is told of changes.
 *
 * The guest can write to all of the region at any time. Each word of it is read once, checked, and kept here; pixels
 * are not read at all. A header that cannot be is refused, and the screen stays as it was.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "region.h"
#include "screen.h"

struct display {
    uintptr_t region;     /* address of the region here */
    struct screen screen; /* no pixels: there is no screen yet */
    bool has_extension;
    uint32_t session;        /* of the guest's program */
    uint32_t damage_put;     /* as in the extension, which the guest can overwrite */
    uint32_t input_taken;    /* likewise */
    struct screen_rect owed; /* damage that the ring had no room for: around all of it; empty: none */
    bool is_new;             /* something was put that the guest has not been notified of */

    struct region_header refused; /* the last header that was refused */
    uint32_t refused_count;
    bool is_behind;     /* the guest has not taken all that was put */
    uint64_t behind_ns; /* since when it has taken nothing */
    uint32_t last_taken;
};

enum display_change {
    DISPLAY_SAME,
    DISPLAY_STARTED, /* there is a new screen or a new program: draw all of it */
    DISPLAY_REFUSED, /* the header was refused: see `refused` and `refused_count` */
};

/* Takes over a region of REGION_BYTES, before the guest is started or while it runs. */
void display_open(struct display *display, uintptr_t region);

/* The guest's program is gone: there is no screen until the next one says what it has. */
void display_close(struct display *display);

/* Reads the header, after the doorbell. */
enum display_change display_look(struct display *display);

/* Says that a rectangle was drawn. A screen_damage_t. */
void display_damage(void *display, struct screen_rect rect);

/* What was drawn and not said for lack of room is said now, if there is room. Whether to notify the guest. */
bool display_flush(struct display *display);

/*
 * Whether the guest's program has taken nothing for `patience_ns` though there was something to take. Only for one that
 * has the extension. Answers true once, and closes the display.
 */
bool display_is_stuck(struct display *display, uint64_t now_ns, uint64_t patience_ns);

/* Takes an event of the guest's keyboard or pointer. False: there is none. */
bool display_take_input(struct display *display, struct region_input *event);

/* Whether there is one. */
bool display_has_input(const struct display *display);

/* How many pixels the guest says it has copied. */
uint32_t display_pixels_copied(const struct display *display);
