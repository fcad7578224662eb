/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What feature registers promise executes [Arm ARM D17.2]: an instruction or a register of each feature that they show.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"

#define CPACR_FPEN (3 << 20)

/* A row: the feature register, the first bit of the field, the least value that promises it, what then executes. */
#define FP_FEATURES(X)                                                                                                 \
    X(id_aa64pfr0_el1, 16, 1, "fadd h0, h0, h0")                                                                       \
    X(id_aa64pfr0_el1, 20, 1, "fadd v0.8h, v0.8h, v0.8h")                                                              \
    X(id_aa64isar0_el1, 4, 1, "aese v0.16b, v0.16b")                                                                   \
    X(id_aa64isar0_el1, 4, 2, "pmull v0.1q, v0.1d, v0.1d")                                                             \
    X(id_aa64isar0_el1, 8, 1, "sha1h s0, s0")                                                                          \
    X(id_aa64isar0_el1, 12, 1, "sha256su0 v0.4s, v0.4s")                                                               \
    X(id_aa64isar0_el1, 12, 2, "sha512su0 v0.2d, v0.2d")                                                               \
    X(id_aa64isar0_el1, 28, 1, "sqrdmlah v0.4h, v0.4h, v0.4h")                                                         \
    X(id_aa64isar0_el1, 32, 1, "eor3 v0.16b, v0.16b, v0.16b, v0.16b")                                                  \
    X(id_aa64isar0_el1, 36, 1, "sm3partw1 v0.4s, v0.4s, v0.4s")                                                        \
    X(id_aa64isar0_el1, 40, 1, "sm4e v0.4s, v0.4s")                                                                    \
    X(id_aa64isar0_el1, 44, 1, "sdot v0.4s, v0.16b, v0.16b")                                                           \
    X(id_aa64isar0_el1, 48, 1, "fmlal v0.4s, v0.4h, v0.4h")                                                            \
    X(id_aa64isar1_el1, 12, 1, "fjcvtzs w0, d0")                                                                       \
    X(id_aa64isar1_el1, 16, 1, "fcmla v0.2d, v0.2d, v0.2d, #0")                                                        \
    X(id_aa64isar1_el1, 32, 1, "frint32z s0, s0")                                                                      \
    X(id_aa64isar1_el1, 44, 1, "bfdot v0.4s, v0.8h, v0.8h")                                                            \
    X(id_aa64isar1_el1, 52, 1, "smmla v0.4s, v0.16b, v0.16b")

