/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores to emulated devices that the hardware does not describe to the VMM: pairs, those that change their
 * base register, the stack pointer as base; and what of them aborts, with which registers. All of it with the MMU off,
 * and with it on through the lower and the upper half, with tables of two granules.
 *
 * Natively the device is RAM, on which unaligned accesses, SIMD registers and exclusives work too, and which goes on
 * behind its page: those are checked under a VMM only.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/mmu.h"

#define PATTERN 0x8899aabbccddeeff
#define SECOND  0x0102030405060708
#define ONES    UINT64_MAX
#define OFFSET  0x40

/* Where this round sees things. */
static uint64_t scratch;
static uint64_t upper; /* or 0 */

/* x0, x2 and the base x1 of an instruction; the device's two double words at OFFSET before and after. */
struct run {
    uint64_t x0, x2, base, first, second;
};

#define RUN(instruction, x0_value, x2_value, displacement)                                                             \
    ({                                                                                                                 \
        struct run run_;                                                                                               \
        register uint64_t x0_ __asm__("x0") = (x0_value);                                                              \
        register uint64_t x1_ __asm__("x1") = scratch + OFFSET - (uint64_t)(displacement);                             \
        register uint64_t x2_ __asm__("x2") = (x2_value);                                                              \
        __asm__ volatile(instruction : "+r"(x0_), "+r"(x1_), "+r"(x2_) : : "memory");                                  \
        run_ = (struct run){x0_, x2_, x1_ - scratch, 0, 0};                                                            \
        run_.first = read64(scratch + OFFSET);                                                                         \
        run_.second = read64(scratch + OFFSET + 8);                                                                    \
        run_;                                                                                                          \
    })

#define LOAD(instruction, displacement, want_x0, want_x2, want_base)                                                   \
    do {                                                                                                               \
        write64(scratch + OFFSET, PATTERN);                                                                            \
        write64(scratch + OFFSET + 8, SECOND);                                                                         \
        const struct run r_ = RUN(instruction, ONES, ONES, displacement);                                              \
        check_each(instruction ": x0", 0, r_.x0, want_x0);                                                             \
        check_each(instruction ": x2", 0, r_.x2, want_x2);                                                             \
        check_each(instruction ": base", 0, r_.base, OFFSET + (uint64_t)(want_base));                                  \
        check_each(instruction ": device", 0, r_.first, PATTERN);                                                      \
        check_all(instruction);                                                                                        \
    } while (0)

#define STORE(instruction, displacement, want_first, want_second, want_base)                                           \
    do {                                                                                                               \
        write64(scratch + OFFSET, ONES);                                                                               \
        write64(scratch + OFFSET + 8, ONES);                                                                           \
        const struct run r_ = RUN(instruction, PATTERN, SECOND, displacement);                                         \
        check_each(instruction ": first", 0, r_.first, want_first);                                                    \
        check_each(instruction ": second", 0, r_.second, want_second);                                                 \
        check_each(instruction ": base", 0, r_.base, OFFSET + (uint64_t)(want_base));                                  \
        check_each(instruction ": x0", 0, r_.x0, PATTERN);                                                             \
        check_all(instruction);                                                                                        \
    } while (0)

