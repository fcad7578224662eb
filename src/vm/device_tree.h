/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How a device says what the guest's device tree is to have of it: nodes below the root, and their properties. Who
 * makes the tree of it is boot's affair. [DTSpec 2.2, 2.3]
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct device_tree;

/* What makes the tree. Properties come before the nodes below a node. */
struct device_tree_ops {
    void (*begin_node)(struct device_tree *tree, const char *name);
    void (*begin_in_gic)(struct device_tree *tree, const char *name);
    void (*end_node)(struct device_tree *tree);
    void (*property)(struct device_tree *tree, const char *name, const void *bytes, size_t size_bytes);
    uint32_t (*phandle)(struct device_tree *tree);
};

/* The base of a maker of trees. */
struct device_tree {
    const struct device_tree_ops *ops;
    uint32_t address_cells; /* of the root's children: 1 or 2 */
    uint32_t size_cells;
    uint32_t gic_phandle;
    uint32_t gic_address_cells; /* of the interrupt controller's children: what an interrupt-map has to name too */
    uint32_t gic_size_cells;
};

/* Begins the node `name@address` below the root or the node that was begun last. */
void device_tree_begin(struct device_tree *tree, const char *name, uint64_t address);
/* The same below the interrupt controller, while no node is begun. */
void device_tree_begin_in_gic(struct device_tree *tree, const char *name, uint64_t address);
void device_tree_end(struct device_tree *tree);

/* Properties of the node that was begun last. */
void device_tree_flag(struct device_tree *tree, const char *name);
void device_tree_string(struct device_tree *tree, const char *name, const char *value);
void device_tree_cells(struct device_tree *tree, const char *name, const uint32_t *cells, size_t count);

/* reg of a node below the root, or below the interrupt controller: one range. */
void device_tree_reg(struct device_tree *tree, uint64_t base, uint64_t size_bytes);
void device_tree_reg_in_gic(struct device_tree *tree, uint64_t base, uint64_t size_bytes);

/* The phandle of the node that was begun last, which it gets here if it has none; its last property. */
uint32_t device_tree_phandle(struct device_tree *tree);

/* interrupts and interrupt-parent: one level-sensitive SPI, named by its INTID (32 and more). */
void device_tree_interrupt(struct device_tree *tree, uint32_t irq);
