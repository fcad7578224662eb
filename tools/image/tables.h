/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables of kernel/abi/image.h.
 */
#ifndef IMAGE_TABLES_H
#define IMAGE_TABLES_H

#include "layout.h"

struct tables {
    struct block *block; /* struct image, then threads, irqs, zeros and smcs */
    const struct image *image;
    const struct image_thread *threads;
    const struct image_irq *irqs;
    const struct image_range *zeros;
};

/* Everything else has its place. */
enum result tables_build(struct tool *tool, const struct system *system, struct layout *layout,
                         struct tables *tables) MUST_CHECK;

#endif
