/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * System calls of PDs; see kernel/abi/syscall.h.
 */
#ifndef KERNEL_CORE_SYSCALL_H
#define KERNEL_CORE_SYSCALL_H

#include "kernel/core/core.h"

/* Carries out system call `number` of the current thread, a PD. */
void syscall_handle(struct core *core, struct thread *pd, uint64_t number);

#endif
