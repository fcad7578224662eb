/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The kernel's few lines on the board's console.
 */
#ifndef KERNEL_CORE_PRINT_H
#define KERNEL_CORE_PRINT_H

#include "kernel/core/types.h"

void print_char(char c);
void print_text(const char *text);
void print_hex(uint64_t value);
void print_decimal(uint64_t value);

#endif
