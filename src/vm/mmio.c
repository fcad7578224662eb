/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Dispatch of guest accesses. The region that was found last for addresses like this one is tried first, then a binary
 * search decides.
 */
#include "vm/mmio.h"

#include "util/checked.h"

#define MMIO_WIDTHS_ALL (1 | 2 | 4 | 8)
/* Devices that a guest uses by turns mostly lie this far apart; what is far from them must not share their hints. */
#define MMIO_HINT_SHIFT 16
#define MMIO_HINT_FOLD  26

/* Index of the first region whose base lies behind `at`. */
static size_t first_behind(const struct mmio_bus *bus, uint64_t at)
{
    size_t low = 0;
    size_t high = bus->region_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (bus->regions[middle].base.value <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool mmio_overlaps(const struct mmio_bus *bus, gpa_t base, uint64_t size_bytes)
{
    for (size_t i = 0; i < bus->region_count; i++) {
        const struct mmio_region *region = &bus->regions[i];
        if (ranges_overlap(region->base.value, region->size_bytes, base.value, size_bytes)) {
            return true;
        }
    }
    return false;
}

enum result mmio_add(struct mmio_bus *bus, const struct mmio_region *region)
{
    uint64_t end;
    if (region->size_bytes == 0 || region->handler == NULL || (region->widths & MMIO_WIDTHS_ALL) == 0) {
        return RESULT_INVALID;
    }
    if (!checked_add(region->base.value, region->size_bytes - 1, &end)) {
        return RESULT_INVALID;
    }
    if (mmio_overlaps(bus, region->base, region->size_bytes)) {
        return RESULT_BUSY;
    }
    if (bus->region_count == MMIO_REGION_COUNT_MAX) {
        return RESULT_FULL;
    }
    const size_t at = first_behind(bus, region->base.value);
    for (size_t i = bus->region_count; i > at; i--) {
        bus->regions[i] = bus->regions[i - 1];
    }
    bus->regions[at] = *region;
    bus->region_count++;
    return RESULT_OK;
}

void mmio_remove(struct mmio_bus *bus, gpa_t base)
{
    const size_t behind = first_behind(bus, base.value);
    if (behind == 0 || bus->regions[behind - 1].base.value != base.value) {
        return;
    }
    bus->region_count--;
    for (size_t i = behind - 1; i < bus->region_count; i++) {
        bus->regions[i] = bus->regions[i + 1];
    }
    /* What lies behind the last one must not be found by a hint. */
    bus->regions[bus->region_count] = (struct mmio_region){0};
}

/* Whether the region holds the bytes from `offset` on, which is any value: far too large if they begin before it. */
static bool region_holds(const struct mmio_region *region, uint64_t offset, uint64_t size_bytes)
{
    return offset < region->size_bytes && size_bytes <= region->size_bytes - offset;
}

/* Where no hint helps. */
static const struct mmio_region *search(struct mmio_bus *bus, uint64_t at, uint64_t size_bytes, uint8_t *hint)
{
    const size_t behind = first_behind(bus, at);
    if (behind == 0) {
        return NULL;
    }
    const struct mmio_region *region = &bus->regions[behind - 1];
    *hint = (uint8_t)(behind - 1);
    return region_holds(region, at - region->base.value, size_bytes) ? region : NULL;
}

static const struct mmio_region *find(struct mmio_bus *bus, uint64_t at, uint64_t size_bytes)
{
    uint8_t *const hint = &bus->hints[(at >> MMIO_HINT_SHIFT ^ at >> MMIO_HINT_FOLD) % MMIO_HINT_COUNT];
    const struct mmio_region *region = &bus->regions[*hint];
    if (region_holds(region, at - region->base.value, size_bytes)) {
        return region;
    }
    return search(bus, at, size_bytes, hint);
}

enum mmio_result mmio_dispatch(struct mmio_bus *bus, gpa_t at, struct mmio_access *access)
{
    /* What crosses the end of a device is misaligned too. */
    if ((at.value & (access->width_bytes - 1u)) != 0) {
        return MMIO_MISALIGNED;
    }
    const struct mmio_region *region = find(bus, at.value, access->width_bytes);
    if (region == NULL || (region->widths & access->width_bytes) == 0) {
        return MMIO_UNHANDLED;
    }
    access->offset = at.value - region->base.value;
    return region->handler(region->dev, access);
}
