/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest-physical address. It is a type of its own so that it cannot be used as a pointer by mistake; only
 * vm/guest_ram.c turns one into memory.
 */
#pragma once

#include <stdint.h>

typedef struct {
    uint64_t value;
} gpa_t;

static inline gpa_t gpa(uint64_t value)
{
    return (gpa_t){value};
}
