/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Access to nothing, instruction fetch from nothing and from devices, undefined instructions and registers: the
 * exception that the guest takes, from EL1 with either stack pointer and from EL0 [Arm ARM D17.2.37,
 * AArch64.TakeException]. And again and again: what the VMM's log makes of it, the test looks at.
 *
 * QEMU executes what it finds in a device, so fetches from one are checked under a VMM only.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"

#define LOAD_AT  (HARNESS_NOTHING + 0x10)
#define STORE_AT (HARNESS_NOTHING + 0x28)
#define FETCH_AT (HARNESS_NOTHING + 0x100)
#define UART_AT  0x9000040

#define PAGE_BYTES  0x1000
#define PAGE_COUNT  64
#define ERROR_COUNT 1000

static volatile uintptr_t expected_elr;

static void load_nothing(void)
{
    uintptr_t at;
    uint64_t value = 0;
    __asm__ volatile("adr %0, 1f\n1: ldr %1, [%2]" : "=&r"(at), "+r"(value) : "r"((uint64_t)LOAD_AT) : "memory");
    expected_elr = at;
}

static void store_nothing(void)
{
    uintptr_t at;
    __asm__ volatile("adr %0, 1f\n1: strh %w1, [%2]" : "=&r"(at) : "r"(1), "r"((uint64_t)STORE_AT) : "memory");
    expected_elr = at;
}

static void fetch_nothing(void)
{
    __asm__ volatile("mov x9, x30\n blr %0\n mov x30, x9" : : "r"((uint64_t)FETCH_AT) : "x9", "memory");
    expected_elr = FETCH_AT;
}

static void fetch_emulated(void)
{
    __asm__ volatile("mov x9, x30\n blr %0\n mov x30, x9" : : "r"((uint64_t)HARNESS_SCRATCH) : "x9", "memory");
    expected_elr = HARNESS_SCRATCH;
}

/* The machine's own device, passed through. */
static void fetch_device(void)
{
    __asm__ volatile("mov x9, x30\n blr %0\n mov x30, x9" : : "r"((uint64_t)UART_AT) : "x9", "memory");
    expected_elr = UART_AT;
}

/* Implementation defined, and trapped. */
static void undefined_register(void)
{
    uintptr_t at;
    __asm__ volatile("adr %0, 1f\n1: mrs x9, S3_1_C15_C7_7" : "=&r"(at) : : "x9", "memory");
    expected_elr = at;
}

static void undefined(void)
{
    uintptr_t at;
    __asm__ volatile("adr %0, 1f\n1: udf #0" : "=&r"(at) : : "memory");
    expected_elr = at;
}

struct expected {
    const char *name;
    void (*cause)(void);
    uint64_t ec_same;
    uint64_t ec_lower;
    uint64_t iss; /* without FnV */
    uint64_t far; /* 0: not set by it */
};

static const struct expected expectations[] = {
    {"load from nothing", load_nothing, ESR_EC_DATA_SAME, ESR_EC_DATA_LOWER, FSC_EXTERNAL_ABORT, LOAD_AT},
    {"store to nothing", store_nothing, ESR_EC_DATA_SAME, ESR_EC_DATA_LOWER, FSC_EXTERNAL_ABORT | DABT_WNR, STORE_AT},
    {"fetch from nothing", fetch_nothing, ESR_EC_FETCH_SAME, ESR_EC_FETCH_LOWER, FSC_EXTERNAL_ABORT, FETCH_AT},
    {"undefined instruction", undefined, ESR_EC_UNKNOWN, ESR_EC_UNKNOWN, 0, 0},
    {"undefined register", undefined_register, ESR_EC_UNKNOWN, ESR_EC_UNKNOWN, 0, 0},
};

static const struct expected device_expectations[] = {
    {"fetch from an emulated device", fetch_emulated, ESR_EC_FETCH_SAME, ESR_EC_FETCH_LOWER, FSC_EXTERNAL_ABORT,
     HARNESS_SCRATCH},
    {"fetch from a device passed through", fetch_device, ESR_EC_FETCH_SAME, ESR_EC_FETCH_LOWER, FSC_EXTERNAL_ABORT,
     UART_AT},
};

