/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line, and what every step of the tool gets to work with.
 */
#ifndef IMAGE_TOOL_H
#define IMAGE_TOOL_H

#include "arena.h"
#include "diag.h"

#include <stddef.h>

struct options {
    const char *system_path;
    const char *kernel_path;
    const char *board;
    const char *config;
    const char *output_path;
    const char *report_path;
    const char **search_paths;
    size_t search_path_count;
    const char **smcs; /* PD=FIRST[-LAST] each */
    size_t smc_count;
};

struct tool {
    struct arena arena;
    struct diag diag;
    const struct options *options;
};

/* Builds the image that the options ask for. An error has been reported, and leaves no output behind. */
enum result tool_run(struct tool *tool) MUST_CHECK;

#endif