static void pairs(void)
{
    LOAD("ldp x0, x2, [x1]", 0, PATTERN, SECOND, 0);
    LOAD("ldp w0, w2, [x1]", 0, 0xccddeeff, 0x8899aabb, 0);
    LOAD("ldpsw x0, x2, [x1]", 0, 0xffffffffccddeeff, 0xffffffff8899aabb, 0);
    LOAD("ldnp x0, x2, [x1]", 0, PATTERN, SECOND, 0);
    LOAD("ldp x0, x2, [x1, #-16]", -16, PATTERN, SECOND, 16);
    LOAD("ldp x0, x2, [x1, #504]", 504, PATTERN, SECOND, -504);
    LOAD("ldp x0, x2, [x1], #32", 0, PATTERN, SECOND, 32);
    LOAD("ldp w0, w2, [x1, #-8]!", -8, 0xccddeeff, 0x8899aabb, 0);
    LOAD("ldp x0, xzr, [x1]", 0, PATTERN, ONES, 0);
    LOAD("ldp xzr, x2, [x1]", 0, ONES, SECOND, 0);
    STORE("stp x0, x2, [x1]", 0, PATTERN, SECOND, 0);
    STORE("stp w0, w2, [x1]", 0, 0x05060708ccddeeff, ONES, 0);
    STORE("stnp x2, x0, [x1]", 0, SECOND, PATTERN, 0);
    STORE("stp x0, xzr, [x1], #-16", 0, PATTERN, 0, -16);
    STORE("stp xzr, x2, [x1, #16]!", 16, 0, SECOND, 0);
    STORE("stp wzr, wzr, [x1]", 0, 0, ONES, 0);
}

static void write_back(void)
{
    LOAD("ldr x0, [x1], #8", 0, PATTERN, ONES, 8);
    LOAD("ldr w0, [x1], #-4", 0, 0xccddeeff, ONES, -4);
    LOAD("ldr x0, [x1, #255]!", 255, PATTERN, ONES, 0);
    LOAD("ldrb w0, [x1], #1", 0, 0xff, ONES, 1);
    LOAD("ldrh w0, [x1, #-2]!", -2, 0xeeff, ONES, 0);
    LOAD("ldrsb w0, [x1], #-256", 0, 0xffffffff, ONES, -256);
    LOAD("ldrsb x0, [x1], #1", 0, ONES, ONES, 1);
    LOAD("ldrsh w0, [x1], #2", 0, 0xffffeeff, ONES, 2);
    LOAD("ldrsh x0, [x1, #2]!", 2, 0xffffffffffffeeff, ONES, 0);
    LOAD("ldrsw x0, [x1], #4", 0, 0xffffffffccddeeff, ONES, 4);
    LOAD("ldr xzr, [x1], #8", 0, ONES, ONES, 8);
    STORE("str x0, [x1], #8", 0, PATTERN, ONES, 8);
    STORE("str w0, [x1, #4]!", 4, 0xffffffffccddeeff, ONES, 0);
    STORE("strb w0, [x1], #-1", 0, ONES, ONES, -1);
    STORE("strh w0, [x1, #2]!", 2, 0xffffffffffffeeff, ONES, 0);
    STORE("str xzr, [x1], #16", 0, 0, ONES, 16);
    STORE("str wzr, [x1], #16", 0, 0xffffffff00000000, ONES, 16);
}

/* The stack pointer as base, put back afterwards. Interrupts are masked, and nothing is expected to trap. */
static uint64_t sp_after;
static uint64_t popped[2];

static void push_and_pop(void)
{
    __asm__ volatile("mov x9, sp\n"
                     "mov sp, %2\n"
                     "stp %3, %4, [sp, #-16]!\n"
                     "mov x10, sp\n"
                     "ldp x11, x12, [sp], #16\n"
                     "mov x13, sp\n"
                     "mov sp, x9\n"
                     "str x10, [%0]\n"
                     "stp x11, x12, [%1]\n"
                     "sub x13, x13, %2\n"
                     "add x10, x10, x13\n"
                     "str x10, [%0]"
                     :
                     : "r"(&sp_after), "r"(popped), "r"(scratch + OFFSET), "r"(PATTERN), "r"(SECOND)
                     : "x9", "x10", "x11", "x12", "x13", "memory");
}

/* Of a device there is nothing in a cache, and nothing to fetch beforehand. */
static void caches(void)
{
    exception_expect();
    __asm__ volatile("dc civac, %0\n dc cvac, %0\n dc ivac, %0\n prfm pldl1keep, [%0]\n prfm pstl1keep, [%0, #8]"
                     :
                     : "r"(scratch)
                     : "memory");
    check_equal("cache maintenance and prefetch: no exception", exception_caught().count, 0);
}

