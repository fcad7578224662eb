/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Moves the FP and SIMD registers between processor and memory; the layout is
 * that of struct fp_context.
 */
    .arch_extension fp
    .arch_extension simd
    .text

.macro fp_all op
    \op q0, q1, [x0, #32 * 0]
    \op q2, q3, [x0, #32 * 1]
    \op q4, q5, [x0, #32 * 2]
    \op q6, q7, [x0, #32 * 3]
    \op q8, q9, [x0, #32 * 4]
    \op q10, q11, [x0, #32 * 5]
    \op q12, q13, [x0, #32 * 6]
    \op q14, q15, [x0, #32 * 7]
    \op q16, q17, [x0, #32 * 8]
    \op q18, q19, [x0, #32 * 9]
    \op q20, q21, [x0, #32 * 10]
    \op q22, q23, [x0, #32 * 11]
    \op q24, q25, [x0, #32 * 12]
    \op q26, q27, [x0, #32 * 13]
    \op q28, q29, [x0, #32 * 14]
    \op q30, q31, [x0, #32 * 15]
.endm

    .global fp_save
fp_save:
    fp_all stp
    mrs x1, fpcr
    mrs x2, fpsr
    add x0, x0, #512
    stp x1, x2, [x0]
    ret

    .global fp_load
fp_load:
    fp_all ldp
    add x0, x0, #512
    ldp x1, x2, [x0]
    msr fpcr, x1
    msr fpsr, x2
    ret
