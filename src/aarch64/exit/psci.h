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
#include "vm/vcpu.h"

enum psci_result {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_DENIED = -3,
    PSCI_ALREADY_ON = -4,
    PSCI_INTERNAL_FAILURE = -6,
    PSCI_INVALID_ADDRESS = -9,
};

/* Function numbers: bits 15:0 of the identifiers 0x84000000 and 0xC4000000 upwards. */
enum psci_number {
    PSCI_VERSION = 0x00,
    PSCI_CPU_SUSPEND = 0x01,
    PSCI_CPU_OFF = 0x02,
    PSCI_CPU_ON = 0x03,
    PSCI_AFFINITY_INFO = 0x04,
    PSCI_MIGRATE_INFO_TYPE = 0x06,
    PSCI_SYSTEM_OFF = 0x08,
    PSCI_SYSTEM_RESET = 0x09,
    PSCI_FEATURES = 0x0a,
    PSCI_SYSTEM_RESET2 = 0x12,
    PSCI_NUMBER_COUNT,
};

#define PSCI_VERSION_1_1 0x10001

/* Answers a call in the range of the standard secure service. Without effect on the result when the vCPU is replaced.
 */
int64_t psci_call(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call);
