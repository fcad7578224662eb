/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Text for a person, line by line: what somebody asked for, not a log.
 */
#pragma once

#define REPORT_LINE_BYTES 128 /* a longer line is cut */

struct report {
    void (*put)(void *cookie, const char *line); /* without a line feed */
    void *cookie;
};

/* Writes a line. The conversions are those of printf in <libvmm/util/util.h>. */
void report_line(const struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
