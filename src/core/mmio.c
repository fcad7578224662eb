/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Dispatch of guest accesses. The region found last is tried first (a guest mostly talks to one device at a time), then
 * a binary search decides.
 */
#include "core/mmio.h"

#include "util/checked.h"

#define MMIO_WIDTHS_ALL (1 | 2 | 4 | 8)

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

static bool region_holds(const struct mmio_region *region, uint64_t at, uint64_t size_bytes)
{
    return range_inside(region->base.value, region->size_bytes, at, size_bytes);
}

static const struct mmio_region *find(struct mmio_bus *bus, uint64_t at, uint64_t size_bytes)
{
    const struct mmio_region *region = &bus->regions[bus->last_hit];
    if (region_holds(region, at, size_bytes)) {
        return region;
    }
    const size_t behind = first_behind(bus, at);
    if (behind == 0 || !region_holds(&bus->regions[behind - 1], at, size_bytes)) {
        return NULL;
    }
    bus->last_hit = behind - 1;
    return &bus->regions[behind - 1];
}

enum mmio_result mmio_dispatch(struct mmio_bus *bus, gpa_t at, struct mmio_access *access)
{
    const struct mmio_region *region = find(bus, at.value, access->width_bytes);
    if (region == NULL || (region->widths & access->width_bytes) == 0) {
        return MMIO_UNHANDLED;
    }
    access->offset = at.value - region->base.value;
    return region->handler(region->dev, access);
}
