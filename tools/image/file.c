/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Only regular files are read: a pipe or a folder has no size to rely on.
 */
#include "file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_regular(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static enum result read_stream(struct tool *tool, struct place place, FILE *stream, struct file *file)
{
    struct stat status;

    if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode)) {
        diag_error(&tool->diag, place, "\"%s\" is not a regular file", file->path);
        return RESULT_FAILED;
    }
    uint8_t *bytes = arena_alloc(&tool->arena, (size_t)status.st_size + 1);
    size_t count = fread(bytes, 1, (size_t)status.st_size, stream);
    if (count != (size_t)status.st_size) {
        diag_error(&tool->diag, place, "cannot read \"%s\": got %zu of %zu bytes", file->path, count,
                   (size_t)status.st_size);
        return RESULT_FAILED;
    }
    file->bytes = bytes;
    file->size_bytes = count;
    return RESULT_OK;
}

enum result file_read(struct tool *tool, struct place place, const char *path, struct file *file)
{
    file->path = path;
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        diag_error(&tool->diag, place, "cannot open \"%s\": %s", path, strerror(errno));
        return RESULT_FAILED;
    }
    enum result result = read_stream(tool, place, stream, file);
    fclose(stream);
    return result;
}

static void report_not_found(struct tool *tool, struct place place, const char *path)
{
    const char *tried = "the current folder";

    for (size_t i = 0; i < tool->options->search_path_count; i++) {
        tried = arena_print(&tool->arena, "%s, \"%s\"", tried, tool->options->search_paths[i]);
    }
    diag_error(&tool->diag, place, "no file \"%s\" in %s; --search-path names more folders", path, tried);
}

enum result file_search(struct tool *tool, struct place place, const char *path, struct file *file)
{
    if (is_regular(path) || path[0] == '/') {
        return file_read(tool, place, path, file);
    }
    for (size_t i = 0; i < tool->options->search_path_count; i++) {
        const char *candidate = arena_print(&tool->arena, "%s/%s", tool->options->search_paths[i], path);
        if (is_regular(candidate)) {
            return file_read(tool, place, candidate, file);
        }
    }
    report_not_found(tool, place, path);
    return RESULT_FAILED;
}
