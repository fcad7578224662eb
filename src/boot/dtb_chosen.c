/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux finds its initial RAM disk only through /chosen: where that disagrees with what is loaded, the guest would
 * stop far from the cause. Each property may have one cell or two.
 */
#include "boot/dtb_chosen.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#define START_PROPERTY "linux,initrd-start"
#define END_PROPERTY   "linux,initrd-end"

/* What /chosen claims. */
struct claim {
    bool has_start;
    bool has_end;
    uint64_t start;
    uint64_t end;
};

static enum result read_optional(const struct dtb *dtb, int node, const char *property, bool *is_there, uint64_t *value)
{
    enum result result = dtb_read_number(dtb, node, property, value);

    *is_there = result == RESULT_OK;
    return result == RESULT_RANGE ? RESULT_OK : result;
}

static enum result read_claim(const struct dtb *dtb, struct claim *claim)
{
    int chosen = fdt_path_offset(dtb->blob, "/chosen");

    *claim = (struct claim){0};
    if (chosen < 0) {
        return RESULT_OK;
    }
    enum result result = read_optional(dtb, chosen, START_PROPERTY, &claim->has_start, &claim->start);
    if (result == RESULT_OK) {
        result = read_optional(dtb, chosen, END_PROPERTY, &claim->has_end, &claim->end);
    }
    return result;
}

static enum result check_none(const struct claim *claim)
{
    if (claim->start != claim->end) {
        LOG_VMM_ERR("device tree's /chosen has an initial RAM disk from 0x%lx to 0x%lx, but initrd_size is 0\n",
                    claim->start, claim->end);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

/* An end past the image is taken as long as it is inside RAM: Linux ignores the zeroes after an initial RAM disk. */
static enum result check_end(uint64_t claimed, uint64_t end, const struct layout_range *ram)
{
    const uint64_t ram_end = ram->base.value + ram->size_bytes;
    if (claimed < end || claimed > ram_end) {
        LOG_VMM_ERR("device tree's " END_PROPERTY " is 0x%lx, but initrd_dest + initrd_size is 0x%lx; limit is the end "
                    "of RAM at 0x%lx\n",
                    claimed, end, ram_end);
        return RESULT_INVALID;
    }
    if (claimed - end >= DTB_CHOSEN_PAGE_BYTES) {
        LOG_VMM("device tree's " END_PROPERTY " is 0x%lx, 0x%lx bytes past initrd_dest + initrd_size; accepted\n",
                claimed, claimed - end);
    }
    return RESULT_OK;
}

enum result dtb_chosen_check_initrd(const struct dtb *dtb, const struct layout_range *initrd,
                                    const struct layout_range *ram)
{
    struct claim claim;
    enum result result = read_claim(dtb, &claim);

    if (result != RESULT_OK) {
        return result;
    }
    if (initrd->size_bytes == 0) {
        return check_none(&claim);
    }
    if (!claim.has_start || !claim.has_end) {
        LOG_VMM_ERR("device tree's /chosen has no %s: should be 0x%lx\n",
                    claim.has_start ? END_PROPERTY : START_PROPERTY,
                    initrd->base.value + (claim.has_start ? initrd->size_bytes : 0));
        return RESULT_INVALID;
    }
    if (claim.start != initrd->base.value) {
        LOG_VMM_ERR("device tree's " START_PROPERTY " is 0x%lx, but initrd_dest is 0x%lx\n", claim.start,
                    initrd->base.value);
        return RESULT_INVALID;
    }
    return check_end(claim.end, initrd->base.value + initrd->size_bytes, ram);
}
