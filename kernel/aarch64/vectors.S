/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Exception vectors of EL2 [Arm ARM D1.3.1].
 *
 * While a PD or a guest runs, SP_EL2 points to its struct frame (thread.h);
 * the registers go straight there. TPIDR_EL2 points to this core's struct
 * core, whose first word is the top of the kernel's stack.
 */
#define MODE_EL1H     5

/* ESR_EL2 of "svc #0", SYSCALL_REPLY_WAIT [Arm ARM D17.2.37]. */
#define ESR_SVC_REPLY_WAIT 0x56000000

/* Everything but x0 and x1. */
.macro save_frame
    stp x2, x3, [sp, #40]
    stp x4, x5, [sp, #56]
    stp x6, x7, [sp, #72]
    stp x8, x16, [sp, #88]
    stp x17, x18, [sp, #104]
    stp x29, x30, [sp, #120]
    stp x9, x10, [sp, #136]
    stp x11, x12, [sp, #152]
    stp x13, x14, [sp, #168]
    stp x15, x19, [sp, #184]
    stp x20, x21, [sp, #200]
    stp x22, x23, [sp, #216]
    stp x24, x25, [sp, #232]
    stp x26, x27, [sp, #248]
    mrs x4, spsr_el2
    str x28, [sp, #264]
    str x4, [sp, #16]
.endm

/* What also a PD has that waits. x0: this core's struct core, x1: its stack. */
.macro save_waiting_frame
    mrs x0, tpidr_el0
    mrs x1, tpidrro_el0
    mrs x2, elr_el2
    mrs x3, sp_el0
    stp x0, x1, [sp, #272]
    stp x2, x3, [sp, #0]
    mrs x0, tpidr_el2
    ldr x1, [x0]
    mov sp, x1
.endm

.macro from_lower handler
    .balign 128
    b entry_\handler
.endm

.macro from_kernel number
    .balign 128
    mov x0, #\number
    b kernel_exception
.endm

    .text
    .balign 2048
    .global trap_vectors
trap_vectors:
    from_kernel 0
    from_kernel 1
    from_kernel 2
    from_kernel 3
    .balign 128
    b kernel_sync
    from_kernel 5
    from_kernel 6
    .balign 128
    b kernel_serror
    from_lower sync
    from_lower irq
    from_lower irq
    from_lower serror
    from_lower sync
    from_lower irq
    from_lower irq
    from_lower serror
    .balign 128

/* A PD that makes SYSCALL_REPLY_WAIT keeps no register but its stack pointer over it. */
entry_sync:
    stp x0, x1, [sp, #24]
    mrs x1, esr_el2
    mov w0, #ESR_SVC_REPLY_WAIT
    cmp w0, w1
    b.eq entry_wait
    save_frame
entry_wait:
    save_waiting_frame
    bl trap_sync
    b kernel_enter_thread

entry_irq:
    stp x0, x1, [sp, #24]
    save_frame
    save_waiting_frame
    bl trap_irq
    b kernel_enter_thread

entry_serror:
    stp x0, x1, [sp, #24]
    save_frame
    save_waiting_frame
    bl trap_serror

/* x0: the frame of the thread to enter. */
    .global kernel_enter_thread
kernel_enter_thread:
    mov sp, x0
    ldp x2, x3, [sp, #0]
    ldr x4, [sp, #16]
    ldp x0, x1, [sp, #272]

    /* A VMM can write its vCPUs' frames, at any time: never return to EL2 for it. */
    adrp x5, context_modes
    ldr w5, [x5, #:lo12:context_modes]
    lsr w5, w5, w4 /* by the mode: what a shift of 32 bits uses of w4 */
    tbz w5, #0, bad_mode
mode_is_good:
    msr elr_el2, x2
    msr sp_el0, x3
    msr spsr_el2, x4
    msr tpidr_el0, x0
    msr tpidrro_el0, x1
    ldr x28, [sp, #264]
    ldp x26, x27, [sp, #248]
    ldp x24, x25, [sp, #232]
    ldp x22, x23, [sp, #216]
    ldp x20, x21, [sp, #200]
    ldp x15, x19, [sp, #184]
    ldp x13, x14, [sp, #168]
    ldp x11, x12, [sp, #152]
    ldp x9, x10, [sp, #136]
    ldp x29, x30, [sp, #120]
    ldp x17, x18, [sp, #104]
    ldp x8, x16, [sp, #88]
    ldp x6, x7, [sp, #72]
    ldp x4, x5, [sp, #56]
    ldp x2, x3, [sp, #40]
    ldp x0, x1, [sp, #24]
    eret
    dsb nsh
    isb

bad_mode:
    and x4, x4, #~0x1f
    mov x5, #MODE_EL1H
    orr x4, x4, x5
    b mode_is_good

/*
 * uint64_t translate_for_guest(uint64_t address)
 *
 * PAR_EL1 as AT S1E1R leaves it [Arm ARM D17.2.110]. The walk reads memory that the guest chooses: where that answers
 * with an external abort, the result is a failed translation.
 */
    .global translate_for_guest
translate_for_guest:
translate_instruction:
    at s1e1r, x0
    isb
    mrs x0, par_el1
    ret
translate_aborted:
    mov x0, #1 /* PAR_EL1.F */
    ret

/* A synchronous exception of the kernel's own. That of translate_instruction has a fixup; the caller expects a call. */
kernel_sync:
    mrs x1, elr_el2
    adr x2, translate_instruction
    cmp x1, x2
    mov x0, #4
    b.ne kernel_exception
    adr x1, translate_aborted
    msr elr_el2, x1
    eret

/* The kernel takes an SError only where it waits for those of a guest: the registers are the C code's there. */
kernel_serror:
    stp x29, x30, [sp, #-176]!
    stp x0, x1, [sp, #16]
    stp x2, x3, [sp, #32]
    stp x4, x5, [sp, #48]
    stp x6, x7, [sp, #64]
    stp x8, x9, [sp, #80]
    stp x10, x11, [sp, #96]
    stp x12, x13, [sp, #112]
    stp x14, x15, [sp, #128]
    stp x16, x17, [sp, #144]
    str x18, [sp, #160]
    mrs x0, tpidr_el2
    mrs x1, esr_el2
    bl context_take_serror
    ldr x18, [sp, #160]
    ldp x16, x17, [sp, #144]
    ldp x14, x15, [sp, #128]
    ldp x12, x13, [sp, #112]
    ldp x10, x11, [sp, #96]
    ldp x8, x9, [sp, #80]
    ldp x6, x7, [sp, #64]
    ldp x4, x5, [sp, #48]
    ldp x2, x3, [sp, #32]
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #176
    eret
    dsb nsh
    isb

kernel_exception:
    mrs x1, tpidr_el2
    ldr x1, [x1]
    mov sp, x1
    mrs x1, elr_el2
    mrs x2, far_el2
    b trap_in_kernel
