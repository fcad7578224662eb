/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The target description, made anew for each piece: see gdb_target.h.
 */
#include "debug/gdb_target.h"

#include <libvmm/util/util.h>

#include "aarch64/debug/debug_regs.h"
#include "util/format.h"

#define LINE_BYTES  128
#define PIECE_BYTES (GDB_PACKET_BYTES / 2) /* escapes need room as well */

/* The part of the text that is asked for. */
struct window {
    struct gdb_output *output;
    uint64_t offset;
    uint64_t end;
    uint64_t position;
};

static void emit(struct window *window, const char *text)
{
    for (; *text != '\0'; text++) {
        if (window->position >= window->offset && window->position < window->end) {
            gdb_output_char(window->output, *text);
        }
        window->position++;
    }
}

static void emit_general(struct window *window)
{
    char line[LINE_BYTES];
    emit(window, "<feature name=\"org.gnu.gdb.aarch64.core\">");
    for (uint32_t n = 0; n < DEBUG_REG_SP; n++) {
        snprintf(line, sizeof line, "<reg name=\"x%u\" bitsize=\"64\"/>", n);
        emit(window, line);
    }
    emit(window, "<reg name=\"sp\" bitsize=\"64\" type=\"data_ptr\"/><reg name=\"pc\" bitsize=\"64\" "
                 "type=\"code_ptr\"/><reg name=\"cpsr\" bitsize=\"32\"/></feature>");
}

static void emit_el1(struct window *window)
{
    char line[LINE_BYTES];
    emit(window, "<feature name=\"org.libvmm.aarch64.el1\">");
    for (uint32_t n = DEBUG_REG_EL1; n < debug_regs_count(); n++) {
        snprintf(line, sizeof line,
                 "<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" group=\"system\" save-restore=\"no\"/>",
                 debug_regs_name(n), n);
        emit(window, line);
    }
    emit(window, "</feature>");
}

static void emit_all(struct window *window)
{
    emit(window, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
                 "<architecture>aarch64</architecture>");
    emit_general(window);
    emit_el1(window);
    emit(window, "</target>");
}

void gdb_target_write(struct gdb_output *output, uint64_t offset, uint64_t count)
{
    struct window measure = {.output = output};
    emit_all(&measure);
    const uint64_t length = measure.position;
    const uint64_t from = MIN(offset, length);
    struct window window = {
        .output = output,
        .offset = from,
        .end = from + MIN(MIN(count, (uint64_t)PIECE_BYTES), length - from),
    };
    gdb_output_char(output, window.end == length ? 'l' : 'm');
    emit_all(&window);
}
