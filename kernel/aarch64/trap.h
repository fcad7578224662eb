/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Exceptions from PDs and guests, as the vectors hand them over. Each gives
 * the frame of the thread to go on with.
 */
#ifndef KERNEL_ARCH_TRAP_H
#define KERNEL_ARCH_TRAP_H

#include "kernel/core/core.h"

struct frame *trap_sync(struct core *core);
struct frame *trap_irq(struct core *core);
struct frame *trap_serror(struct core *core);
/* An exception of the kernel's own: a defect of it. */
_Noreturn void trap_in_kernel(uint64_t vector, uint64_t pc, uint64_t far);

#endif
