/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * First instructions of each core: a stack, then C. The firmware enters at
 * EL2 with MMU and caches off; the primary core at kernel_start, the others at
 * kernel_start_secondary with their number in x0.
 */
#define STACK_SHIFT 13 /* STACK_BYTES in boot.c */

    .section .text.start, "ax"
    .global kernel_start
kernel_start:
    msr daifset, #15
    mrs x0, CurrentEL
    cmp x0, #(2 << 2)
    b.ne not_el2

    ldr x0, =kernel_bss_start
    ldr x1, =kernel_bss_end
clear_bss:
    cmp x0, x1
    b.hs cleared
    stp xzr, xzr, [x0], #16
    b clear_bss
cleared:
    mov x0, #0
    b start_core

    .global kernel_start_secondary
kernel_start_secondary:
    msr daifset, #15

start_core:
    ldr x1, =kernel_stacks
    add x2, x0, #1
    lsl x2, x2, #STACK_SHIFT
    add sp, x1, x2
    ldr x1, =trap_vectors
    msr vbar_el2, x1
    isb
    mov x29, xzr
    mov x30, xzr
    bl boot_core
    b kernel_enter_thread

not_el2:
    wfi
    b not_el2
    .ltorg
