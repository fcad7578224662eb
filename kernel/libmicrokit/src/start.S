/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * First instruction of a PD. A restart sets nothing but the program counter: the stack begins anew here.
 */
#define STACK_TOP 0x7fffc00000 /* IMAGE_PD_STACK_TOP */

    .section .text.start, "ax"
    .global _start
_start:
    mov x0, #STACK_TOP
    mov sp, x0
    mov x29, xzr
    mov x30, xzr
    b microkit_main
