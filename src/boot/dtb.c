/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * libfdt does the walking; this file adds what it leaves to its users: alignment of the blocks, lengths of reg and
 * ranges, translation of addresses. [DTSpec 2.3.5, 2.3.6, 2.3.8, 5.2, 5.6]
 *
 * Cells are read as bytes, as nothing promises that a property is aligned to more than four.
 */
#include "boot/dtb.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#include "util/checked.h"

#define VERSION_OLDEST 16 /* the first with names instead of whole paths in its nodes */

#define CELL_BYTES            4
#define ADDRESS_CELLS_DEFAULT 2
#define SIZE_CELLS_DEFAULT    1
#define CELLS_MAX             2 /* that a number may have */

/* Deeper nodes than this are not translated: the cost of finding a parent grows with the depth. */
#define TRANSLATE_DEPTH_MAX 16

/* How many cells the children of a node use for addresses and sizes. */
struct cells {
    uint32_t address;
    uint32_t size;
};

/* A property as an array of cells. */
struct cell_array {
    const uint8_t *bytes;
    uint32_t count;
};

/* One entry of ranges: child address, parent address, length. */
struct window {
    uint64_t child;
    uint64_t parent;
    uint64_t size_bytes;
};

static bool are_blocks_aligned(const void *blob)
{
    return is_aligned(fdt_off_mem_rsvmap(blob), 8) && is_aligned(fdt_off_dt_struct(blob), 4);
}

uint64_t dtb_claimed_bytes(const void *blob, uint64_t blob_bytes)
{
    struct fdt_header header;

    if (blob_bytes < sizeof header) {
        return 0;
    }
    memcpy(&header, blob, sizeof header);
    return fdt_magic(&header) == FDT_MAGIC ? fdt_totalsize(&header) : 0;
}

/*
 * Whether each element of the structure block lies behind the one before: a length that overflows can lead back, and
 * libfdt's check of the whole then never ends. libfdt looks at the header only; the bounds are its own.
 */
static bool is_structure_finite(const void *blob)
{
    int offset = 0;
    int next;

    if (fdt_check_header(blob) != 0) {
        return false;
    }
    while (fdt_next_tag(blob, offset, &next) != FDT_END) {
        if (next <= offset) {
            return false;
        }
        offset = next;
    }
    return true;
}

enum result dtb_open(const void *blob, uint64_t blob_bytes, struct dtb *dtb)
{
    uint64_t claimed_bytes = dtb_claimed_bytes(blob, blob_bytes);

    if (claimed_bytes == 0) {
        LOG_VMM_ERR("device tree of 0x%lx bytes does not start with the magic number 0x%x\n", blob_bytes, FDT_MAGIC);
        return RESULT_INVALID;
    }
    if (claimed_bytes > blob_bytes) {
        LOG_VMM_ERR("device tree says that it has 0x%lx bytes, but dtb_size is 0x%lx\n", claimed_bytes, blob_bytes);
        return RESULT_INVALID;
    }
    if (fdt_version(blob) < VERSION_OLDEST || !are_blocks_aligned(blob)) {
        LOG_VMM_ERR("device tree is malformed: version %u, reservations at 0x%x, structure at 0x%x\n",
                    fdt_version(blob), fdt_off_mem_rsvmap(blob), fdt_off_dt_struct(blob));
        return RESULT_INVALID;
    }
    int error = is_structure_finite(blob) ? fdt_check_full(blob, claimed_bytes) : -FDT_ERR_BADSTRUCTURE;
    if (error != 0) {
        LOG_VMM_ERR("device tree is malformed: libfdt says %s\n", fdt_strerror(error));
        return RESULT_INVALID;
    }
    dtb->blob = blob;
    dtb->size_bytes = claimed_bytes;
    return RESULT_OK;
}

const char *dtb_node_name(const struct dtb *dtb, int node)
{
    const char *name = fdt_get_name(dtb->blob, node, NULL);

    return name == NULL ? "?" : name;
}

bool dtb_is_available(const struct dtb *dtb, int node)
{
    int length;
    const char *status = fdt_getprop(dtb->blob, node, "status", &length);

    /* "ok" is what some device trees say instead. */
    return status == NULL || fdt_stringlist_contains(status, length, "okay") ||
           fdt_stringlist_contains(status, length, "ok");
}

/* The property's cells. RESULT_RANGE: absent; RESULT_INVALID: not a whole number of cells. */
static enum result find_cells(const struct dtb *dtb, int node, const char *property, struct cell_array *array)
{
    int length;
    const void *bytes = fdt_getprop(dtb->blob, node, property, &length);

    if (bytes == NULL) {
        return RESULT_RANGE;
    }
    if (length % CELL_BYTES != 0) {
        LOG_VMM_ERR("device tree: %s of node %s has %d bytes, which is not a multiple of 4\n", property,
                    dtb_node_name(dtb, node), length);
        return RESULT_INVALID;
    }
    array->bytes = bytes;
    array->count = (uint32_t)length / CELL_BYTES;
    return RESULT_OK;
}

/* The number in `count` cells, at most two, from cell `first`. The caller has checked that they are there. */
static uint64_t read_cells(const struct cell_array *array, uint32_t first, uint32_t count)
{
    uint64_t value = 0;

    for (uint32_t i = first * CELL_BYTES; i < (first + count) * CELL_BYTES; i++) {
        value = value << 8 | array->bytes[i];
    }
    return value;
}

enum result dtb_read_number(const struct dtb *dtb, int node, const char *property, uint64_t *value)
{
    struct cell_array array;
    enum result result = find_cells(dtb, node, property, &array);

