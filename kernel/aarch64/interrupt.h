/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Interrupts that the kernel takes.
 */
#ifndef KERNEL_ARCH_INTERRUPT_H
#define KERNEL_ARCH_INTERRUPT_H

#include "kernel/core/core.h"

/* Takes one pending interrupt, if there is one, and carries it out. */
void interrupt_take(struct core *core);

/* Enables the interrupts that the kernel itself uses, on this core. */
void interrupt_init_core(struct core *core);

#endif
