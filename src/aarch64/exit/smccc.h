/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Calls of the guest to firmware, by SMC or HVC [SMCCC 1.2]: dispatch by owning entity.
 *
 * Answered here: the Arm architecture service, PSCI and TRNG; SiP and OEM calls go to handlers of the VMM. Workarounds
 * and SOC_ID are the firmware's: they are passed on to it where the VMM allows that. Every other function is
 * NOT_SUPPORTED, which is no mistake of a guest's: that is how it asks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/field.h"
#include "vm/vcpu.h"

#define SMCCC_FAST     BIT(31)
#define SMCCC_64       BIT(30)
#define SMCCC_OWNER    FIELD(29, 24)
#define SMCCC_SVE_HINT BIT(16)
#define SMCCC_NUMBER   FIELD(15, 0)

#define SMCCC_SUCCESS       0
#define SMCCC_NOT_SUPPORTED (-1)

enum smccc_owner {
    SMCCC_OWNER_ARCH = 0,
    SMCCC_OWNER_SIP = 2,
    SMCCC_OWNER_OEM = 3,
    SMCCC_OWNER_STANDARD = 4,
};

/* A call: arguments are cut to 32 bits for the 32-bit convention. */
struct smccc_call {
    uint32_t function; /* without the SVE hint */
    uint64_t args[3];
};

/* The function identifiers of SMCCC_VERSION and SMCCC_ARCH_FEATURES. */
#define SMCCC_VERSION       0x80000000
#define SMCCC_ARCH_FEATURES 0x80000001

/* SMCCC_VERSION answers 1.2. */
#define SMCCC_VERSION_1_2 0x10002

/*
 * Answers the call in the vCPU's x0 to x3. The PC is that of the SMC or HVC instruction and is moved behind it, unless
 * the call restarts or stops the vCPU.
 */
void smccc_handle(struct vm *vm, struct vcpu *vcpu);

/* As an SMC or HVC with an immediate other than 0 is answered. */
void smccc_refuse(struct vcpu *vcpu);
