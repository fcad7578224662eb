/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * System registers of a guest that the kernel answers for itself.
 */
#ifndef KERNEL_ARCH_GUEST_SYSREG_H
#define KERNEL_ARCH_GUEST_SYSREG_H

#include "kernel/core/thread.h"

/* Carries out the access that trapped with `esr`; false: it is the VMM's. */
bool guest_sysreg_emulate(struct thread *vcpu, uint64_t esr);

#endif
