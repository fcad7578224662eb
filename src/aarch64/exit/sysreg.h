/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Trapped accesses to system registers, by MSR and MRS.
 *
 * ICC_SRE_EL1 is that of a core whose system-register interface cannot be turned off (GICv3). What is not in the table
 * is undefined, as on a core without it: so is the physical timer, which a VMM has no means to run for its guest.
 */
#pragma once

#include <stdint.h>

#include "vm/vcpu.h"

void sysreg_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr);
