/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * printf-like formatting for a freestanding program. The conversions are listed at printf in <libvmm/util/util.h>.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Takes the characters one by one. */
typedef void (*format_sink_t)(void *context, char character);

/* Sends the formatted text to `sink`; answers how many characters that were. */
size_t format_text(format_sink_t sink, void *context, const char *format, va_list args);
