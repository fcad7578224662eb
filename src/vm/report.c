/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Lines of text: see report.h.
 */
#include "vm/report.h"

#include <stdarg.h>
#include <stddef.h>

#include "util/format.h"

struct line {
    char text[REPORT_LINE_BYTES];
    size_t length;
};

static void put(void *context, char character)
{
    struct line *line = context;
    if (line->length < sizeof line->text - 1) {
        line->text[line->length++] = character;
    }
}

void report_line(const struct report *report, const char *format, ...)
{
    struct line line;
    va_list args;
    line.length = 0;
    va_start(args, format);
    (void)format_text(put, &line, format, args);
    va_end(args);
    line.text[line.length] = '\0';
    report->put(report->cookie, line.text);
}
