/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores to emulated devices, for which the hardware tells the VMM all about the access: every width, sign
 * extension, destinations of 32 and 64 bits, the zero register, every addressing mode without write-back, acquire and
 * release [Arm ARM C3.2]. The device is a page of the VMM, which is RAM natively, and the GIC's Distributor.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"

#define PATTERN 0x8899aabbccddeeff
#define ONES    0xffffffffffffffff

#define BASE (HARNESS_SCRATCH + 0x20)

/* Runs an instruction on x0 (or w0), with x1 = BASE and x2 = 8. */
#define RUN(instruction, x0_value, x0_after, x1_after)                                                                 \
    do {                                                                                                               \
        register uint64_t x0_ __asm__("x0") = (x0_value);                                                              \
        register uint64_t x1_ __asm__("x1") = BASE;                                                                    \
        register uint64_t x2_ __asm__("x2") = 8;                                                                       \
        __asm__ volatile(instruction : "+r"(x0_), "+r"(x1_) : "r"(x2_) : "memory");                                    \
        x0_after = x0_;                                                                                                \
        x1_after = x1_;                                                                                                \
    } while (0)

#define CHECK_LOAD(instruction, want)                                                                                  \
    do {                                                                                                               \
        uint64_t value, base;                                                                                          \
        RUN(instruction, ONES, value, base);                                                                           \
        check_equal(instruction, value, want);                                                                         \
        check_each("base register of " instruction, 0, base, BASE);                                                    \
    } while (0)

#define STORE(instruction, stored)                                                                                     \
    do {                                                                                                               \
        uint64_t value, base;                                                                                          \
        RUN(instruction, stored, value, base);                                                                         \
        check_each("source register of " instruction, 0, value, stored);                                               \
        check_each("base register of " instruction, 0, base, BASE);                                                    \
    } while (0)

static void loads(void)
{
    write64(HARNESS_SCRATCH + 0x20, PATTERN);
    write64(HARNESS_SCRATCH + 0x28, 0x0102030405060708);
    CHECK_LOAD("ldrb w0, [x1]", 0xff);
    CHECK_LOAD("ldrh w0, [x1]", 0xeeff);
    CHECK_LOAD("ldr w0, [x1]", 0xccddeeff);
    CHECK_LOAD("ldr x0, [x1]", PATTERN);
    CHECK_LOAD("ldrsb w0, [x1]", 0xffffffff);
    CHECK_LOAD("ldrsb x0, [x1]", ONES);
    CHECK_LOAD("ldrsh w0, [x1]", 0xffffeeff);
    CHECK_LOAD("ldrsh x0, [x1]", 0xffffffffffffeeff);
    CHECK_LOAD("ldrsw x0, [x1]", 0xffffffffccddeeff);
    CHECK_LOAD("ldrsb x0, [x1, #8]", 8);
    CHECK_LOAD("ldrsh w0, [x1, #8]", 0x0708);
    CHECK_LOAD("ldrsw x0, [x1, #8]", 0x05060708);
}

static void addressing(void)
{
    CHECK_LOAD("ldr x0, [x1, #8]", 0x0102030405060708);
    CHECK_LOAD("ldr x0, [x1, x2]", 0x0102030405060708);
    CHECK_LOAD("ldr w0, [x1, w2, uxtw]", 0x05060708);
    CHECK_LOAD("ldr w0, [x1, w2, sxtw]", 0x05060708);
    CHECK_LOAD("ldurb w0, [x1, #1]", 0xee);
    CHECK_LOAD("ldurh w0, [x1, #2]", 0xccdd);
    CHECK_LOAD("ldur w0, [x1, #4]", 0x8899aabb);
    CHECK_LOAD("ldar w0, [x1]", 0xccddeeff);
    CHECK_LOAD("ldar x0, [x1]", PATTERN);
    CHECK_LOAD("ldarb w0, [x1]", 0xff);
    CHECK_LOAD("ldarh w0, [x1]", 0xeeff);
    CHECK_LOAD("ldtr w0, [x1]", 0xccddeeff);
}

static void each_byte(void)
{
    write64(HARNESS_SCRATCH + 0x40, 0x1716151413121110);
    for (uint32_t i = 0; i < 8; i++) {
        check_each("every byte of a word, loaded", i, read8(HARNESS_SCRATCH + 0x40 + i), 0x10 + i);
        write8(HARNESS_SCRATCH + 0x48 + i, 0xffffff20 + i);
    }
    for (uint32_t i = 0; i < 8; i += 2) {
        check_each("every half-word, loaded", i, read16(HARNESS_SCRATCH + 0x48 + i), 0x2120 + i * 0x101);
    }
    check_all("every byte of a word");
    check_equal("every byte of a word, stored", read64(HARNESS_SCRATCH + 0x48), 0x2726252423222120);
}

static void check_stored(const char *name, uint64_t want)
{
    check_equal(name, read64(HARNESS_SCRATCH + 0x20), want);
    write64(HARNESS_SCRATCH + 0x20, 0);
}

static void stores(void)
{
    write64(HARNESS_SCRATCH + 0x20, 0);
    STORE("strb w0, [x1]", PATTERN);
    check_stored("strb", 0xff);
    STORE("strh w0, [x1]", PATTERN);
    check_stored("strh", 0xeeff);
    STORE("str w0, [x1]", PATTERN);
    check_stored("str w", 0xccddeeff);
    STORE("str x0, [x1]", PATTERN);
    check_stored("str x", PATTERN);
    STORE("sturb w0, [x1, #7]", PATTERN);
    check_stored("sturb", 0xff00000000000000);
    STORE("stlr w0, [x1]", PATTERN);
    check_stored("stlr w", 0xccddeeff);
    STORE("stlrb w0, [x1]", PATTERN);
    check_stored("stlrb", 0xff);
    STORE("stlr x0, [x1]", PATTERN);
    check_stored("stlr x", PATTERN);
    STORE("sttr x0, [x1]", PATTERN);
    check_stored("sttr x", PATTERN);
}

