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

enum {
    PSCI_VERSION = 0x84000000,
    PSCI_CPU_SUSPEND = 0x84000001,
    PSCI_CPU_OFF = 0x84000002,
    PSCI_CPU_ON = 0x84000003,
    PSCI_AFFINITY_INFO = 0x84000004,
    PSCI_MIGRATE = 0x84000005,
    PSCI_MIGRATE_INFO_TYPE = 0x84000006,
    PSCI_MIGRATE_INFO_UP_CPU = 0x84000007,
    PSCI_SYSTEM_OFF = 0x84000008,
    PSCI_SYSTEM_RESET = 0x84000009,
    PSCI_FEATURES = 0x8400000a,
    PSCI_SYSTEM_RESET2 = 0x84000012,
};

/* The 64-bit form of a function. */
#define PSCI_64(function) ((function) | BIT(30))

#define PSCI_SUCCESS         0
#define PSCI_NOT_SUPPORTED   (-1)
#define PSCI_INVALID         (-2)
#define PSCI_DENIED          (-3)
#define PSCI_ALREADY_ON      (-4)
#define PSCI_INVALID_ADDRESS (-9)

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
