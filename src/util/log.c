/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The log: a line on the debug console, after the PD's name.
 */
#include <libvmm/util/util.h>

#include "util/format.h"

static void console_sink(void *context, char character)
{
    (void)context;
    microkit_dbg_putc(character);
}

void util_log(const char *level, const char *format, ...)
{
    for (size_t i = 0; i < MICROKIT_PD_NAME_LENGTH && microkit_name[i] != '\0'; i++) {
        microkit_dbg_putc(microkit_name[i]);
    }
    microkit_dbg_putc('|');
    microkit_dbg_puts(level);
    microkit_dbg_puts(": ");
    va_list args;
    va_start(args, format);
    format_text(console_sink, NULL, format, args);
    va_end(args);
}

_Noreturn void util_assert_failed(const char *expression, const char *file, int line, const char *function)
{
    LOG_VMM_ERR("assertion failed: %s, in %s at %s:%d\n", expression, function, file, line);
    __builtin_trap();
}
