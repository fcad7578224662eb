/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Guest code that resets a vCPU: see reset_stub.h. It runs at EL1 with its MMU off, wherever it lies; x0 is the address
 * of a struct reset_stub_args, whose offsets are spelled out here. It ends with an SMC.
 *
 * What is in service is ended, active priorities are forgotten, what is pending is taken and ended, and the registers
 * of the CPU interface go back to their reset values [GICv2 4.4] [GICv3 12.2]; then the FP and SIMD registers. No loop
 * goes round more often than there can be list registers.
 */
#include "aarch64/vcpu/reset_stub.h"

__asm__(".pushsection .rodata.reset_stub, \"a\", @progbits\n"
        ".arch_extension fp\n"
        ".arch_extension simd\n"
        ".balign 8\n"
        ".global reset_stub_code, reset_stub_code_end\n"
        "reset_stub_code:\n"
        "    ldr     x1, [x0]\n"      /* version */
        "    ldr     x2, [x0, #8]\n"  /* base of a GICv2's CPU interface */
        "    ldr     x3, [x0, #16]\n" /* how many interrupts are in list registers */
        "    add     x4, x0, #24\n"   /* which */
        "    mov     x5, #64\n"
        "    cmp     x1, #3\n"
        "    b.eq    version_3\n"

        "    mov     w6, #7\n" /* both groups on, and acknowledged alike */
        "    str     w6, [x2]\n"
        "1:  cbz     x3, 2f\n"
        "    ldr     w6, [x4], #4\n"
        "    str     w6, [x2, #0x10]\n" /* EOIR */
        "    sub     x3, x3, #1\n"
        "    b       1b\n"
        "2:  str     wzr, [x2, #0xd0]\n" /* APR */
        "    mov     w6, #0xff\n"
        "    str     w6, [x2, #4]\n"   /* PMR */
        "3:  ldr     w6, [x2, #0xc]\n" /* IAR */
        "    and     w7, w6, #0x3ff\n"
        "    cmp     w7, #1020\n"
        "    b.hs    4f\n"
        "    str     w6, [x2, #0x10]\n"
        "    subs    x5, x5, #1\n"
        "    b.ne    3b\n"
        "4:  str     wzr, [x2, #0xd0]\n"
        "    str     wzr, [x2, #4]\n"
        "    str     wzr, [x2, #8]\n"    /* BPR */
        "    str     wzr, [x2, #0x1c]\n" /* ABPR */
        "    str     wzr, [x2]\n"
        "    b       registers\n"

        "version_3:\n"
        "    mov     x6, #2\n" /* priority drop and deactivation apart: DIR then ends anything */
        "    mrs     x7, S3_0_C12_C12_4\n"
        "    ubfx    x7, x7, #8, #3\n"     /* priority bits less one */
        "    msr     S3_0_C12_C12_4, x6\n" /* ICC_CTLR */
        "    isb\n"
        "1:  cbz     x3, 2f\n"
        "    ldr     w6, [x4], #4\n"
        "    msr     S3_0_C12_C11_1, x6\n" /* ICC_DIR */
        "    sub     x3, x3, #1\n"
        "    b       1b\n"
        "2:  msr     S3_0_C12_C8_4, xzr\n" /* ICC_AP0R0 */
        "    msr     S3_0_C12_C9_0, xzr\n" /* ICC_AP1R0 */
        "    cmp     x7, #5\n"
        "    b.lo    3f\n"
        "    msr     S3_0_C12_C8_5, xzr\n"
        "    msr     S3_0_C12_C9_1, xzr\n"
        "    b.eq    3f\n"
        "    msr     S3_0_C12_C8_6, xzr\n"
        "    msr     S3_0_C12_C8_7, xzr\n"
        "    msr     S3_0_C12_C9_2, xzr\n"
        "    msr     S3_0_C12_C9_3, xzr\n"
        "3:  mov     x6, #0xff\n"
        "    msr     S3_0_C4_C6_0, x6\n" /* ICC_PMR */
        "    mov     x6, #1\n"
        "    msr     S3_0_C12_C12_6, x6\n" /* ICC_IGRPEN0 */
        "    msr     S3_0_C12_C12_7, x6\n" /* ICC_IGRPEN1 */
        "    isb\n"
        "4:  mrs     x6, S3_0_C12_C12_0\n" /* ICC_IAR1 */
        "    cmp     x6, #1020\n"
        "    b.hs    5f\n"
        "    msr     S3_0_C12_C12_1, x6\n" /* ICC_EOIR1 */
        "    msr     S3_0_C12_C11_1, x6\n"
        "    isb\n"
        "5:  mrs     x7, S3_0_C12_C8_0\n" /* ICC_IAR0 */
        "    cmp     x7, #1020\n"
        "    b.hs    6f\n"
        "    msr     S3_0_C12_C8_1, x7\n" /* ICC_EOIR0 */
        "    msr     S3_0_C12_C11_1, x7\n"
        "    isb\n"
        "    mov     x6, x7\n"
        "6:  cmp     x6, #1020\n"
        "    b.hs    7f\n"
        "    subs    x5, x5, #1\n"
        "    b.ne    4b\n"
        "7:  msr     S3_0_C12_C12_6, xzr\n"
        "    msr     S3_0_C12_C12_7, xzr\n"
        "    msr     S3_0_C4_C6_0, xzr\n"
        "    msr     S3_0_C12_C8_3, xzr\n"  /* ICC_BPR0 */
        "    msr     S3_0_C12_C12_3, xzr\n" /* ICC_BPR1 */
        "    msr     S3_0_C12_C12_4, xzr\n"
        "    isb\n"

        "registers:\n"
        "    msr     csselr_el1, xzr\n"
        "    mov     x6, #(3 << 20)\n"
        "    msr     cpacr_el1, x6\n"
        "    isb\n"
        "    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        "    movi    v\\n\\().2d, #0\n"
        "    .endr\n"
        "    .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n"
        "    movi    v\\n\\().2d, #0\n"
        "    .endr\n"
        "    msr     fpcr, xzr\n"
        "    msr     fpsr, xzr\n"
        "    dsb     sy\n"
        "    smc     #0\n"
        "    b       .\n"
        "reset_stub_code_end:\n"
        ".popsection\n");
