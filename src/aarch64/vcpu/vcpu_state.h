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

/* Affinity of a vCPU as MPIDR_EL1 has it: 16 vCPUs to an affinity level 0, as a GICv3's SGI target lists want it. */
uint64_t vcpu_state_affinity(size_t vcpu_id);

/* Whether the system description has this vCPU. */
bool vcpu_state_exists(size_t vcpu_id);

/* EL1 registers and virtual timer into reset state. RESULT_INVALID when the system description has no such vCPU. */
MUST_CHECK enum result vcpu_state_reset(size_t vcpu_id);

/* General registers and PSTATE into entry state, and runs the vCPU. */
MUST_CHECK enum result vcpu_state_enter(size_t vcpu_id, const struct vcpu_entry *entry);
