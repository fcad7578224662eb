/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Power State Coordination Interface 1.1 [PSCI 5]. Functions by their 32-bit identifiers.
 */
#pragma once

enum psci_function {
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

/* The identifier in the 64-bit convention, and the number that both identifiers have. */
#define PSCI_64(function)     ((function) | 0x40000000u)
#define PSCI_NUMBER(function) ((function)&0x1fu)
#define PSCI_NUMBER_COUNT     0x20

#define PSCI_VERSION_1_1 0x10001

enum psci_result {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_DENIED = -3,
    PSCI_ALREADY_ON = -4,
    PSCI_INTERNAL_FAILURE = -6,
    PSCI_INVALID_ADDRESS = -9,
};

/* Answers of AFFINITY_INFO. */
#define PSCI_AFFINITY_ON  0
#define PSCI_AFFINITY_OFF 1

/* MIGRATE_INFO_TYPE: no trusted OS that would need migration. */
#define PSCI_MIGRATE_NOT_REQUIRED 2
