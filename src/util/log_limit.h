/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Bounds the lines in the log that a guest can cause again and again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOG_LIMIT      8 /* lines of one cause */
#define LOG_LIMIT_LAST "; further ones are not logged"

/* Whether a line may be written; `count` are those of its cause so far, this one included afterwards. */
static inline bool log_limit_allows(uint8_t *count)
{
    if (*count >= LOG_LIMIT) {
        return false;
    }
    ++*count;
    return true;
}

/* What the line ends with. */
static inline const char *log_limit_note(uint8_t count)
{
    return count >= LOG_LIMIT ? LOG_LIMIT_LAST : "";
}