static void check_stack(const char *name)
{
    check_each(name, 0, sp_after, scratch + OFFSET - 16);
    check_each(name, 1, popped[0], PATTERN);
    check_each(name, 2, popped[1], SECOND);
    check_each(name, 3, read64(scratch + OFFSET - 8), SECOND);
    check_all(name);
}

static void stack_pointers(void)
{
    push_and_pop();
    check_stack("SP_EL1 as base");
    popped[0] = 0;
    exception_call_el1t(push_and_pop);
    check_stack("SP_EL0 as base");
}

static void flags_are_kept(void)
{
    uint64_t flags;
    __asm__ volatile("msr nzcv, %1\n ldp x9, x10, [%2]\n mrs %0, nzcv"
                     : "=r"(flags)
                     : "r"(UINT64_C(0x60000000)), "r"(scratch)
                     : "x9", "x10", "memory", "cc");
    check_equal("flags after a pair", flags, 0x60000000);
}

/* Several registers of the Distributor at once. */
static void distributor(void)
{
    uint32_t first, second;
    uint64_t base = GICD_BASE | upper;
    __asm__ volatile("ldp %w0, %w1, [%2]" : "=&r"(first), "=&r"(second) : "r"(base) : "memory");
    check_equal("Distributor: a pair, first", first, read32(base));
    check_equal("Distributor: a pair, second", second, read32(base + 4));
    base += GICD_IPRIORITYR + 64;
    __asm__ volatile("stp %w1, %w2, [%0], #8" : "+r"(base) : "r"(0xf0e0d0c0), "r"(0x80706050) : "memory");
    check_equal("Distributor: a stored pair", read32(base - 4), 0x80706050);
    __asm__ volatile("ldrb %w0, [%1, #-1]!" : "=r"(first), "+r"(base) : : "memory");
    check_equal("Distributor: pre-index", first, 0x80);
    check_equal("Distributor: pre-index, base", base, (GICD_BASE | upper) + GICD_IPRIORITYR + 71);
}

/* Runs an instruction on x1 that is to abort, and checks how. */
#define ABORT(instruction, address, status, far_offset)                                                                \
    do {                                                                                                               \
        register uint64_t x0_ __asm__("x0") = PATTERN;                                                                 \
        register uint64_t x1_ __asm__("x1") = (address);                                                               \
        register uint64_t x2_ __asm__("x2") = SECOND;                                                                  \
        exception_expect();                                                                                            \
        x0_ = PATTERN;                                                                                                 \
        x1_ = (address);                                                                                               \
        x2_ = SECOND;                                                                                                  \
        __asm__ volatile(instruction : "+r"(x0_), "+r"(x1_), "+r"(x2_) : : "memory", "v0");                            \
        const uint64_t after_[] = {x0_, x1_, x2_};                                                                     \
        const struct exception taken_ = exception_caught();                                                            \
        check_each(instruction ": one exception", 0, taken_.count, 1);                                                 \
        check_each(instruction ": ESR_EL1", 0, taken_.esr, (uint64_t)ESR_EC_DATA_SAME << 26 | ESR_IL | (status));      \
        if (((status)&DABT_FNV) == 0) {                                                                                \
            check_each(instruction ": FAR_EL1", 0, taken_.far, (address) + (uint64_t)(far_offset));                    \
        }                                                                                                              \
        check_each(instruction ": x0 is kept", 0, after_[0], PATTERN);                                                 \
        check_each(instruction ": x1 is kept", 0, after_[1], address);                                                 \
        check_each(instruction ": x2 is kept", 0, after_[2], SECOND);                                                  \
        check_all(instruction ", aborted");                                                                            \
    } while (0)

static void nothing(void)
{
    const uint64_t at = HARNESS_NOTHING | upper;
    ABORT("ldr x0, [x1]", at, FSC_EXTERNAL_ABORT, 0);
    ABORT("ldp x0, x2, [x1]", at, FSC_EXTERNAL_ABORT, 0);
    ABORT("ldr x0, [x1], #8", at, FSC_EXTERNAL_ABORT, 0);
    ABORT("stp x0, x2, [x1, #16]!", at, FSC_EXTERNAL_ABORT | DABT_WNR, 16);
    ABORT("strb w0, [x1, #5]!", at, FSC_EXTERNAL_ABORT | DABT_WNR, 5);
}

