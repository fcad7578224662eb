/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The general registers of a vCPU during one exit.
 *
 * A thread's registers can only be moved as a prefix of seL4_UserContext, and every word costs. What an exit needs is
 * fetched once, in as short a prefix as holds it; what it changes is written back once, at its end, with the PC.
 *
 * Where the Microkit shows a vCPU's registers to its VMM (MICROKIT_VCPU_REGISTERS), they are used in place, and there
 * is nothing to fetch or to write back.
 *
 * Invariants: dirty <= valid, except that the PC alone may be dirty with valid = 1; registers beyond `valid` are not
 * looked at; a second fetch never loses a change.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aarch64/exit/psr.h"
#include "vm/vcpu.h"

#define VCPU_REGS_WORDS (sizeof(seL4_UserContext) / sizeof(seL4_Word))

/* Lengths of prefixes. */
enum vcpu_regs_prefix {
    VCPU_REGS_PC = 1,
    VCPU_REGS_SPSR = 3,
    VCPU_REGS_X0 = 4,
    VCPU_REGS_X3 = 7,
    VCPU_REGS_X7 = 11,
    VCPU_REGS_X30 = 17,
    VCPU_REGS_X28 = 34,
    VCPU_REGS_ALL = VCPU_REGS_WORDS,
};

/* Registers of an instruction: 31 is the zero register. */
#define VCPU_REG_ZERO  31
#define VCPU_REG_COUNT 32

#ifdef MICROKIT_VCPU_REGISTERS
#define VCPU_REGS_IN_PLACE 1
#else
#define VCPU_REGS_IN_PLACE             0
#define MICROKIT_VCPU_REGISTERS(child) ((seL4_UserContext *)NULL)
#endif

/* Nothing is known of the registers, and nothing changed. */
static inline void vcpu_regs_forget(struct vcpu *vcpu)
{
    if (!VCPU_REGS_IN_PLACE) {
        vcpu->regs.valid = 0;
        vcpu->regs.dirty = 0;
    }
}

/* An instruction of the vCPU has trapped, so it does not wait; nothing is known of its registers. */
static inline void vcpu_regs_begin(struct vcpu *vcpu)
{
    if (vcpu->state == VCPU_WAITING) {
        vcpu->state = VCPU_RUNNING;
    }
    vcpu->regs.context = VCPU_REGS_IN_PLACE ? MICROKIT_VCPU_REGISTERS(vcpu->id) : &vcpu->regs.copy;
    vcpu_regs_forget(vcpu);
}

/* The same, and the message has told the PC. */
static inline void vcpu_regs_begin_at(struct vcpu *vcpu, uint64_t pc)
{
    vcpu_regs_begin(vcpu);
    if (!VCPU_REGS_IN_PLACE) {
        vcpu->regs.context->pc = pc;
        vcpu->regs.valid = VCPU_REGS_PC;
    }
}

/* The vCPU is restarted or stopped during its exit: what is still to be done for that exit must not reach it. */
static inline void vcpu_regs_detach(struct vcpu *vcpu)
{
    if (VCPU_REGS_IN_PLACE && vcpu->exit == VCPU_HANDLING) {
        vcpu->regs.copy = *MICROKIT_VCPU_REGISTERS(vcpu->id);
        vcpu->regs.context = &vcpu->regs.copy;
    }
}

/* Index in seL4_UserContext of x0 to x30. */
static const uint8_t vcpu_regs_index[VCPU_REG_ZERO] = {
    3,  4,  5,  6,  7,  8,  9,  10, 11,     /* x0 to x8 */
    17, 18, 19, 20, 21, 22, 23,             /* x9 to x15 */
    12, 13, 14,                             /* x16 to x18 */
    24, 25, 26, 27, 28, 29, 30, 31, 32, 33, /* x19 to x28 */
    15, 16,                                 /* x29, x30 */
};

/* Writes back what changed. Cannot fail here and below: the vCPU exists, as it has just faulted. */
static inline void vcpu_regs_flush(struct vcpu *vcpu)
{
    const uint32_t count = vcpu->regs.dirty;
    if (!VCPU_REGS_IN_PLACE && count != 0) {
        (void)seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu->id, seL4_False, 0, count, vcpu->regs.context);
        vcpu->regs.dirty = 0;
    }
}

