/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The steps of the tool in their order; each relies on those before it.
 */
#include "tool.h"
#include "check.h"
#include "emit.h"
#include "firmware.h"
#include "layout.h"
#include "parse.h"
#include "patch.h"
#include "report.h"
#include "schema.h"
#include "tables.h"

#include <sys/stat.h>
#include <unistd.h>

static enum result read_system(struct tool *tool, const struct board *board, struct system *system)
{
    struct xml_element *root;

    if (xml_parse(tool, tool->options->system_path, &root) != RESULT_OK || schema_check(tool, root) != RESULT_OK ||
        parse_system(tool, root, system) != RESULT_OK || firmware_parse(tool, system) != RESULT_OK) {
        return RESULT_FAILED;
    }
    return check_system(tool, system, board);
}

static enum result build_image(struct tool *tool)
{
    struct board board = {0};
    struct system system = {0};
    struct layout layout = {0};
    struct tables tables;
    struct emitted emitted;

    if (board_load(tool, &board) != RESULT_OK || read_system(tool, &board, &system) != RESULT_OK ||
        layout_spaces(tool, &system, &board, &layout) != RESULT_OK ||
        layout_memory(tool, &system, &layout) != RESULT_OK || patch_programs(tool, &system) != RESULT_OK ||
        tables_build(tool, &system, &layout, &tables) != RESULT_OK) {
        return RESULT_FAILED;
    }
    board_set_image(&board, tables.block->paddr);
    if (emit_image(tool, &board, &layout, &emitted) != RESULT_OK) {
        return RESULT_FAILED;
    }
    return report_write(tool, &system, &board, &layout, &tables, &emitted);
}

/* An image that does not belong to the description is worse than none. */
static void remove_output(const char *path)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        unlink(path);
    }
}

enum result tool_run(struct tool *tool)
{
    enum result result = build_image(tool);

    if (result != RESULT_OK) {
        remove_output(tool->options->output_path);
    }
    arena_free(&tool->arena);
    return result;
}
