/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Fills the registers that are its own with values that the other VM's guest
 * does not have, and finds them as they were, whoever ran meanwhile. Then
 * waits for its virtual timer, again and again, while the other one spins.
 */
#include "guest.h"
#include "items.h"

/* EL1 registers that do nothing while the MMU is off. Value: the guest's pattern, rotated, under the mask. */
#define REGISTERS(X)                                                                                                   \
    X(0, ttbr0_el1, 0xfffffffff000)                                                                                    \
    X(1, ttbr1_el1, 0xfffffffff000)                                                                                    \
    X(2, tcr_el1, 0x3f003f)                                                                                            \
    X(3, mair_el1, 0xffffffffffffffff)                                                                                 \
    X(4, contextidr_el1, 0xffffffff)                                                                                   \
    X(5, esr_el1, 0xffffffff)                                                                                          \
    X(6, far_el1, 0xffffffffffffffff)                                                                                  \
    X(7, par_el1, 0xfffffffff000)                                                                                      \
    X(8, tpidr_el1, 0xffffffffffffffff)                                                                                \
    X(9, tpidr_el0, 0xffffffffffffffff)                                                                                \
    X(10, tpidrro_el0, 0xffffffffffffffff)                                                                             \
    X(11, sp_el0, 0xfffffffffffffff0)                                                                                  \
    X(12, elr_el1, 0xfffffffffffffffc)                                                                                 \
    X(13, spsr_el1, 0xf00003c0)                                                                                        \
    X(14, cntv_cval_el0, 0x7fffffffffffffff)                                                                           \
    X(15, csselr_el1, 0x2)                                                                                             \
    X(16, cntkctl_el1, 0x303)                                                                                          \
    X(17, S3_0_C1_C0_2, 0x300000) /* cpacr_el1: FP stays allowed */

static uint64_t pattern;

static uint64_t value_of(unsigned number, uint64_t mask)
{
    return (pattern >> number | pattern << (63 - number) << 1) & mask;
}

#define CPACR_NUMBER 17
#define CPACR_FPEN   (3UL << 20)

static void fill_registers(void)
{
#define FILL(number, name, mask) GUEST_WRITE(name, (number) == CPACR_NUMBER ? CPACR_FPEN : value_of(number, mask));
    REGISTERS(FILL)
#undef FILL
}

static uint64_t damaged_registers(void)
{
    uint64_t damaged = 0;
#define FIND(number, name, mask)                                                                                       \
    damaged |=                                                                                                         \
        GUEST_READ(name) == ((number) == CPACR_NUMBER ? CPACR_FPEN : value_of(number, mask)) ? 0 : 1UL << (number);
    REGISTERS(FIND)
#undef FIND
    return damaged;
}

static uint64_t fp_before[64];
static uint64_t fp_after[64];

static void fp_load(const uint64_t *from)
{
    __asm__ volatile(".arch_extension simd\n"
                     "ldp q0, q1, [%0]\n ldp q2, q3, [%0, #32]\n ldp q4, q5, [%0, #64]\n ldp q6, q7, [%0, #96]\n"
                     "ldp q8, q9, [%0, #128]\n ldp q10, q11, [%0, #160]\n ldp q12, q13, [%0, #192]\n"
                     "ldp q14, q15, [%0, #224]\n ldp q16, q17, [%0, #256]\n ldp q18, q19, [%0, #288]\n"
                     "ldp q20, q21, [%0, #320]\n ldp q22, q23, [%0, #352]\n ldp q24, q25, [%0, #384]\n"
                     "ldp q26, q27, [%0, #416]\n ldp q28, q29, [%0, #448]\n ldp q30, q31, [%0, #480]\n"
                     ".arch_extension nosimd"
                     :
                     : "r"(from)
                     : "memory");
}

static void fp_store(uint64_t *to)
{
    __asm__ volatile(".arch_extension simd\n"
                     "stp q0, q1, [%0]\n stp q2, q3, [%0, #32]\n stp q4, q5, [%0, #64]\n stp q6, q7, [%0, #96]\n"
                     "stp q8, q9, [%0, #128]\n stp q10, q11, [%0, #160]\n stp q12, q13, [%0, #192]\n"
                     "stp q14, q15, [%0, #224]\n stp q16, q17, [%0, #256]\n stp q18, q19, [%0, #288]\n"
                     "stp q20, q21, [%0, #320]\n stp q22, q23, [%0, #352]\n stp q24, q25, [%0, #384]\n"
                     "stp q26, q27, [%0, #416]\n stp q28, q29, [%0, #448]\n stp q30, q31, [%0, #480]\n"
                     ".arch_extension nosimd"
                     :
                     : "r"(to)
                     : "memory");
}

#define FPCR_BITS   (pattern & 0x00c00000) /* rounding mode */
#define FPSR_BITS   (pattern & 0x1f)
#define DAMAGED_FP  (1UL << 32)
#define DAMAGED_FPS (1UL << 33)

static void fill_fp(void)
{
    for (unsigned i = 0; i < 64; i++) {
        fp_before[i] = pattern * (i + 101);
    }
    fp_load(fp_before);
    GUEST_WRITE(fpcr, FPCR_BITS);
    GUEST_WRITE(fpsr, FPSR_BITS);
}

static uint64_t damaged_fp(void)
{
    uint64_t damaged = 0;
    fp_store(fp_after);
    for (unsigned i = 0; i < 64; i++) {
        damaged |= fp_after[i] == fp_before[i] ? 0 : DAMAGED_FP;
    }
    damaged |= GUEST_READ(fpcr) == FPCR_BITS && GUEST_READ(fpsr) == FPSR_BITS ? 0 : DAMAGED_FPS;
    return damaged;
}

static void spin(uint64_t loops)
{
    for (uint64_t i = 0; i < loops; i++) {
        __asm__ volatile("");
    }
}

static void wait_for_timer(void)
{
    uint64_t ticks = 20000 + (pattern & 0xfff);
    uint64_t begin = GUEST_READ(cntvct_el0);
    GUEST_WRITE(cntv_cval_el0, begin + ticks);
    GUEST_WRITE(cntv_ctl_el0, 1);
    (void)GUEST_STEP(ITEM_WAIT, 0, "wfi");
    uint64_t end = GUEST_READ(cntvct_el0);
    GUEST_WRITE(cntv_ctl_el0, 0);
    guest_report(ITEM_TIMER_LATE, end - begin - ticks);
}

void guest_main(uint64_t argument)
{
    pattern = argument;
    GUEST_WRITE(S3_0_C1_C0_2, CPACR_FPEN);
    fill_registers();
    fill_fp();
    for (unsigned i = 0; i < ROUND_COUNT; i++) {
        guest_report(ITEM_ROUND, damaged_registers() | damaged_fp());
        if (i % 8 == 0) {
            spin(20000);
            guest_report(ITEM_SPUN, damaged_registers() | damaged_fp());
        }
    }
    for (unsigned i = 0; i < TIMER_ROUNDS; i++) {
        wait_for_timer();
    }
    guest_report(ITEM_END, 0);
    for (;;) {
        spin(1000);
        guest_report(ITEM_SPUN, 0);
    }
}
