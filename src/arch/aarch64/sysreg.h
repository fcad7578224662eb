/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Trapped accesses to system registers, by MSR and MRS.
 *
 * ICC_SRE_EL1 reads as on a core whose system-register interface cannot be turned off (GICv3), or that has none. The
 * physical timer is the VMM's: to the guest it is one that cannot be enabled. What is not in the table is undefined.
 */
#pragma once

#include <stdint.h>

#include "core/vcpu.h"

void sysreg_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr);
