/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Two FDT builders behind vm/fdt_builder.h: one counts bytes, the other edits a tree in place with libfdt. libfdt
 * puts a new node before the others of its parent, so devices come out in the reverse of the order of their list.
 * [DTSpec 2.4, 5.4]
 */
#include "boot/dtb_devices.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#include "boot/dtb_gic.h"
#include "boot/dtb_seeds.h"
#include "vm/fdt_builder.h"

#define TOKEN_BYTES           4
#define ALIGN_UP4(bytes)      (((bytes) + 3) & ~(size_t)3)
#define PROPERTY_BYTES        12  /* token, length, offset of the name */
#define PHANDLE_BYTES         32  /* a phandle, with the property's name */
#define SLACK_BYTES           128 /* a header that grows from version 16 to 17, alignment */
#define GIC_CELLS             3
#define NODE_DEPTH_MAX        8
#define ADDRESS_CELLS_DEFAULT 2
#define SIZE_CELLS_DEFAULT    1

struct counter {
    struct fdt_builder tree;
    uint64_t bytes;
    bool is_in_gic; /* there is a node below the interrupt controller */
};

struct editor {
    struct fdt_builder tree;
    void *blob;
    int nodes[NODE_DEPTH_MAX]; /* from the root to the node that was begun last */
    unsigned depth;
    unsigned skipped; /* begun below, or instead of, a node that was there already */
    int error;        /* of libfdt: 0 or the first one */
};

static void count_begin(struct fdt_builder *tree, const char *name)
{
    ((struct counter *)tree)->bytes += TOKEN_BYTES + ALIGN_UP4(strlen(name) + 1);
}

static void count_begin_in_gic(struct fdt_builder *tree, const char *name)
{
    ((struct counter *)tree)->is_in_gic = true;
    count_begin(tree, name);
}

static void count_end(struct fdt_builder *tree)
{
    ((struct counter *)tree)->bytes += TOKEN_BYTES;
}

static void count_property(struct fdt_builder *tree, const char *name, const void *bytes, size_t size_bytes)
{
    (void)bytes;
    ((struct counter *)tree)->bytes += PROPERTY_BYTES + ALIGN_UP4(size_bytes) + strlen(name) + 1;
}

static uint32_t count_phandle(struct fdt_builder *tree)
{
    ((struct counter *)tree)->bytes += PHANDLE_BYTES;
    return 0;
}

static void begin_below(struct editor *editor, int parent, const char *name)
{
    /* Depths are the library's own: no input reaches this. */
    assert(editor->depth + 1 < NODE_DEPTH_MAX);
    if (editor->skipped != 0 || editor->error != 0) {
        editor->skipped++;
        return;
    }
    const int node = fdt_add_subnode(editor->blob, parent, name);
    if (node < 0) {
        editor->skipped = 1;
        editor->error = node == -FDT_ERR_EXISTS ? 0 : node;
        editor->nodes[editor->depth + 1] = fdt_subnode_offset(editor->blob, parent, name);
        return;
    }
    editor->nodes[++editor->depth] = node;
}

static void edit_begin(struct fdt_builder *tree, const char *name)
{
    struct editor *editor = (struct editor *)tree;
    begin_below(editor, editor->nodes[editor->depth], name);
}

static int find_gic(const void *blob)
{
    const struct dtb dtb = {.blob = blob, .size_bytes = fdt_totalsize(blob)};
    return dtb_gic_node(&dtb);
}

static void edit_begin_in_gic(struct fdt_builder *tree, const char *name)
{
    struct editor *editor = (struct editor *)tree;
    begin_below(editor, find_gic(editor->blob), name);
}

static void edit_end(struct fdt_builder *tree)
{
    struct editor *editor = (struct editor *)tree;
    if (editor->skipped != 0) {
        editor->skipped--;
    } else {
        editor->depth--;
    }
}

static void edit_property(struct fdt_builder *tree, const char *name, const void *bytes, size_t size_bytes)
{
    struct editor *editor = (struct editor *)tree;
    if (editor->skipped == 0 && editor->error == 0) {
        editor->error = fdt_setprop(editor->blob, editor->nodes[editor->depth], name, size_bytes == 0 ? "" : bytes,
                                    (int)size_bytes);
    }
}

/* The phandle of a node, which it gets here if it has none. */
static int give_phandle(void *blob, int node, uint32_t *phandle)
{
    *phandle = fdt_get_phandle(blob, node);
    if (*phandle != 0) {
        return 0;
    }
    const int error = fdt_find_max_phandle(blob, phandle);
    if (error != 0) {
        return error;
    }
    ++*phandle;
    return fdt_setprop_u32(blob, node, "phandle", *phandle);
}

/* Of a node that was there already, too. */
static uint32_t edit_phandle(struct fdt_builder *tree)
{
    struct editor *editor = (struct editor *)tree;
    uint32_t phandle = 0;
    if (editor->skipped <= 1 && editor->error == 0) {
        editor->error = give_phandle(editor->blob, editor->nodes[editor->depth + editor->skipped], &phandle);
    }
    return phandle;
}