static void named(const char *name)
{
    harness_put("     ");
    harness_put(name);
    harness_put("\n");
}

static void check_exception(const struct expected *expected, uint64_t vector, uint64_t spsr)
{
    const struct exception taken = exception_caught();
    const uint64_t ec = vector == VECTOR_FROM_EL0 ? expected->ec_lower : expected->ec_same;
    named(expected->name);
    check_equal("one exception", taken.count, 1);
    check_equal("vector", taken.vector, vector);
    check_equal("ESR_EL1", taken.esr, ec << 26 | ESR_IL | expected->iss);
    check_equal("ELR_EL1", taken.elr, expected_elr);
    check_equal("SPSR_EL1 but flags", taken.spsr & 0xfffffff, spsr);
    check_equal("in the handler: DAIF", taken.daif, 0x3c0);
    check_equal("in the handler: SPSel", taken.spsel, 1);
    if (expected->far != 0) {
        check_equal("FAR_EL1", taken.far, expected->far);
    }
}

static void from_el1h(const struct expected *expected)
{
    exception_expect();
    expected->cause();
    check_exception(expected, VECTOR_FROM_EL1H, SPSR_EL1H);
}

static void from_el1t(const struct expected *expected)
{
    exception_expect();
    exception_call_el1t(expected->cause);
    check_exception(expected, VECTOR_FROM_EL1T, SPSR_EL1T);
}

static void from_el0(const struct expected *expected)
{
    exception_expect();
    exception_call_el0(expected->cause);
    check_exception(expected, VECTOR_FROM_EL0, SPSR_EL0T);
}

/* PSTATE's flags and the registers are as before. */
static void state_is_kept(void)
{
    uint64_t flags;
    uint64_t kept = 0x1122334455667788;
    exception_expect();
    __asm__ volatile("mov x9, %2\n"
                     "msr nzcv, %3\n"
                     "ldr x9, [%4]\n"
                     "mrs %0, nzcv\n"
                     "mov %1, x9"
                     : "=&r"(flags), "+&r"(kept)
                     : "r"(kept), "r"((uint64_t)0xa0000000), "r"((uint64_t)LOAD_AT)
                     : "x9", "memory", "cc");
    const struct exception taken = exception_caught();
    check_equal("flags in SPSR_EL1", taken.spsr >> 28, 0xa);
    check_equal("flags after the exception", flags, 0xa0000000);
    check_equal("the destination of a load that aborted", kept, 0x1122334455667788);
}

/* Interrupts that were not masked are so again after the exception, and DAIF is saved as it was. */
static void unmasked_state_is_kept(void)
{
    exception_expect();
    __asm__ volatile("msr daifclr, #0xf\n ldr x9, [%0]\n mrs x9, daif\n msr daifset, #0xf"
                     :
                     : "r"((uint64_t)LOAD_AT)
                     : "x9", "memory");
    const struct exception taken = exception_caught();
    check_equal("DAIF in SPSR_EL1 when unmasked", taken.spsr & 0x3c0, 0);
    check_equal("DAIF in the handler when unmasked", taken.daif, 0x3c0);
}

/* More guest errors at more places than the log has: the guest continues. */
static void many(void)
{
    exception_expect();
    for (uint64_t i = 0; i < ERROR_COUNT; i++) {
        (void)read32(HARNESS_NOTHING + i % PAGE_COUNT * PAGE_BYTES);
    }
    check_equal("many guest errors, an exception each", exception_caught().count, ERROR_COUNT);
}

static void from_everywhere(const struct expected *expected)
{
    from_el1h(expected);
    from_el1t(expected);
    from_el0(expected);
}

void guest_main(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
        from_everywhere(&expectations[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(device_expectations) && !harness_is_native(); i++) {
        from_everywhere(&device_expectations[i]);
    }
    state_is_kept();
    unmasked_state_is_kept();
    many();
}
