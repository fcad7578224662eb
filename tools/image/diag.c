/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Errors and warnings have one form: FILE:LINE: text.
 */
#include "diag.h"

#include <stdarg.h>

static void print_place(const struct diag *diag, struct place place)
{
    if (place.line != 0) {
        fprintf(diag->out, "%s:%u: ", place.file, place.line);
    } else {
        fprintf(diag->out, "%s: ", place.file);
    }
}

void diag_error(struct diag *diag, struct place place, const char *format, ...)
{
    va_list list;

    diag->error_count++;
    if (diag->error_count > DIAG_ERROR_COUNT_MAX) {
        return;
    }
    print_place(diag, place);
    va_start(list, format);
    vfprintf(diag->out, format, list);
    va_end(list);
    fputc('\n', diag->out);
    if (diag->error_count == DIAG_ERROR_COUNT_MAX) {
        fprintf(diag->out, "%s: these are %d errors, no more are shown\n", place.file, DIAG_ERROR_COUNT_MAX);
    }
}

void diag_warn(struct diag *diag, struct place place, const char *format, ...)
{
    va_list list;

    print_place(diag, place);
    fputs("warning: ", diag->out);
    va_start(list, format);
    vfprintf(diag->out, format, list);
    va_end(list);
    fputc('\n', diag->out);
}

enum result diag_result(const struct diag *diag)
{
    return diag->error_count == 0 ? RESULT_OK : RESULT_FAILED;
}
