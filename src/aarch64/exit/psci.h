/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Power State Coordination Interface 1.1 [PSCI], for vCPUs at affinity level 0.
 *
 * Left out: what is optional and of no use to a virtual machine (statistics, MEM_PROTECT, SYSTEM_SUSPEND,
 * NODE_HW_STATE, OS-initiated mode, CPU_FREEZE, CPU_DEFAULT_SUSPEND). CPU_SUSPEND is a WFI for both kinds of state: to
 * return early as if from standby is permitted for power-down states too [PSCI 5.4.2].
 */
#pragma once

#include <stdint.h>

#include "aarch64/exit/smccc.h"
#include "spec/arm/psci.h"
#include "vm/vcpu.h"

/* Answers a call in the range of the standard secure service. Without effect on the result when the vCPU is replaced.
 */
int64_t psci_call(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call);
