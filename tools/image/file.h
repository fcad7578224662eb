/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Files that a system description names.
 */
#ifndef IMAGE_FILE_H
#define IMAGE_FILE_H

#include "tool.h"

#include <stdint.h>

struct file {
    const char *path;
    const uint8_t *bytes;
    uint64_t size_bytes;
};

/* Reads the whole of the file at path. */
enum result file_read(struct tool *tool, struct place place, const char *path, struct file *file) MUST_CHECK;

/* Likewise; a relative path is looked for in the current folder and then in the search paths. */
enum result file_search(struct tool *tool, struct place place, const char *path, struct file *file) MUST_CHECK;

#endif
