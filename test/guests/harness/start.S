/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Start-up and exception entry of a bare guest at EL1, behind the header of an arm64 Linux image: QEMU's -kernel and
 * linux_setup_images put it at the same address, that of guest.ld.
 *
 * Before anything is changed the first vCPU keeps the general registers of its entry in entry_registers, for guests
 * that look at them. What x30 held is lost, not whether it was zero.
 */
#define TEXT_OFFSET 0x80000
#define STACK_SHIFT 14
#define FRAME_BYTES 0x130

    .section .text.start, "ax"
    .global harness_header
harness_header:
    b       start
    .long   0
    .quad   TEXT_OFFSET
    .quad   harness_memory_end - harness_header
    .quad   0xa         /* little-endian, pages of 4 KiB, anywhere in memory */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

start:
    cbz     x30, 1f
    adr     x30, entry_registers
    str     x30, [x30, #240]
1:  adr     x30, entry_registers
    stp     x0, x1, [x30]
    stp     x2, x3, [x30, #16]
    stp     x4, x5, [x30, #32]
    stp     x6, x7, [x30, #48]
    stp     x8, x9, [x30, #64]
    stp     x10, x11, [x30, #80]
    stp     x12, x13, [x30, #96]
    stp     x14, x15, [x30, #112]
    stp     x16, x17, [x30, #128]
    stp     x18, x19, [x30, #144]
    stp     x20, x21, [x30, #160]
    stp     x22, x23, [x30, #176]
    stp     x24, x25, [x30, #192]
    stp     x26, x27, [x30, #208]
    stp     x28, x29, [x30, #224]
    mov     x0, sp
    str     x0, [x30, #248]
    mrs     x0, vbar_el1
    str     x0, [x30, #256]
    mrs     x0, daif
    str     x0, [x30, #264]
    /* What the file does not hold. */
    ldr     x0, =harness_bss
    ldr     x1, =harness_bss_end
2:  cmp     x0, x1
    b.hs    3f
    stp     xzr, xzr, [x0], #16
    b       2b
3:  mov     x0, #0
    bl      prepare
    bl      harness_main
    b       .

/* Entry of a further vCPU: x0 is its number. */
    .global harness_secondary_entry
harness_secondary_entry:
    mov     x19, x0
    bl      prepare
    mov     x0, x19
    bl      harness_secondary_main
    b       .

/* Stack and vectors of vCPU x0. */
prepare:
    ldr     x1, =harness_stacks
    add     x2, x0, #1
    add     x1, x1, x2, lsl #STACK_SHIFT
    mov     sp, x1
    ldr     x1, =harness_vectors
    msr     vbar_el1, x1
    isb
    ret
    .ltorg

    .section .data.entry, "aw"
    .balign 16
    .global entry_registers
entry_registers:
    .fill   34, 8, 0

.macro vector number
    .balign 128
    sub     sp, sp, #FRAME_BYTES
    stp     x0, x1, [sp]
    mov     x1, #\number
    b       exception
.endm

    .section .text.vectors, "ax"
    .balign 2048
    .global harness_vectors
harness_vectors:
    .irp    number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector  \number
    .endr
    .balign 128

exception:
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    mrs     x2, elr_el1
    stp     x30, x2, [sp, #240]
    mrs     x2, spsr_el1
    mrs     x3, esr_el1
    stp     x2, x3, [sp, #256]
    mrs     x2, far_el1
    mrs     x3, daif
    stp     x2, x3, [sp, #272]
    mrs     x2, spsel
    str     x2, [sp, #288]
    mov     x0, sp
    bl      exception_taken
    ldp     x2, x3, [sp, #256]
    msr     spsr_el1, x2
    ldp     x30, x2, [sp, #240]
    msr     elr_el1, x2
    ldp     x28, x29, [sp, #224]
    ldp     x26, x27, [sp, #208]
    ldp     x24, x25, [sp, #192]
    ldp     x22, x23, [sp, #176]
    ldp     x20, x21, [sp, #160]
    ldp     x18, x19, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp]
    add     sp, sp, #FRAME_BYTES
    eret

/*
 * void exception_run_as(function, stack, spsr): calls a function at EL0, or at EL1 with SP_EL0, on its own stack. The
 * function ends with an SVC, which exception_taken sends to exception_run_end.
 */
    .global exception_run_as
exception_run_as:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    msr     sp_el0, x1
    msr     spsr_el1, x2
    msr     elr_el1, x0
    adr     x30, 1f
    isb
    eret
1:  svc     #0
    b       .

    .global exception_run_end
exception_run_end:
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #96
    ret

    .section .note.GNU-stack, "", @progbits
