/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Firmware calls whose answers are the VMM's own (test/system/machine/firmware/vmm.c): SiP and OEM ranges, a function
 * that may not be forwarded, and random numbers [SMCCC 6] [TRNG].
 */
#include "harness/harness.h"
#include "harness/psci.h"

#define SIP_SUM       0x0010
#define OEM_WHICH     0x0020
#define SIP_32        0x82000000
#define SIP_64        0xc2000000
#define OEM_32        0x83000000
#define OEM_64        0xc3000000
#define TRNG_VERSION  0x84000050
#define TRNG_FEATURES 0x84000051
#define TRNG_GET_UUID 0x84000052
#define TRNG_RND_32   0x84000053
#define TRNG_RND_64   0xc4000053

#define NOT_SUPPORTED      UINT64_MAX
#define INVALID_PARAMETERS (UINT64_MAX - 1)
#define NO_ENTROPY         (UINT64_MAX - 2)

typedef void (*conduit_t)(struct smccc_registers *registers);

static conduit_t conduit;

static struct smccc_registers call(uint64_t function, uint64_t x1)
{
    struct smccc_registers registers = {{function, x1, 2, 3, 4, 5, 6}};
    for (size_t i = 7; i < ARRAY_SIZE(registers.x); i++) {
        registers.x[i] = i;
    }
    conduit(&registers);
    for (size_t i = 4; i < ARRAY_SIZE(registers.x); i++) {
        check_each("registers x4 to x17 are kept", function, registers.x[i], i);
    }
    return registers;
}

static void check_results(const char *name, const struct smccc_registers *got, uint64_t x0, uint64_t x1, uint64_t x2,
                          uint64_t x3)
{
    const uint64_t want[] = {x0, x1, x2, x3};
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        check_each(name, i, got->x[i], want[i]);
    }
    check_all(name);
}

static void of_the_vmm(void)
{
    struct smccc_registers got = call(SIP_64 | SIP_SUM, UINT64_C(0x100000000));
    check_results("a SiP call", &got, UINT64_C(0x100000000) + 20, 0x11, 0x22, 0x33);
    got = call(OEM_32 | OEM_WHICH, 1);
    check_results("an OEM call", &got, 0x0e, 0x0e, 2, 3);
    got = call(OEM_64 | (OEM_WHICH + 1), 1);
    check_results("an OEM call that is none", &got, NOT_SUPPORTED, 1, 2, 3);
    got = call(SIP_32 | 0x1234, 1);
    check_results("a call that may not be forwarded", &got, NOT_SUPPORTED, 1, 2, 3);
}

static void trng_identification(void)
{
    struct smccc_registers got = call(TRNG_VERSION, 0);
    check_equal("TRNG_VERSION", got.x[0], 0x10000);
    got = call(TRNG_GET_UUID, 0);
    check_results("TRNG_GET_UUID", &got, 0x04030201, 0x08070605, 0x0c0b0a09, 0x100f0e0d);
    got = call(TRNG_FEATURES, TRNG_RND_64);
    check_equal("TRNG_FEATURES of TRNG_RND64", got.x[0], 0);
    got = call(TRNG_FEATURES, TRNG_RND_64 + 1);
    check_equal("TRNG_FEATURES of what is not", got.x[0], NOT_SUPPORTED);
}

/* The source answers three times, then has not enough. */
static void trng_numbers(void)
{
    struct smccc_registers got = call(TRNG_RND_64, 192);
    check_results("192 bits", &got, 0, 0x0706050403020100, 0xfffefdfcfbfaf9f8, 0xf7f6f5f4f3f2f1f0);
    got = call(TRNG_RND_32, 96);
    check_results("96 bits", &got, 0, 0xfbfaf9f8, 0xf7f6f5f4, 0xf3f2f1f0);
    got = call(TRNG_RND_64, 65);
    check_results("65 bits", &got, 0, 0, 0, 0xf7f6f5f4f3f2f1f0);
    got = call(TRNG_RND_64, 64);
    check_results("not enough entropy", &got, NO_ENTROPY, 0, 0, 0);
}

static void trng_refusals(void)
{
    struct smccc_registers got = call(TRNG_RND_64, 0);
    check_results("no bits", &got, INVALID_PARAMETERS, 0, 0, 0);
    got = call(TRNG_RND_64, 193);
    check_results("too many bits", &got, INVALID_PARAMETERS, 0, 0, 0);
    got = call(TRNG_RND_32, 97);
    check_results("too many bits for the 32-bit form", &got, INVALID_PARAMETERS, 0, 0, 0);
}

static void with(const char *name, conduit_t which)
{
    harness_put(name);
    conduit = which;
    of_the_vmm();
    trng_identification();
    trng_numbers();
    trng_refusals();
}

void guest_main(void)
{
    with("     by HVC\n", smccc_hvc);
    with("     by SMC\n", smccc_smc);
}
