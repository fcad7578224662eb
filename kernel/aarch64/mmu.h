/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The kernel's own address space: physical memory, one to one.
 */
#ifndef KERNEL_ARCH_MMU_H
#define KERNEL_ARCH_MMU_H

/* Builds the translation tables; the primary core, with the MMU off. */
void mmu_init(void);

/* Switches translation and caches on, on this core, and sets up stage 2. */
void mmu_enable(void);

#endif