    if (result != RESULT_OK) {
        return result;
    }
    if (array.count == 0 || array.count > CELLS_MAX) {
        LOG_VMM_ERR("device tree: %s of node %s has %u cells: should be 1 or 2\n", property, dtb_node_name(dtb, node),
                    array.count);
        return RESULT_INVALID;
    }
    *value = read_cells(&array, 0, array.count);
    return RESULT_OK;
}

static enum result read_cell_count(const struct dtb *dtb, int node, const char *property, uint32_t *count)
{
    struct cell_array array;
    enum result result = find_cells(dtb, node, property, &array);

    if (result == RESULT_RANGE) {
        return RESULT_OK;
    }
    if (result == RESULT_OK && array.count == 1) {
        *count = (uint32_t)read_cells(&array, 0, 1);
    }
    if (result != RESULT_OK || array.count != 1 || *count > CELLS_MAX) {
        LOG_VMM_ERR("device tree: %s of node %s should be one cell with a value of at most %u\n", property,
                    dtb_node_name(dtb, node), CELLS_MAX);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

/* How children of `node` write addresses and sizes. */
static enum result read_child_cells(const struct dtb *dtb, int node, struct cells *cells)
{
    cells->address = ADDRESS_CELLS_DEFAULT;
    cells->size = SIZE_CELLS_DEFAULT;

    enum result result = read_cell_count(dtb, node, "#address-cells", &cells->address);
    if (result == RESULT_OK) {
        result = read_cell_count(dtb, node, "#size-cells", &cells->size);
    }
    return result;
}

/* Checks that an array consists of whole entries of `entry_cells`. */
static enum result check_entries(const struct dtb *dtb, int node, const char *property, const struct cell_array *array,
                                 uint32_t entry_cells)
{
    if (entry_cells == 0 || array->count % entry_cells != 0) {
        LOG_VMM_ERR("device tree: %s of node %s has %u cells: should be a multiple of %u\n", property,
                    dtb_node_name(dtb, node), array->count, entry_cells);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

/* Reads entry `index` of reg, given the node's parent. */
static enum result read_reg_below(const struct dtb *dtb, int parent, int node, size_t index, struct dtb_reg *reg)
{
    struct cells cells;
    struct cell_array array;
    enum result result = read_child_cells(dtb, parent, &cells);

    if (result == RESULT_OK) {
        result = find_cells(dtb, node, "reg", &array);
    }
    if (result == RESULT_OK) {
        result = check_entries(dtb, node, "reg", &array, cells.address + cells.size);
    }
    if (result != RESULT_OK) {
        return result;
    }
    uint32_t entry_cells = cells.address + cells.size;
    if (index >= array.count / entry_cells) {
        return RESULT_RANGE;
    }
    uint32_t first = (uint32_t)index * entry_cells;
    reg->base = read_cells(&array, first, cells.address);
    reg->size_bytes = read_cells(&array, first + cells.address, cells.size);
    return RESULT_OK;
}

enum result dtb_read_reg(const struct dtb *dtb, int node, size_t index, struct dtb_reg *reg)
{
    int parent = fdt_parent_offset(dtb->blob, node);

    /* Only the root has no parent, and it has no reg either. */
    return parent < 0 ? RESULT_RANGE : read_reg_below(dtb, parent, node, index, reg);
}

/* Moves reg from the address space below `bus` to the one that `bus` itself lies in. */
static enum result translate_up(const struct dtb *dtb, int bus, int above, struct dtb_reg *reg)
{
    struct cells child;
    struct cells parent;
    struct cell_array array;
    enum result result = read_child_cells(dtb, bus, &child);

    if (result == RESULT_OK) {
        result = read_child_cells(dtb, above, &parent);
    }
    if (result == RESULT_OK) {
        result = find_cells(dtb, bus, "ranges", &array);
    }
    if (result != RESULT_OK || array.count == 0) {
        return result; /* empty ranges: both address spaces are the same */
    }
    uint32_t entry_cells = child.address + parent.address + child.size;
    result = check_entries(dtb, bus, "ranges", &array, entry_cells);
    if (result != RESULT_OK) {
        return result;
    }
    for (uint32_t first = 0; first < array.count; first += entry_cells) {
        struct window window = {
            .child = read_cells(&array, first, child.address),
            .parent = read_cells(&array, first + child.address, parent.address),
            .size_bytes = read_cells(&array, first + child.address + parent.address, child.size),
        };
        if (range_inside(window.child, window.size_bytes, reg->base, reg->size_bytes)) {
            reg->base = window.parent + (reg->base - window.child);
            return RESULT_OK;
        }
    }
    return RESULT_RANGE;
}

enum result dtb_read_guest_reg(const struct dtb *dtb, int node, size_t index, struct dtb_reg *reg)
{
    enum result result = dtb_read_reg(dtb, node, index, reg);
    int bus = fdt_parent_offset(dtb->blob, node);

    for (int depth = 0; result == RESULT_OK && bus > 0; depth++) {
        int above = fdt_parent_offset(dtb->blob, bus);
        if (depth == TRANSLATE_DEPTH_MAX || above < 0 || translate_up(dtb, bus, above, reg) != RESULT_OK) {
            LOG_VMM_ERR("device tree: reg 0x%lx of node %s cannot be translated by the ranges of node %s\n", reg->base,
                        dtb_node_name(dtb, node), dtb_node_name(dtb, bus));
            return RESULT_INVALID;
        }
        bus = above;
    }
    return result;
}
