/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * FP and SIMD registers, for threads that use them.
 */
#ifndef KERNEL_ARCH_FP_H
#define KERNEL_ARCH_FP_H

#include "kernel/aarch64/registers.h"

void fp_save(struct fp_context *fp);
void fp_load(const struct fp_context *fp);

#endif
