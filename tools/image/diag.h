/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the tool has to say to its user: one line an error, with the place in
 * the system description that caused it.
 */
#ifndef IMAGE_DIAG_H
#define IMAGE_DIAG_H

#include <stdio.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* Whatever failed has been reported. */
enum result {
    RESULT_OK,
    RESULT_FAILED,
};

struct place {
    const char *file;
    unsigned line; /* 0: the file as a whole */
};

struct diag {
    FILE *out;
    unsigned error_count;
};

#define DIAG_ERROR_COUNT_MAX 20 /* what follows is counted, not printed */

void diag_error(struct diag *diag, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Something that is allowed and most likely a mistake. */
void diag_warn(struct diag *diag, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* RESULT_FAILED when there has been an error. */
enum result diag_result(const struct diag *diag) MUST_CHECK;

#endif
