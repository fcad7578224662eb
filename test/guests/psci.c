/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * SMCCC and PSCI with one vCPU: every function of both, through HVC and SMC, in the 32- and the 64-bit form, with good
 * and bad arguments; what is unknown; which registers a call leaves alone [SMCCC 1.2] [PSCI 1.1].
 *
 * QEMU's own firmware is PSCI 1.1 without most of SMCCC, and only by HVC; natively only what it has is checked.
 */
#include "harness/psci.h"
#include "harness/exception.h"
#include "harness/harness.h"

#define SMCCC_VERSION           0x80000000
#define SMCCC_ARCH_FEATURES     0x80000001
#define SMCCC_ARCH_SOC_ID       0x80000002
#define SMCCC_ARCH_WORKAROUND_1 0x80008000
#define SMCCC_ARCH_WORKAROUND_2 0x80007fff
#define SMCCC_ARCH_WORKAROUND_3 0x80003fff
#define SMCCC_VERSION_1_1       0x10001
#define SMCCC_SVE_HINT          BIT(16)
#define TRNG_VERSION            0x84000050
#define PSCI_VERSION_1_0        0x10000
#define MIGRATE_NOT_REQUIRED    2
#define AFFINITY_ON             0
#define NOT_A_CPU               0x77
#define RESET_VENDOR            0x80000000
#define RESET_UNKNOWN           5
#define POWER_STATE_RESERVED    BIT(20)
#define POWER_STATE_LEVEL_1     BIT(24)
#define POWER_STATE_DOWN        BIT(16)
#define NOT_SUPPORTED           UINT64_MAX
#define INVALID_PARAMETERS      (UINT64_MAX - 1)
#define INVALID_ADDRESS         (UINT64_MAX - 8)
#define ALREADY_ON              (UINT64_MAX - 3)
#define UPPER                   0xabcdef0100000000

typedef void (*conduit_t)(struct smccc_registers *registers);

static conduit_t conduit;

static uint64_t call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct smccc_registers registers = {{function, a1, a2, a3}};
    conduit(&registers);
    return registers.x[0];
}

/* A result of 32 bits is a signed one in W0; the upper half of X0 is not defined by PSCI. */
static uint64_t call32(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
    return (uint64_t)(int64_t)(int32_t)call(function, a1, a2, a3);
}

/* x4 to x17 come back as they were [SMCCC 1.2, 2.6]; so do x1 to x3 of a call that has no results in them. */
static void registers_are_kept(void)
{
    struct smccc_registers registers = {{PSCI_VERSION}};
    for (size_t i = 1; i < ARRAY_SIZE(registers.x); i++) {
        registers.x[i] = 0x1111111111111111 * i;
    }
    conduit(&registers);
    for (size_t i = 4; i < ARRAY_SIZE(registers.x); i++) {
        check_each("registers x4 to x17 are kept", i, registers.x[i], 0x1111111111111111 * i);
    }
    check_all("registers x4 to x17 are kept");
}

static void version(void)
{
    check_range("PSCI_VERSION", call32(PSCI_VERSION, 0, 0, 0), PSCI_VERSION_1_0, PSCI_VERSION_1_0 + 3);
    check_equal("PSCI_VERSION has no 64-bit form", call32(PSCI_64(PSCI_VERSION), 0, 0, 0), NOT_SUPPORTED);
    check_equal("MIGRATE_INFO_TYPE: not required", call32(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), MIGRATE_NOT_REQUIRED);
}

static void migrate(void)
{
    check_equal("MIGRATE", call32(PSCI_MIGRATE, 0, 0, 0), NOT_SUPPORTED);
    check_equal("MIGRATE, 64 bits", call(PSCI_64(PSCI_MIGRATE), 0, 0, 0), NOT_SUPPORTED);
    check_equal("MIGRATE_INFO_UP_CPU", call32(PSCI_MIGRATE_INFO_UP_CPU, 0, 0, 0), NOT_SUPPORTED);
}

static void affinity(void)
{
    check_equal("AFFINITY_INFO of oneself", call32(PSCI_AFFINITY_INFO, 0, 0, 0), AFFINITY_ON);
    check_equal("AFFINITY_INFO of oneself, 64 bits", call(PSCI_64(PSCI_AFFINITY_INFO), 0, 0, 0), AFFINITY_ON);
    check_equal("AFFINITY_INFO of nobody", call32(PSCI_AFFINITY_INFO, NOT_A_CPU, 0, 0), INVALID_PARAMETERS);
    check_equal("AFFINITY_INFO of nobody, 64 bits", call(PSCI_64(PSCI_AFFINITY_INFO), NOT_A_CPU, 0, 0),
                INVALID_PARAMETERS);
    check_equal("AFFINITY_INFO, 64 bits: Aff3 counts", call(PSCI_64(PSCI_AFFINITY_INFO), BIT(32), 0, 0),
                INVALID_PARAMETERS);
    check_equal("AFFINITY_INFO at a level that is none", call32(PSCI_AFFINITY_INFO, 0, 4, 0), INVALID_PARAMETERS);
}

