/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See display.h. */
#include "display.h"

#include <stddef.h>

static volatile struct region_extension *extension_of(const struct display *display)
{
    return (volatile struct region_extension *)(display->region + REGION_EXTENSION_OFFSET);
}

static uint32_t load(const volatile uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(volatile uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void display_open(struct display *display, uintptr_t region)
{
    *display = (struct display){.region = region};
    volatile struct region_native *native = &extension_of(display)->native;
    display->damage_put = load(&native->damage_put);
    display->input_taken = load(&native->input_taken);
    store(&native->version, REGION_VERSION);
    store(&native->magic, REGION_MAGIC);
}

void display_close(struct display *display)
{
    display->screen.pixels = NULL;
    display->has_extension = false;
    display->owed = (struct screen_rect){0};
    display->is_new = false;
    display->is_behind = false;
}

static struct region_header read_header(const struct display *display)
{
    const volatile struct region_header *header = (const volatile struct region_header *)display->region;
    return (struct region_header){
        .xres = load(&header->xres),
        .yres = load(&header->yres),
        .bits_per_pixel = load(&header->bits_per_pixel),
    };
}

/* Width and height are bounded before they are multiplied. */
static bool is_possible(const struct region_header *header)
{
    return header->bits_per_pixel == REGION_BITS_PER_PIXEL && header->xres >= SCREEN_WIDTH_MIN &&
           header->xres <= UINT16_MAX && header->yres >= SCREEN_HEIGHT_MIN && header->yres <= UINT16_MAX &&
           (uint64_t)header->xres * header->yres <= (REGION_BYTES - REGION_PIXELS_OFFSET) / sizeof(uint32_t);
}

static bool leaves_room_for_extension(const struct region_header *header)
{
    return (uint64_t)header->xres * header->yres <= (REGION_EXTENSION_OFFSET - REGION_PIXELS_OFFSET) / sizeof(uint32_t);
}

enum display_change display_look(struct display *display)
{
    const struct region_header header = read_header(display);
    if (!is_possible(&header)) {
        display->refused = header;
        display->refused_count++;
        return DISPLAY_REFUSED;
    }
    const volatile struct region_display *guest = &extension_of(display)->display;
    const bool has_extension = leaves_room_for_extension(&header) && load(&guest->magic) == REGION_MAGIC &&
                               load(&guest->version) >= REGION_VERSION;
    const uint32_t session = has_extension ? load(&guest->session) : 0;
    if (display->screen.pixels != NULL && display->screen.width == header.xres &&
        display->screen.height == header.yres && display->has_extension == has_extension &&
        display->session == session) {
        return DISPLAY_SAME;
    }
    display_close(display);
    display->screen.pixels = (uint32_t *)(display->region + REGION_PIXELS_OFFSET);
    display->screen.width = header.xres;
    display->screen.height = header.yres;
    display->has_extension = has_extension;
    display->session = session;
    return DISPLAY_STARTED;
}

/* The smallest rectangle around two; an empty one counts for nothing. */
static struct screen_rect around(struct screen_rect a, struct screen_rect b)
{
    if (a.width == 0 || b.width == 0) {
        return a.width == 0 ? b : a;
    }
    const uint32_t x = a.x < b.x ? a.x : b.x;
    const uint32_t y = a.y < b.y ? a.y : b.y;
    const uint32_t x_end = a.x + a.width > b.x + b.width ? a.x + a.width : b.x + b.width;
    const uint32_t y_end = a.y + a.height > b.y + b.height ? a.y + a.height : b.y + b.height;
    return (struct screen_rect){x, y, x_end - x, y_end - y};
}

/* A count that cannot be leaves no room: the guest is sent nothing more until it starts anew. */
static uint32_t room_in_ring(const struct display *display)
{
    const uint32_t used = display->damage_put - load(&extension_of(display)->display.damage_taken);
    return used <= REGION_DAMAGE_COUNT ? REGION_DAMAGE_COUNT - used : 0;
}

static void put(struct display *display, struct screen_rect rect)
{
    volatile struct region_native *native = &extension_of(display)->native;
    volatile struct region_rect *entry = &native->damage[display->damage_put % REGION_DAMAGE_COUNT];
    entry->x = (uint16_t)rect.x;
    entry->y = (uint16_t)rect.y;
    entry->width = (uint16_t)rect.width;
    entry->height = (uint16_t)rect.height;
    display->damage_put++;
    store(&native->damage_put, display->damage_put);
}

/* Without the extension the guest copies everything. */
void display_damage(void *cookie, struct screen_rect rect)
{
    struct display *display = cookie;
    display->is_new = true;
    if (!display->has_extension) {
        return;
    }
    if (display->owed.width == 0 && room_in_ring(display) > 0) {
        put(display, rect);
    } else {
        display->owed = around(display->owed, rect);
    }
}

bool display_flush(struct display *display)
{
    if (display->owed.width != 0 && room_in_ring(display) > 0) {
        put(display, display->owed);
        display->owed = (struct screen_rect){0};
        display->is_new = true;
    }
    const bool is_new = display->is_new;
    display->is_new = false;
    return is_new;
}

bool display_is_stuck(struct display *display, uint64_t now_ns, uint64_t patience_ns)
{
    if (!display->has_extension) {
        return false;
    }
    const uint32_t taken = load(&extension_of(display)->display.damage_taken);
    const bool is_behind = taken != display->damage_put;
    if (!is_behind || !display->is_behind || taken != display->last_taken) {
        display->is_behind = is_behind;
        display->behind_ns = now_ns;
        display->last_taken = taken;
        return false;
    }
    if (now_ns - display->behind_ns < patience_ns) {
        return false;
    }
    display_close(display);
    return true;
}

bool display_has_input(const struct display *display)
{
    return display->has_extension && load(&extension_of(display)->display.input_put) != display->input_taken;
}

/* More than the ring holds is no count: then what there was is dropped. */
bool display_take_input(struct display *display, struct region_input *event)
{
    volatile struct region_extension *extension = extension_of(display);
    const uint32_t put = load(&extension->display.input_put);
    const uint32_t count = put - display->input_taken;
    const bool has_event = display->has_extension && count != 0 && count <= REGION_INPUT_COUNT;
    if (has_event) {
        const volatile struct region_input *entry =
            &extension->display.input[display->input_taken % REGION_INPUT_COUNT];
        *event = (struct region_input){entry->type, entry->code, entry->value};
    }
    display->input_taken = has_event ? display->input_taken + 1 : put;
    store(&extension->native.input_taken, display->input_taken);
    return has_event;
}

uint32_t display_pixels_copied(const struct display *display)
{
    return display->has_extension ? load(&extension_of(display)->display.pixels_copied) : 0;
}
