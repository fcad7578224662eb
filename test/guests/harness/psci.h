/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Calls of the firmware, which is the VMM or QEMU: by HVC, which both take; by SMC, which QEMU's machine without EL3
 * and EL2 has not.
 */
#pragma once

#include "harness.h"
#include "spec/arm/psci.h"

/* x0 to x17 of a call; those that come back are in the same place. */
struct smccc_registers {
    uint64_t x[18];
};

void smccc_hvc(struct smccc_registers *registers);
void smccc_smc(struct smccc_registers *registers);

/* x0 of a call by HVC. */
uint64_t psci_call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3);

/* Starts vCPU `cpu`, which runs guest_secondary(cpu). */
uint64_t psci_start_cpu(size_t cpu);