/* The second register of a pair behind the device's end. */
static void half_of_a_pair(void)
{
    const uint64_t at = scratch + HARNESS_SCRATCH_BYTES - 8;
    write64(at, 0);
    ABORT("ldp x0, x2, [x1]", at, FSC_EXTERNAL_ABORT, 8);
    ABORT("stp x0, x2, [x1], #16", at, FSC_EXTERNAL_ABORT | DABT_WNR, 8);
}

static void unaligned(void)
{
    ABORT("ldr x0, [x1]", scratch + 4, FSC_ALIGNMENT, 0);
    ABORT("ldrh w0, [x1]", scratch + 1, FSC_ALIGNMENT, 0);
    ABORT("str w0, [x1, #2]!", scratch, FSC_ALIGNMENT | DABT_WNR, 2);
    ABORT("ldp x0, x2, [x1]", scratch + 4, FSC_ALIGNMENT, 0);
    ABORT("ldr x0, [x1]", scratch + HARNESS_SCRATCH_BYTES - 4, FSC_ALIGNMENT, 0);
    ABORT("strh w0, [x1, #-1]!", scratch + HARNESS_SCRATCH_BYTES, FSC_ALIGNMENT | DABT_WNR, -1);
    ABORT("str w0, [x1]", (GICD_BASE | upper) + GICD_ISENABLER + 6, FSC_ALIGNMENT | DABT_WNR, 0);
}

/* No call of the Microkit gives a VMM these registers; devices have no exclusives. */
static void impossible(void)
{
    const uint64_t no_address = (READ_SYSREG(sctlr_el1) & 1) != 0 ? DABT_FNV : 0;
    WRITE_SYSREG(cpacr_el1, 3 << 20);
    ABORT("ldr q0, [x1]", scratch, FSC_EXTERNAL_ABORT | no_address, 0);
    ABORT("stp d0, d0, [x1]", scratch, FSC_EXTERNAL_ABORT | DABT_WNR | no_address, 0);
    ABORT("ldxr x0, [x1]", scratch, FSC_EXTERNAL_ABORT | no_address, 0);
}

static void all(void)
{
    pairs();
    write_back();
    flags_are_kept();
    caches();
    distributor();
    nothing();
    if (!harness_is_native()) {
        half_of_a_pair();
        unaligned();
        impossible();
    }
}

/* A table that lies nowhere: an abort of the walk, at its level [Arm ARM D17.2.37, DFSC 0b0101xx]. */
static void no_table(void)
{
    ABORT("ldr x0, [x1]", UINT64_C(MMU_NO_TABLE) + 0x123450, FSC_EXTERNAL_WALK + 2, 0);
}

/* Calls a function of the guest at its address in the upper half. */
static void call_upper(void (*function)(void))
{
    void (*const there)(void) = (void (*)(void))MMU_UPPER(function);
    there();
}

static void round_of(const char *name, uint64_t in_upper)
{
    harness_put(name);
    upper = in_upper;
    scratch = HARNESS_SCRATCH | upper;
}

void guest_main(void)
{
    round_of("     MMU off\n", 0);
    all();
    stack_pointers();
    popped[0] = 0;
    exception_call_el0(push_and_pop);
    check_stack("SP_EL0 as base at EL0");
    mmu_on(MMU_4K);
    round_of("     MMU on, lower half\n", 0);
    all();
    stack_pointers();
    no_table();
    round_of("     MMU on, upper half, 4 KiB\n", MMU_UPPER(0));
    call_upper(all);
    mmu_off();
    mmu_on(MMU_64K);
    round_of("     MMU on, upper half, 64 KiB\n", MMU_UPPER(0));
    call_upper(all);
    mmu_off();
}
