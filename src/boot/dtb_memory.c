/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Memory nodes are the children of the root whose device_type is "memory". [DTSpec 3.4]
 *
 * Invariant: the ranges collected are sorted, not empty and disjoint, and none wraps.
 */
#include "boot/dtb_memory.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#include "util/checked.h"

#define ROOT 0

struct memory_map {
    struct dtb_reg ranges[DTB_MEMORY_RANGE_COUNT_MAX];
    size_t count;
};

static bool is_memory_node(const struct dtb *dtb, int node)
{
    int length;
    const char *type = fdt_getprop(dtb->blob, node, "device_type", &length);

    return type != NULL && fdt_stringlist_contains(type, length, "memory") && dtb_is_available(dtb, node);
}

static enum result check_range(const struct memory_map *map, const struct dtb_reg *range)
{
    uint64_t end;

    if (!checked_add(range->base, range->size_bytes, &end)) {
        LOG_VMM_ERR("device tree: memory at 0x%lx with 0x%lx bytes goes beyond 64 bits\n", range->base,
                    range->size_bytes);
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct dtb_reg *other = &map->ranges[i];
        if (ranges_overlap(range->base, range->size_bytes, other->base, other->size_bytes)) {
            LOG_VMM_ERR("device tree: memory at 0x%lx with 0x%lx bytes overlaps memory at 0x%lx with 0x%lx bytes\n",
                        range->base, range->size_bytes, other->base, other->size_bytes);
            return RESULT_INVALID;
        }
    }
    if (map->count == DTB_MEMORY_RANGE_COUNT_MAX) {
        LOG_VMM_ERR("device tree: more than %u ranges of memory\n", DTB_MEMORY_RANGE_COUNT_MAX);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static void insert_sorted(struct memory_map *map, const struct dtb_reg *range)
{
    size_t i = map->count++;

    for (; i > 0 && map->ranges[i - 1].base > range->base; i--) {
        map->ranges[i] = map->ranges[i - 1];
    }
    map->ranges[i] = *range;
}

static enum result collect_node(const struct dtb *dtb, int node, struct memory_map *map)
{
    for (size_t index = 0;; index++) {
        struct dtb_reg range;
        enum result result = dtb_read_reg(dtb, node, index, &range);
        if (result == RESULT_RANGE) {
            return RESULT_OK;
        }
        if (result == RESULT_OK && range.size_bytes == 0) {
            continue;
        }
        if (result == RESULT_OK) {
            result = check_range(map, &range);
        }
        if (result != RESULT_OK) {
            return result;
        }
        insert_sorted(map, &range);
    }
}

static enum result collect(const struct dtb *dtb, struct memory_map *map)
{
    int node;

    map->count = 0;
    fdt_for_each_subnode(node, dtb->blob, ROOT)
    {
        enum result result = is_memory_node(dtb, node) ? collect_node(dtb, node, map) : RESULT_OK;
        if (result != RESULT_OK) {
            return result;
        }
    }
    return RESULT_OK;
}

enum result dtb_memory_size(const struct dtb *dtb, gpa_t base, uint64_t *size_bytes)
{
    struct memory_map map;
    enum result result = collect(dtb, &map);

    if (result != RESULT_OK) {
        return result;
    }
    *size_bytes = 0;
    for (size_t i = 0; i < map.count; i++) {
        if (map.ranges[i].base == base.value + *size_bytes) {
            *size_bytes += map.ranges[i].size_bytes;
        }
    }
    if (*size_bytes != 0) {
        return RESULT_OK;
    }
    if (map.count == 0) {
        LOG_VMM_ERR("device tree has no memory: guest RAM is at 0x%lx\n", base.value);
    } else {
        LOG_VMM_ERR("device tree's memory starts at 0x%lx, but guest RAM at 0x%lx (guest_ram_register says where a "
                    "guest sees its RAM)\n",
                    map.ranges[0].base, base.value);
    }
    return RESULT_INVALID;
}
