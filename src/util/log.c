/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The log: whole lines, each after the PD's name, to the debug console or to where the VMM wants them.
 */
#include <libvmm/util/util.h>

#include "util/format.h"

#define LINE_BYTES 256 /* a longer line goes out in pieces */

struct line {
    char text[LINE_BYTES];
    size_t length;
};

static log_output_t output;
static void *output_cookie;

void log_set_output(log_output_t new_output, void *cookie)
{
    output = new_output;
    output_cookie = cookie;
}

/* An output that itself has something to log writes it to the debug console. */
static bool give_output(const struct line *line)
{
    const log_output_t taker = output;
    output = NULL;
    const bool is_taken = taker != NULL && taker(output_cookie, line->text, line->length);
    output = taker;
    return is_taken;
}

static void flush(struct line *line)
{
    if (!give_output(line)) {
        for (size_t i = 0; i < line->length; i++) {
            microkit_dbg_putc(line->text[i]);
        }
    }
    line->length = 0;
}

static void put(void *context, char character)
{
    struct line *line = context;
    line->text[line->length++] = character;
    if (line->length == sizeof line->text) {
        flush(line);
    }
}

static void put_text(struct line *line, const char *text, size_t length_max)
{
    for (size_t i = 0; i < length_max && text[i] != '\0'; i++) {
        put(line, text[i]);
    }
}

void util_log(const char *level, const char *format, ...)
{
    struct line line = {.length = 0};
    put_text(&line, microkit_name, MICROKIT_PD_NAME_LENGTH);
    put_text(&line, "|", 1);
    put_text(&line, level, SIZE_MAX);
    put_text(&line, ": ", 2);
    va_list args;
    va_start(args, format);
    format_text(put, &line, format, args);
    va_end(args);
    if (line.length != 0) {
        flush(&line);
    }
}

_Noreturn void util_assert_failed(const char *expression, const char *file, int line, const char *function)
{
    LOG_VMM_ERR("assertion failed: %s, in %s at %s:%d\n", expression, function, file, line);
    __builtin_trap();
}