/* Makes the first `count` registers known. */
static inline void vcpu_regs_fetch(struct vcpu *vcpu, uint32_t count)
{
    if (!VCPU_REGS_IN_PLACE && vcpu->regs.valid < count) {
        vcpu_regs_flush(vcpu);
        (void)seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu->id, seL4_False, 0, count, vcpu->regs.context);
        vcpu->regs.valid = count;
    }
}

/* Says that the first `count` registers, all of them known, have been changed in `context`. */
static inline void vcpu_regs_changed(struct vcpu *vcpu, uint32_t count)
{
    if (!VCPU_REGS_IN_PLACE && vcpu->regs.dirty < count) {
        vcpu->regs.dirty = count;
    }
}

/* Where register n (0..30) lies in a context. */
static inline uint64_t *vcpu_regs_in(seL4_UserContext *context, uint32_t n)
{
    return (uint64_t *)context + vcpu_regs_index[n];
}

/* Value of register n of an instruction (0..31). */
static inline uint64_t vcpu_regs_get(struct vcpu *vcpu, uint32_t n)
{
    if (n == VCPU_REG_ZERO) {
        return 0;
    }
    vcpu_regs_fetch(vcpu, vcpu_regs_index[n] + 1u);
    return *vcpu_regs_in(vcpu->regs.context, n);
}

/* Sets register n of an instruction (0..31). */
static inline void vcpu_regs_set(struct vcpu *vcpu, uint32_t n, uint64_t value)
{
    if (n != VCPU_REG_ZERO) {
        vcpu_regs_fetch(vcpu, vcpu_regs_index[n] + 1u);
        *vcpu_regs_in(vcpu->regs.context, n) = value;
        vcpu_regs_changed(vcpu, vcpu_regs_index[n] + 1u);
    }
}

/* A page of translation is at least as large. */
#define VCPU_REGS_PAGE_BYTES 0x1000

/*
 * Whether PSTATE.BTYPE may matter to the instruction behind that at `pc`. Only instructions of a guarded page look at
 * it. A load or store with a branch type would fault there, so it lies in another page, which has to end first
 * [Arm ARM D8.4, PSTATE.BTYPE].
 */
static inline bool vcpu_regs_page_ends(uint64_t pc, uint32_t bytes)
{
    return ((pc + bytes) & (VCPU_REGS_PAGE_BYTES - 1)) < bytes;
}

/*
 * Moves the PC behind an instruction of `bytes`, which leaves no branch type. Where only the PC is known, what nothing
 * looks at is not worth a call of the kernel.
 */
static inline void vcpu_regs_advance(struct vcpu *vcpu, uint32_t bytes)
{
    const bool is_pc_enough =
        !VCPU_REGS_IN_PLACE && vcpu->regs.valid == VCPU_REGS_PC && !vcpu_regs_page_ends(vcpu->regs.context->pc, bytes);
    if (!is_pc_enough) {
        vcpu_regs_fetch(vcpu, VCPU_REGS_SPSR);
    }
    vcpu->regs.context->pc += bytes;
    vcpu_regs_changed(vcpu, VCPU_REGS_PC);
    if (!is_pc_enough && (vcpu->regs.context->spsr & PSR_BTYPE) != 0) {
        vcpu->regs.context->spsr &= ~PSR_BTYPE;
        vcpu_regs_changed(vcpu, VCPU_REGS_SPSR);
    }
}

/* Takes over what a handler of the VMM has made of a copy of all registers. Answers whether it has moved the PC. */
bool vcpu_regs_take(struct vcpu *vcpu, const seL4_UserContext *scratch);

/*
 * Lends all registers to a handler of the VMM, and takes them back: what it changed will be written back, and the PC is
 * moved behind the instruction unless the handler moved it itself.
 */
void vcpu_regs_lend(struct vcpu *vcpu, seL4_UserContext *before);
void vcpu_regs_take_back(struct vcpu *vcpu, const seL4_UserContext *before, uint32_t instruction_bytes);