static void zero_register(void)
{
    write64(HARNESS_SCRATCH + 0x20, ONES);
    STORE("str wzr, [x1]", 1);
    check_stored("str wzr", 0xffffffff00000000);
    write64(HARNESS_SCRATCH + 0x20, ONES);
    STORE("strb wzr, [x1, #1]", 1);
    check_stored("strb wzr", 0xffffffffffff00ff);
    write64(HARNESS_SCRATCH + 0x20, ONES);
    STORE("str xzr, [x1]", 1);
    check_stored("str xzr", 0);
    write64(HARNESS_SCRATCH + 0x20, PATTERN);
    CHECK_LOAD("ldr wzr, [x1]", ONES);
    CHECK_LOAD("ldr xzr, [x1]", ONES);
    CHECK_LOAD("ldrsb xzr, [x1]", ONES);
}

/* Every general register as destination and as source. */
#define REGISTER_ROUND(n)                                                                                              \
    do {                                                                                                               \
        uint64_t got;                                                                                                  \
        write64(HARNESS_SCRATCH + 0x60, 0x1000 + n);                                                                   \
        __asm__ volatile("mov x28, %1\n mov x27, %2\n mov x26, sp\n"                                                   \
                         "ldr x" #n ", [x28]\n str x" #n ", [x27]\n mov %0, x" #n                                      \
                         : "=r"(got)                                                                                   \
                         : "r"((uint64_t)HARNESS_SCRATCH + 0x60), "r"((uint64_t)HARNESS_SCRATCH + 0x68)                \
                         : "x" #n, "x26", "x27", "x28", "memory");                                                     \
        check_each("load to every register", n, got, 0x1000 + n);                                                      \
        check_each("store from every register", n, read64(HARNESS_SCRATCH + 0x68), 0x1000 + n);                        \
    } while (0)

static void every_register(void)
{
    REGISTER_ROUND(0);
    REGISTER_ROUND(1);
    REGISTER_ROUND(2);
    REGISTER_ROUND(3);
    REGISTER_ROUND(4);
    REGISTER_ROUND(5);
    REGISTER_ROUND(6);
    REGISTER_ROUND(7);
    REGISTER_ROUND(8);
    REGISTER_ROUND(9);
    REGISTER_ROUND(10);
    REGISTER_ROUND(11);
    REGISTER_ROUND(12);
    REGISTER_ROUND(13);
    REGISTER_ROUND(14);
    REGISTER_ROUND(15);
    REGISTER_ROUND(16);
    REGISTER_ROUND(17);
    REGISTER_ROUND(18);
    REGISTER_ROUND(19);
    REGISTER_ROUND(20);
    REGISTER_ROUND(21);
    REGISTER_ROUND(22);
    REGISTER_ROUND(23);
    REGISTER_ROUND(24);
    REGISTER_ROUND(25);
    REGISTER_ROUND(30);
    check_all("every register");
}

/* A load into its own base register, and one that changes nothing else. */
static void base_is_destination(void)
{
    uint64_t value = HARNESS_SCRATCH + 0x20;
    write64(HARNESS_SCRATCH + 0x20, PATTERN);
    __asm__ volatile("ldr %0, [%0]" : "+r"(value) : : "memory");
    check_equal("load into its base register", value, PATTERN);
}

static void flags_are_kept(void)
{
    uint64_t flags;
    __asm__ volatile("msr nzcv, %1\n ldr w9, [%2]\n str w9, [%2]\n mrs %0, nzcv"
                     : "=r"(flags)
                     : "r"((uint64_t)0x60000000), "r"((uint64_t)HARNESS_SCRATCH)
                     : "x9", "memory", "cc");
    check_equal("flags after load and store", flags, 0x60000000);
}

static volatile uint64_t loaded_at_el0;

static void load_at_el0(void)
{
    write32(HARNESS_SCRATCH + 0x80, 0x12345678);
    loaded_at_el0 = read32(HARNESS_SCRATCH + 0x80);
}

/* The Distributor with the same instructions: a register of bytes, one of words. */
static void distributor(void)
{
    int64_t value;
    write32(gic_bank(64) + GICD_IPRIORITYR + 64, 0xf0e0d0c0);
    __asm__ volatile("ldrsb %0, [%1]" : "=r"(value) : "r"(gic_bank(64) + GICD_IPRIORITYR + 67) : "memory");
    check_equal("Distributor: ldrsb", (uint64_t)value, (uint64_t)-16);
    __asm__ volatile("ldrsw %0, [%1]" : "=r"(value) : "r"(gic_bank(64) + GICD_IPRIORITYR + 64) : "memory");
    check_equal("Distributor: ldrsw", (uint64_t)value, 0xfffffffff0e0d0c0);
    __asm__ volatile("str wzr, [%0]" : : "r"(gic_bank(64) + GICD_IPRIORITYR + 64) : "memory");
    check_equal("Distributor: str wzr", read32(gic_bank(64) + GICD_IPRIORITYR + 64), 0);
}

void guest_main(void)
{
    loads();
    addressing();
    each_byte();
    stores();
    zero_register();
    every_register();
    base_is_destination();
    flags_are_kept();
    distributor();
    check_all("registers that an access does not change");
    exception_call_el0(load_at_el0);
    check_equal("load and store at EL0", loaded_at_el0, 0x12345678);
}
