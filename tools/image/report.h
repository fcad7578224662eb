/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A report of what lies where, for people to read. Its form may change.
 */
#ifndef IMAGE_REPORT_H
#define IMAGE_REPORT_H

#include "emit.h"
#include "tables.h"

enum result report_write(struct tool *tool, const struct system *system, const struct board *board,
                         const struct layout *layout, const struct tables *tables,
                         const struct emitted *emitted) MUST_CHECK;

#endif