#define FEATURES(X)                                                                                                    \
    X(id_aa64pfr0_el1, 24, 1, "mrs x0, icc_pmr_el1")                                                                   \
    X(id_aa64pfr0_el1, 28, 1, "mrs x0, disr_el1")                                                                      \
    X(id_aa64pfr0_el1, 28, 1, "mrs x0, erridr_el1")                                                                    \
    X(id_aa64pfr0_el1, 40, 1, "mrs x0, mpamidr_el1")                                                                   \
    X(id_aa64pfr0_el1, 44, 1, "mrs x0, amcr_el0")                                                                      \
    X(id_aa64pfr0_el1, 48, 1, "mrs x0, dit")                                                                           \
    X(id_aa64pfr0_el1, 56, 2, "mrs x0, scxtnum_el1")                                                                   \
    X(id_aa64pfr0_el1, 56, 2, "mrs x0, scxtnum_el0")                                                                   \
    X(id_aa64pfr1_el1, 4, 2, "mrs x0, ssbs")                                                                           \
    X(id_aa64pfr1_el1, 8, 2, "mrs x0, gcr_el1")                                                                        \
    X(id_aa64pfr1_el1, 24, 1, "mrs x0, S3_3_C13_C0_5")                                                                 \
    X(id_aa64isar0_el1, 16, 1, "crc32b w0, w0, w0")                                                                    \
    X(id_aa64isar0_el1, 20, 2, "ldadd x1, x1, [x2]")                                                                   \
    X(id_aa64isar0_el1, 52, 1, "cfinv")                                                                                \
    X(id_aa64isar0_el1, 52, 2, "axflag")                                                                               \
    X(id_aa64isar0_el1, 56, 1, "tlbi vmalle1os")                                                                       \
    X(id_aa64isar0_el1, 56, 2, "tlbi rvae1, x3")                                                                       \
    X(id_aa64isar0_el1, 60, 1, "mrs x0, rndr")                                                                         \
    X(id_aa64isar1_el1, 0, 1, "dc cvap, x2")                                                                           \
    X(id_aa64isar1_el1, 0, 2, "dc cvadp, x2")                                                                          \
    X(id_aa64isar1_el1, 4, 1, "mrs x0, apiakeylo_el1")                                                                 \
    X(id_aa64isar1_el1, 8, 1, "mrs x0, apiakeylo_el1")                                                                 \
    X(id_aa64isar1_el1, 24, 1, "mrs x0, apgakeylo_el1")                                                                \
    X(id_aa64isar1_el1, 28, 1, "mrs x0, apgakeylo_el1")                                                                \
    X(id_aa64isar1_el1, 20, 1, "ldapr x0, [x2]")                                                                       \
    X(id_aa64isar1_el1, 20, 2, "ldapur x0, [x2]")                                                                      \
    X(id_aa64isar1_el1, 36, 1, "sb")                                                                                   \
    X(id_aa64isar1_el1, 40, 1, "cfp rctx, x3")                                                                         \
    X(id_aa64mmfr0_el1, 56, 1, "mrs x0, S3_4_C1_C1_4")                                                                 \
    X(id_aa64mmfr0_el1, 60, 1, "mrs x0, S3_3_C14_C0_5")                                                                \
    X(id_aa64mmfr1_el1, 16, 1, "mrs x0, lorid_el1")                                                                    \
    X(id_aa64mmfr1_el1, 20, 1, "mrs x0, pan")                                                                          \
    X(id_aa64mmfr1_el1, 20, 2, "at s1e1rp, x2")                                                                        \
    X(id_aa64mmfr2_el1, 4, 1, "mrs x0, uao")                                                                           \
    X(id_aa64mmfr2_el1, 20, 1, "mrs x0, ccsidr2_el1")                                                                  \
    X(id_aa64dfr0_el1, 0, 6, "mrs x0, mdscr_el1")                                                                      \
    X(id_aa64dfr0_el1, 4, 1, "mrs x0, trcidr0")                                                                        \
    X(id_aa64dfr0_el1, 8, 1, "mrs x0, pmcr_el0")                                                                       \
    X(id_aa64dfr0_el1, 32, 1, "mrs x0, pmsidr_el1")                                                                    \
    X(id_aa64dfr0_el1, 40, 1, "mrs x0, trfcr_el1")

static uint64_t data[2];

/* The field of a feature register has a sign where "not implemented" is 15. */
static bool is_promised(uint64_t value, unsigned shift, uint64_t least, bool is_signed)
{
    const uint64_t field = value >> shift & 0xf;
    return field >= least && !(is_signed && field == 0xf);
}

static bool is_signed(unsigned shift)
{
    return shift == 16 || shift == 20;
}

/* Executes an instruction, and answers how many exceptions it took. x0, x1 may be spoilt; x2 is an address of data. */
#define EXCEPTIONS_OF(instruction)                                                                                     \
    ({                                                                                                                 \
        register uint64_t *x2_ __asm__("x2") = data;                                                                   \
        register uint64_t x3_ __asm__("x3") = 0;                                                                       \
        exception_expect();                                                                                            \
        __asm__ volatile(                                                                                              \
            ".arch armv8.7-a+crypto+sha3+sm4+fp16+fp16fml+rng+bf16+i8mm+memtag+profile+dotprod\n" instruction          \
            : "+r"(x2_), "+r"(x3_)                                                                                     \
            :                                                                                                          \
            : "x0", "x1", "memory", "cc");                                                                             \
        exception_caught().count;                                                                                      \
    })

void guest_main(void)
{
    WRITE_SYSREG(cpacr_el1, CPACR_FPEN);
#define CHECK(name, shift, least, instruction)                                                                         \
    if (is_promised(READ_SYSREG(name), shift, least, is_signed(shift))) {                                              \
        check_equal(#name ", bit " #shift ", promises " instruction, EXCEPTIONS_OF(instruction), 0);                   \
    }
    if (is_promised(READ_SYSREG(id_aa64pfr0_el1), 16, 0, true)) {
        FP_FEATURES(CHECK)
    }
    FEATURES(CHECK)
}
