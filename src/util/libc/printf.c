/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * printf and its relatives, on the debug console or into memory.
 */
#include <libvmm/util/util.h>

#include "util/format.h"
#include "util/libc/libc.h"

struct memory_sink {
    char *buffer;
    size_t size;
    size_t used;
};

static void console_put(void *context, char character)
{
    (void)context;
    microkit_dbg_putc(character);
}

static void memory_put(void *context, char character)
{
    struct memory_sink *sink = context;
    if (sink->used + 1 < sink->size) {
        sink->buffer[sink->used++] = character;
    }
}

LIBC_WEAK int vprintf(const char *format, va_list args)
{
    return (int)format_text(console_put, NULL, format, args);
}

LIBC_WEAK int printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = (int)format_text(console_put, NULL, format, args);
    va_end(args);
    return count;
}

LIBC_WEAK int vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
    struct memory_sink sink = {.buffer = buffer, .size = size};
    const int count = (int)format_text(memory_put, &sink, format, args);
    if (size > 0) {
        buffer[sink.used] = '\0';
    }
    return count;
}

LIBC_WEAK int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = vsnprintf(buffer, size, format, args);
    va_end(args);
    return count;
}

LIBC_WEAK int putchar(int character)
{
    microkit_dbg_putc(character);
    return (unsigned char)character;
}

LIBC_WEAK int puts(const char *string)
{
    microkit_dbg_puts(string);
    microkit_dbg_putc('\n');
    return 1;
}
