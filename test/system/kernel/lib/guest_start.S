/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * First instructions of a bare guest at EL1, MMU off: x0 is the argument of
 * guest_main, x1 the vCPU's number, 0 to 3, which chooses its 4 KiB of stack.
 *
 * An exception that the guest does not expect is told to its VMM: an HVC with
 * x0 = GUEST_CRASHED, x1 = number of the vector, x2 = ESR, x3 = ELR, x4 = FAR.
 * Interrupts go to guest_interrupt, which may be left out.
 */
#define GUEST_CRASHED 0xdead
#define RAM_END       0x40010000

    .section .text.start, "ax"
    .global guest_start
guest_start:
    ldr x2, =RAM_END
    sub x2, x2, x1, lsl #12
    mov sp, x2
    ldr x2, =guest_vectors
    msr vbar_el1, x2
    isb
    bl guest_main
guest_end:
    mov x0, #0
    hvc #0
    b guest_end
    .ltorg

.macro crash number
    .balign 128
    mov x1, #\number
    b crashed
.endm

.macro interrupt
    .balign 128
    b entry_interrupt
.endm

    .text
    .balign 2048
guest_vectors:
    crash 0
    crash 1
    crash 2
    crash 3
    crash 4
    interrupt
    crash 6
    crash 7
    crash 8
    interrupt
    crash 10
    crash 11
    crash 12
    crash 13
    crash 14
    crash 15
    .balign 128

crashed:
    mov x0, #GUEST_CRASHED
    mrs x2, esr_el1
    mrs x3, elr_el1
    mrs x4, far_el1
    hvc #0
    b crashed

entry_interrupt:
    sub sp, sp, #192
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x30, [sp, #144]
    mrs x0, elr_el1
    mrs x1, spsr_el1
    stp x0, x1, [sp, #160]
    bl guest_interrupt
    ldp x0, x1, [sp, #160]
    msr elr_el1, x0
    msr spsr_el1, x1
    ldp x0, x1, [sp, #0]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x30, [sp, #144]
    add sp, sp, #192
    eret

    .weak guest_interrupt
guest_interrupt:
    mov x1, #16
    b crashed
