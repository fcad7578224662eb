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

struct fdt_builder;

/* How a builder adds to the tree. Properties come before the nodes below a node. */
struct fdt_builder_ops {
    void (*begin_node)(struct fdt_builder *tree, const char *name);
    void (*begin_in_gic)(struct fdt_builder *tree, const char *name);
    void (*end_node)(struct fdt_builder *tree);
    void (*property)(struct fdt_builder *tree, const char *name, const void *bytes, size_t size_bytes);
    uint32_t (*phandle)(struct fdt_builder *tree);
};

/* The base of an FDT builder. */
struct fdt_builder {
    const struct fdt_builder_ops *ops;
    uint32_t address_cells; /* of the root's children: 1 or 2 */
    uint32_t size_cells;
    uint32_t gic_phandle;
    uint32_t gic_address_cells; /* of the interrupt controller's children: what an interrupt-map has to name too */
    uint32_t gic_size_cells;
};

/* Begins the node `name@address` below the root or the node that was begun last. */
void fdt_builder_begin(struct fdt_builder *tree, const char *name, uint64_t address);
/* The same below the interrupt controller, while no node is begun. */
void fdt_builder_begin_in_gic(struct fdt_builder *tree, const char *name, uint64_t address);
void fdt_builder_end(struct fdt_builder *tree);

/* Properties of the node that was begun last. */
void fdt_builder_flag(struct fdt_builder *tree, const char *name);
void fdt_builder_string(struct fdt_builder *tree, const char *name, const char *value);
void fdt_builder_cells(struct fdt_builder *tree, const char *name, const uint32_t *cells, size_t count);

/* reg of a node below the root, or below the interrupt controller: one range. */
void fdt_builder_reg(struct fdt_builder *tree, uint64_t base, uint64_t size_bytes);
void fdt_builder_reg_in_gic(struct fdt_builder *tree, uint64_t base, uint64_t size_bytes);

/* The phandle of the node that was begun last, which it gets here if it has none; its last property. */
uint32_t fdt_builder_phandle(struct fdt_builder *tree);

/* interrupts and interrupt-parent: one level-sensitive SPI, named by its INTID (32 and more). */
void fdt_builder_interrupt(struct fdt_builder *tree, uint32_t irq);
