/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Properties in the form that a flattened tree has them in: cells are big-endian numbers of 32 bits.
 */
#include "vm/fdt_builder.h"

#include <libvmm/util/util.h>

#define CELL_COUNT_MAX  160 /* of one property */
#define NAME_BYTES_MAX  48
#define SPI_FIRST       32
#define GIC_SPI         0 /* of the interrupt controller's binding */
#define GIC_LEVEL_HIGH  4
#define INTERRUPT_CELLS 3

void fdt_builder_begin(struct fdt_builder *tree, const char *name, uint64_t address)
{
    char full[NAME_BYTES_MAX];
    snprintf(full, sizeof full, "%s@%lx", name, address);
    tree->ops->begin_node(tree, full);
}

void fdt_builder_begin_in_gic(struct fdt_builder *tree, const char *name, uint64_t address)
{
    char full[NAME_BYTES_MAX];
    snprintf(full, sizeof full, "%s@%lx", name, address);
    tree->ops->begin_in_gic(tree, full);
}

void fdt_builder_end(struct fdt_builder *tree)
{
    tree->ops->end_node(tree);
}

void fdt_builder_flag(struct fdt_builder *tree, const char *name)
{
    tree->ops->property(tree, name, NULL, 0);
}

void fdt_builder_string(struct fdt_builder *tree, const char *name, const char *value)
{
    tree->ops->property(tree, name, value, strlen(value) + 1);
}

void fdt_builder_cells(struct fdt_builder *tree, const char *name, const uint32_t *cells, size_t count)
{
    uint32_t swapped[CELL_COUNT_MAX];
    /* Counts are the library's own: no input reaches this. */
    assert(count <= CELL_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        swapped[i] = __builtin_bswap32(cells[i]);
    }
    tree->ops->property(tree, name, swapped, count * sizeof swapped[0]);
}

static size_t put_number(uint32_t *cells, uint64_t value, uint32_t cell_count)
{
    size_t count = 0;
    if (cell_count == 2) {
        cells[count++] = (uint32_t)(value >> 32);
    }
    cells[count++] = (uint32_t)value;
    return count;
}

static void put_reg(struct fdt_builder *tree, uint64_t base, uint32_t address_cells, uint64_t size_bytes,
                    uint32_t size_cells)
{
    uint32_t cells[4];
    size_t count = put_number(cells, base, address_cells);
    count += put_number(&cells[count], size_bytes, size_cells);
    fdt_builder_cells(tree, "reg", cells, count);
}

void fdt_builder_reg(struct fdt_builder *tree, uint64_t base, uint64_t size_bytes)
{
    put_reg(tree, base, tree->address_cells, size_bytes, tree->size_cells);
}

void fdt_builder_reg_in_gic(struct fdt_builder *tree, uint64_t base, uint64_t size_bytes)
{
    put_reg(tree, base, tree->gic_address_cells, size_bytes, tree->gic_size_cells);
}

uint32_t fdt_builder_phandle(struct fdt_builder *tree)
{
    return tree->ops->phandle(tree);
}

void fdt_builder_interrupt(struct fdt_builder *tree, uint32_t irq)
{
    const uint32_t cells[INTERRUPT_CELLS] = {GIC_SPI, irq - SPI_FIRST, GIC_LEVEL_HIGH};
    fdt_builder_cells(tree, "interrupt-parent", &tree->gic_phandle, 1);
    fdt_builder_cells(tree, "interrupts", cells, INTERRUPT_CELLS);
}
