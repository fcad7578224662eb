/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See tool_files.h.
 */
#include "tool_files.h"

#include "../../tools/image/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PREFILL_BYTES 5120

/* The programs, by way of the assembler. PROGRAMS is the folder where the build has put them. */
__asm__(".section .rodata\n"
        "kernel_start: .incbin \"" PROGRAMS "/kernel.elf\"\n"
        "kernel_end:\n"
        "program_start: .incbin \"" PROGRAMS "/pd.elf\"\n"
        "program_end:\n"
        ".previous\n");
extern const uint8_t kernel_start[], kernel_end[], program_start[], program_end[];

static const struct tool_files *current;

struct tool_file tool_files_good_kernel(void)
{
    return (struct tool_file){kernel_start, (size_t)(kernel_end - kernel_start)};
}

struct tool_file tool_files_good_program(void)
{
    return (struct tool_file){program_start, (size_t)(program_end - program_start)};
}

static bool ends_in(const char *path, const char *suffix)
{
    const size_t length = strlen(path), suffix_length = strlen(suffix);
    return length >= suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

static struct tool_file find(const char *path)
{
    static const uint8_t prefill[PREFILL_BYTES] = {1, 2, 3};
    if (strcmp(path, TOOL_FILES_SYSTEM) == 0) {
        return current->system;
    }
    if (strcmp(path, TOOL_FILES_KERNEL) == 0) {
        return current->kernel;
    }
    if (ends_in(path, ".elf")) {
        return current->program;
    }
    return ends_in(path, ".bin") ? (struct tool_file){prefill, sizeof prefill} : (struct tool_file){NULL, 0};
}

/* A copy of exactly its size, as the tool changes programs in place, and so that a byte too many is caught. */
enum result file_read(struct tool *tool, struct place place, const char *path, struct file *file)
{
    const struct tool_file found = find(path);
    file->path = path;
    if (found.bytes == NULL) {
        diag_error(&tool->diag, place, "no file \"%s\"", path);
        return RESULT_FAILED;
    }
    uint8_t *copy = arena_alloc(&tool->arena, found.size_bytes);
    memcpy(copy, found.bytes, found.size_bytes);
    file->bytes = copy;
    file->size_bytes = found.size_bytes;
    return RESULT_OK;
}

enum result file_search(struct tool *tool, struct place place, const char *path, struct file *file)
{
    return file_read(tool, place, path, file);
}

void tool_files_run(const struct tool_files *files)
{
    static const struct options options = {
        .system_path = TOOL_FILES_SYSTEM,
        .kernel_path = TOOL_FILES_KERNEL,
        .board = TOOL_FILES_BOARD,
        .config = "debug",
        .output_path = "/dev/null",
        .report_path = "/dev/null",
    };
    char *text;
    size_t text_bytes;
    struct tool tool = {.options = &options};

    current = files;
    tool.diag.out = open_memstream(&text, &text_bytes);
    const enum result result = tool_run(&tool);
    fclose(tool.diag.out);
    /* An image, or a reason why there is none. */
    if ((result == RESULT_OK) != (tool.diag.error_count == 0) || (result != RESULT_OK && text_bytes == 0)) {
        abort();
    }
    free(text);
}
