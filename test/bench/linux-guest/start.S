/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The program's first instructions: Linux has put the number of arguments and their addresses on the stack.
 */

    .text
    .global _start
_start:
    ldr x0, [sp]
    add x1, sp, #8
    b program_main

    .section .note.GNU-stack, "", @progbits
