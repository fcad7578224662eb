/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the headers of compat/0.2 share: which calls of libvmm 0.2 they bring, and what they have to remember.
 *
 * A program for 0.2 compiles with -Iinclude/compat/0.2 before -Iinclude. Each header here includes the library's own of
 * the same name, defines what 0.2 has in its place under a name of its own, and gives it 0.2's name by a macro. There
 * is nothing of it in libvmm.a. docs/migrating.md has what differs and what is not here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPAT02_WEAK   __attribute__((weak))
#define COMPAT02_UNUSED __attribute__((unused))
