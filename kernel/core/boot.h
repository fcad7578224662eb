/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Start of the kernel.
 */
#ifndef KERNEL_CORE_BOOT_H
#define KERNEL_CORE_BOOT_H

#include "kernel/core/core.h"

/* Brings core `id` up; gives the frame of its first thread. */
struct frame *boot_core(uint32_t id);

#endif