static void affinity_upper_half(void)
{
    check_equal("AFFINITY_INFO: the upper half of an argument does not count",
                call32(PSCI_AFFINITY_INFO, UPPER, UPPER, 0), AFFINITY_ON);
    check_equal("the upper half of the function does not count", call32(UPPER | PSCI_AFFINITY_INFO, 0, 0, 0),
                AFFINITY_ON);
}

static void cpu_on(void)
{
    const uint64_t entry = HARNESS_FREE_RAM;
    check_equal("CPU_ON of oneself", call32(PSCI_CPU_ON, 0, entry, 0), ALREADY_ON);
    check_equal("CPU_ON of oneself, 64 bits", call(PSCI_64(PSCI_CPU_ON), 0, entry, 0), ALREADY_ON);
    check_equal("CPU_ON of nobody", call32(PSCI_CPU_ON, NOT_A_CPU, entry, 0), INVALID_PARAMETERS);
    check_equal("CPU_ON of nobody, 64 bits", call(PSCI_64(PSCI_CPU_ON), BIT(40), entry, 0), INVALID_PARAMETERS);
}

static void suspend(void)
{
    check_equal("CPU_SUSPEND: reserved bits", call32(PSCI_CPU_SUSPEND, POWER_STATE_RESERVED, 0, 0), INVALID_PARAMETERS);
    check_equal("CPU_SUSPEND: reserved bits, 64 bits", call(PSCI_64(PSCI_CPU_SUSPEND), BIT(31), 0, 0),
                INVALID_PARAMETERS);
    check_equal("CPU_SUSPEND: a level that is none", call32(PSCI_CPU_SUSPEND, POWER_STATE_LEVEL_1, 0, 0),
                INVALID_PARAMETERS);
    check_equal("CPU_SUSPEND: power-down to nothing", call32(PSCI_CPU_SUSPEND, POWER_STATE_DOWN, HARNESS_NOTHING, 0),
                INVALID_ADDRESS);
    check_equal("CPU_SUSPEND: power-down to no instruction",
                call(PSCI_64(PSCI_CPU_SUSPEND), POWER_STATE_DOWN, HARNESS_FREE_RAM + 2, 0), INVALID_ADDRESS);
}

static void reset2(void)
{
    check_equal("SYSTEM_RESET2: unknown architectural type", call32(PSCI_SYSTEM_RESET2, RESET_UNKNOWN, 0, 0),
                INVALID_PARAMETERS);
    check_equal("SYSTEM_RESET2: vendor's type", call32(PSCI_SYSTEM_RESET2, RESET_VENDOR, 0, 0), INVALID_PARAMETERS);
    check_equal("SYSTEM_RESET2, 64 bits", call(PSCI_64(PSCI_SYSTEM_RESET2), RESET_UNKNOWN, 0, 0), INVALID_PARAMETERS);
}

static void features(void)
{
    static const uint32_t there[] = {
        PSCI_VERSION,         PSCI_CPU_SUSPEND,   PSCI_64(PSCI_CPU_SUSPEND),   PSCI_CPU_OFF,           PSCI_CPU_ON,
        PSCI_64(PSCI_CPU_ON), PSCI_AFFINITY_INFO, PSCI_64(PSCI_AFFINITY_INFO), PSCI_MIGRATE_INFO_TYPE, PSCI_SYSTEM_OFF,
        PSCI_SYSTEM_RESET,    PSCI_FEATURES,
    };
    for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
        check_each("PSCI_FEATURES of what is there", there[i], call32(PSCI_FEATURES, there[i], 0, 0), 0);
    }
    check_all("PSCI_FEATURES of what is there");
}

static void absent_features(void)
{
    static const uint32_t absent[] = {
        PSCI_64(PSCI_VERSION),
        PSCI_64(PSCI_CPU_OFF),
        PSCI_MIGRATE,
        PSCI_64(PSCI_MIGRATE),
        PSCI_64(PSCI_FEATURES),
        0x8400000b,
        0x8400000c,
        0xc400000c,
        0x8400000d,
        0x8400000e,
        0xc400000e,
        0x8400000f,
        0x84000010,
        0xc4000010,
        0x84000011,
        0xc4000011,
        0x84000013,
        0xc4000013,
        0x84000014,
        0xc4000014,
        0x8400001f,
        0x04000000,
        0,
        0xffffffff,
        0x80000001,
        0x84010000,
    };
    for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
        check_each("PSCI_FEATURES of what is not", absent[i], call32(PSCI_FEATURES, absent[i], 0, 0), NOT_SUPPORTED);
    }
    check_all("PSCI_FEATURES of what is not");
}

