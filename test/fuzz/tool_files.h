/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Files for the image tool that need no file system: this takes the place of tools/image/file.c.
 */
#pragma once

#include "../../tools/image/tool.h"

#include <stdint.h>

#define TOOL_FILES_SYSTEM "fuzz.system"
#define TOOL_FILES_KERNEL "kernel.elf"
#define TOOL_FILES_BOARD  "test_board"

/* A file's content; it must stay until the tool has run. */
struct tool_file {
    const uint8_t *bytes;
    size_t size_bytes;
};

/*
 * What the tool finds. Every name that ends in .elf is the program, except the kernel's; one that ends in .bin is 5120
 * bytes to prefill with. There is no other file.
 */
struct tool_files {
    struct tool_file system;
    struct tool_file kernel;
    struct tool_file program;
};

/* The kernel and a program, as compilers make them. */
struct tool_file tool_files_good_kernel(void);
struct tool_file tool_files_good_program(void);

/* Runs the tool on these files; aborts when what it answers and what it reports do not go together. */
void tool_files_run(const struct tool_files *files);
