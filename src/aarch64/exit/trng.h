/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The firmware's interface to a true random number generator 1.0 [TRNG], for a VMM that has given a source. Without
 * one, every function is NOT_SUPPORTED.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aarch64/exit/smccc.h"
#include "vm/vcpu.h"

enum trng_result {
    TRNG_SUCCESS = 0,
    TRNG_NOT_SUPPORTED = -1,
    TRNG_INVALID_PARAMETERS = -2,
    TRNG_NO_ENTROPY = -3,
};

enum trng_function {
    TRNG_VERSION = 0x84000050,
    TRNG_FEATURES = 0x84000051,
    TRNG_GET_UUID = 0x84000052,
    TRNG_RND_32 = 0x84000053,
    TRNG_RND_64 = 0xc4000053,
};

#define TRNG_VERSION_1_0 0x10000

/* Function numbers 0x50 to 0x5f of the standard secure service are reserved for it. */
static inline bool trng_owns(uint32_t function)
{
    return (function & 0xfff0) == 0x50;
}

/* Answers a call in that range: x0 is returned, x1 to x3 are set where the function has results there. */
int64_t trng_call(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call);
