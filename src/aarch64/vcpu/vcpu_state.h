/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The state of a vCPU at reset and at a kernel's entry.
 *
 * Reset values are those of an ARMv8.0 core [Arm ARM]; what the architecture leaves unknown is zero, except that WFI
 * and WFE at EL0 are not trapped. Entry state: [Linux arm64 booting].
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"
#include "vm/vcpu.h"

/* Whether the system description has this vCPU. */
bool vcpu_state_exists(size_t vcpu_id);

/*
 * EL1 registers and virtual timer into reset state, MPIDR_EL1 with an affinity. RESULT_INVALID when the system
 * description has no such vCPU.
 */
MUST_CHECK enum result vcpu_state_reset(size_t vcpu_id, uint32_t affinity);

/* General registers and PSTATE into entry state; `runs`: and runs the vCPU. */
MUST_CHECK enum result vcpu_state_enter(size_t vcpu_id, const struct vcpu_entry *entry, bool runs);
