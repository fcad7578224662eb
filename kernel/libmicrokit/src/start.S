/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * First instruction of a PD. The kernel has set the stack pointer.
 */
    .section .text.start, "ax"
    .global _start
_start:
    mov x29, xzr
    mov x30, xzr
    b microkit_main
