/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Exception vectors for samples: see sample.h. The code of a sample expects x10 and x13 to change.
 */
#define ICC_IAR1_EL1  S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define GICC_IAR      0xc
#define GICC_EOIR     0x10

.macro silence
    mrs     x10, cntvct_el0
    str     wzr, [x14]
    msr     cntv_ctl_el0, xzr
    isb
.endm

/* Vectors of exceptions from EL1 with its own stack pointer: synchronous, IRQ. The others cannot happen. */
.macro vectors name
    .balign 2048
    .global \name
\name:
    .fill   4 * 32, 4, 0x14000000       /* b . */
    mrs     x10, cntvct_el0
    mrs     x13, elr_el1
    add     x13, x13, #4
    msr     elr_el1, x13
    eret
    .balign 128
    silence
    b       \name\()_irq
    .balign 128
    .fill   10 * 32, 4, 0x14000000
.endm

    .text
    vectors sample_vectors_v2
    vectors sample_vectors_v3

sample_vectors_v2_irq:
    ldr     w13, [x15, #GICC_IAR]
    str     w13, [x15, #GICC_EOIR]
    eret

sample_vectors_v3_irq:
    mrs     x13, ICC_IAR1_EL1
    msr     ICC_EOIR1_EL1, x13
    eret

    .section .note.GNU-stack, "", @progbits