static void smccc_arch(void)
{
    check_equal("PSCI_FEATURES of SMCCC_VERSION", call32(PSCI_FEATURES, SMCCC_VERSION, 0, 0), 0);
    check_range("SMCCC_VERSION", call32(SMCCC_VERSION, 0, 0, 0), SMCCC_VERSION_1_1, SMCCC_VERSION_1_1 + 4);
    check_equal("SMCCC_VERSION with the hint of SVE", call32(SMCCC_VERSION | SMCCC_SVE_HINT, 0, 0, 0),
                call32(SMCCC_VERSION, 0, 0, 0));
    check_equal("ARCH_FEATURES of SMCCC_VERSION", call32(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
    check_equal("ARCH_FEATURES of itself", call32(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0), 0);
    check_equal("ARCH_FEATURES of an unknown function", call32(SMCCC_ARCH_FEATURES, 0x80001234, 0, 0), NOT_SUPPORTED);
    check_equal("ARCH_FEATURES of a function of another owner", call32(SMCCC_ARCH_FEATURES, PSCI_VERSION, 0, 0),
                NOT_SUPPORTED);
}

/* A query is answered alike by ARCH_FEATURES and by the function itself. */
static void queries(void)
{
    static const uint32_t functions[] = {SMCCC_ARCH_SOC_ID, SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2,
                                         SMCCC_ARCH_WORKAROUND_3};
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
        if (call32(SMCCC_ARCH_FEATURES, functions[i], 0, 0) == NOT_SUPPORTED) {
            check_each("an absent function of the architecture", functions[i], call32(functions[i], 0, 0, 0),
                       NOT_SUPPORTED);
        }
    }
    check_all("functions of the architecture agree with ARCH_FEATURES");
}

/* Nobody's functions: every owner, fast and yielding, 32 and 64 bits; and a few numbers of each. */
static void unknown(void)
{
    static const uint32_t numbers[] = {0x1234, 0xff00, 0xffff};
    for (uint32_t top = 0; top < 256; top++) {
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
            const uint32_t function = top << 24 | numbers[i];
            check_each("unknown functions", function, call(function, 1, 2, 3), NOT_SUPPORTED);
        }
    }
    check_all("unknown functions");
}

/* A yielding call of a known number is another function. */
static void yielding(void)
{
    check_equal("a yielding PSCI_VERSION", call(PSCI_VERSION & ~BIT(31), 0, 0, 0), NOT_SUPPORTED);
    check_equal("a yielding SMCCC_VERSION", call(SMCCC_VERSION & ~BIT(31), 0, 0, 0), NOT_SUPPORTED);
    check_equal("reserved bits of the function", call(PSCI_VERSION | BIT(20), 0, 0, 0), NOT_SUPPORTED);
}

static void trng(void)
{
    if (call32(PSCI_FEATURES, TRNG_VERSION, 0, 0) == NOT_SUPPORTED) {
        check_equal("TRNG_VERSION without a source", call32(TRNG_VERSION, 0, 0, 0), NOT_SUPPORTED);
    }
}

/* SMC and HVC take their function from x0, whatever the immediate [SMCCC 1.2, 2.9: only 0 is defined]. */
static void other_immediate(void)
{
    register uint64_t x0 __asm__("x0") = PSCI_VERSION;
    __asm__ volatile("smc #1" : "+r"(x0) : : "x1", "x2", "x3", "memory");
    const uint64_t result = x0;
    check_equal("SMC with another immediate", result, NOT_SUPPORTED);
}

static void with(const char *name, conduit_t which)
{
    harness_put(name);
    conduit = which;
    registers_are_kept();
    version();
    migrate();
    affinity_upper_half();
    features();
    absent_features();
    suspend();
    affinity();
    cpu_on();
    reset2();
    smccc_arch();
    queries();
    unknown();
    yielding();
    trng();
}

/* The same answers to the calls that QEMU's firmware knows. It stops the guest at a call that it does not know. */
static void with_qemu(void)
{
    conduit = smccc_hvc;
    registers_are_kept();
    version();
    migrate();
    features();
    cpu_on();
}

static void identification(void)
{
    const uint64_t mpidr = READ_SYSREG(mpidr_el1);
    check_equal("MPIDR_EL1: RES1", mpidr >> 31 & 1, 1);
    check_equal("MPIDR_EL1: affinity of the boot vCPU", mpidr & 0xff00ffffff, 0);
}

/* At EL0 these are not for the guest's programs. */
static void call_at_el0(void)
{
    __asm__ volatile("mov x9, x30\n hvc #0\n smc #0\n mov x30, x9" : : : "x9", "x0", "memory");
}

static void at_el0(void)
{
    exception_expect();
    exception_call_el0(call_at_el0);
    const struct exception taken = exception_caught();
    check_equal("HVC and SMC at EL0 are undefined", taken.count, 2);
    check_equal("HVC and SMC at EL0: ESR_EL1", taken.esr, ESR_IL);
}

void guest_main(void)
{
    identification();
    if (harness_is_native()) {
        with_qemu();
    } else {
        with("     by HVC\n", smccc_hvc);
        with("     by SMC\n", smccc_smc);
        other_immediate();
    }
    at_el0();
}
