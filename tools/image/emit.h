/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The bootable image: an ELF file with a segment for every piece of physical
 * memory that is not zero, each at its physical address, and the kernel's
 * entry point.
 */
#ifndef IMAGE_EMIT_H
#define IMAGE_EMIT_H

#include "layout.h"

struct emitted {
    uint64_t file_bytes;
    size_t segment_count;
};

/* On failure there is no file at the output path. */
enum result emit_image(struct tool *tool, const struct board *board, const struct layout *layout,
                       struct emitted *emitted) MUST_CHECK;

#endif