/* The value of a property of one cell, or what it is when it is absent. */
static uint32_t read_cell(const struct dtb *dtb, int node, const char *name, uint32_t otherwise)
{
    uint64_t value;
    return dtb_read_number(dtb, node, name, &value) == RESULT_OK ? (uint32_t)value : otherwise;
}

static void learn(const struct dtb *dtb, int gic, struct fdt_builder *tree)
{
    tree->address_cells = read_cell(dtb, 0, "#address-cells", ADDRESS_CELLS_DEFAULT);
    tree->size_cells = read_cell(dtb, 0, "#size-cells", SIZE_CELLS_DEFAULT);
    tree->gic_address_cells = read_cell(dtb, gic, "#address-cells", 0);
    tree->gic_size_cells = read_cell(dtb, gic, "#size-cells", 0);
}

static bool is_one_or_two(uint32_t cells)
{
    return cells == 1 || cells == 2;
}

static enum result check(const struct dtb *dtb, int gic, const struct fdt_builder *tree)
{
    const uint32_t interrupt_cells = gic < 0 ? 0 : read_cell(dtb, gic, "#interrupt-cells", 0);
    if (!is_one_or_two(tree->address_cells) || !is_one_or_two(tree->size_cells) || tree->gic_address_cells > 2 ||
        interrupt_cells != GIC_CELLS) {
        LOG_VMM_ERR("device tree: devices cannot be added: #interrupt-cells of the interrupt controller is %u, should "
                    "be %u; its #address-cells is %u; the root's #address-cells and #size-cells are %u and %u\n",
                    interrupt_cells, GIC_CELLS, tree->gic_address_cells, tree->address_cells, tree->size_cells);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

/* Whether addresses below a node are the root's. */
static bool has_root_addresses(const struct dtb *dtb, int node)
{
    int bytes = 0;
    while (node > 0 && fdt_getprop(dtb->blob, node, "ranges", &bytes) != NULL && bytes == 0) {
        node = fdt_parent_offset(dtb->blob, node);
    }
    return node == 0;
}

static enum result check_gic_children(const struct dtb *dtb, int gic, const struct fdt_builder *tree)
{
    if (!is_one_or_two(tree->gic_address_cells) || !is_one_or_two(tree->gic_size_cells) ||
        !has_root_addresses(dtb, gic)) {
        LOG_VMM_ERR("device tree: no frame for messages can be added to interrupt controller %s: it needs "
                    "#address-cells and #size-cells of 1 or 2, and, as all nodes above it, an empty ranges\n",
                    dtb_node_name(dtb, gic));
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result dtb_devices_size(struct vm *vm, const struct dtb *dtb, uint64_t *bytes)
{
    static const struct fdt_builder_ops ops = {count_begin, count_begin_in_gic, count_end, count_property,
                                               count_phandle};
    struct counter counter = {.tree.ops = &ops, .bytes = DTB_SEEDS_BYTES + PHANDLE_BYTES + SLACK_BYTES};
    const int gic = dtb_gic_node(dtb);
    *bytes = DTB_SEEDS_BYTES + SLACK_BYTES;
    if (vm->devices == NULL) {
        return RESULT_OK;
    }
    learn(dtb, gic, &counter.tree);
    const enum result result = check(dtb, gic, &counter.tree);
    if (result != RESULT_OK) {
        return result;
    }
    device_describe_all(vm, &counter.tree);
    *bytes = counter.bytes;
    return counter.is_in_gic ? check_gic_children(dtb, gic, &counter.tree) : RESULT_OK;
}

enum result dtb_devices_add(struct vm *vm, void *blob, uint64_t bytes)
{
    static const struct fdt_builder_ops ops = {edit_begin, edit_begin_in_gic, edit_end, edit_property, edit_phandle};
    struct editor editor = {.tree.ops = &ops, .blob = blob};
    editor.error = fdt_open_into(blob, blob, (int)bytes);
    if (editor.error == 0) {
        /* A guest can do without. */
        (void)!dtb_seeds_add(blob);
    }
    if (vm->devices == NULL) {
        return RESULT_OK;
    }
    if (editor.error == 0) {
        editor.error = give_phandle(blob, find_gic(blob), &editor.tree.gic_phandle);
    }
    if (editor.error == 0) {
        const struct dtb dtb = {.blob = blob, .size_bytes = bytes};
        learn(&dtb, dtb_gic_node(&dtb), &editor.tree);
        device_describe_all(vm, &editor.tree);
    }
    if (editor.error != 0) {
        LOG_VMM_ERR("device tree: devices cannot be added: libfdt says %s\n", fdt_strerror(editor.error));
        return RESULT_FULL;
    }
    return RESULT_OK;
}
