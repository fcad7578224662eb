/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Register cache of one exit. Calls of the kernel cannot fail here: the vCPU exists, as it has just faulted.
 */
#include "arch/aarch64/vcpu_regs.h"

_Static_assert(VCPU_REGS_WORDS == 36, "every register is a word, in the order of transfer");

/* Index in seL4_UserContext of x0 to x30. */
static const uint8_t index_of[VCPU_REG_ZERO] = {
    3,  4,  5,  6,  7,  8,  9,  10, 11,     /* x0 to x8 */
    17, 18, 19, 20, 21, 22, 23,             /* x9 to x15 */
    12, 13, 14,                             /* x16 to x18 */
    24, 25, 26, 27, 28, 29, 30, 31, 32, 33, /* x19 to x28 */
    15, 16,                                 /* x29, x30 */
};

static uint64_t *word_at(seL4_UserContext *context, uint32_t index)
{
    return (uint64_t *)context + index;
}

uint64_t *vcpu_regs_in(seL4_UserContext *context, uint32_t n)
{
    return word_at(context, index_of[n]);
}

void vcpu_regs_fetch(struct vcpu *vcpu, uint32_t count)
{
    if (vcpu->regs.valid >= count) {
        return;
    }
    vcpu_regs_flush(vcpu);
    (void)seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu->id, seL4_False, 0, count, &vcpu->regs.context);
    vcpu->regs.valid = count;
}

void vcpu_regs_flush(struct vcpu *vcpu)
{
    const uint32_t count = vcpu->regs.dirty;
    if (count == 0) {
        return;
    }
    (void)seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu->id, seL4_False, 0, count, &vcpu->regs.context);
    vcpu->regs.dirty = 0;
}

uint64_t vcpu_regs_get(struct vcpu *vcpu, uint32_t n)
{
    if (n == VCPU_REG_ZERO) {
        return 0;
    }
    const uint32_t index = index_of[n];
    vcpu_regs_fetch(vcpu, index + 1);
    return *word_at(&vcpu->regs.context, index);
}

void vcpu_regs_set(struct vcpu *vcpu, uint32_t n, uint64_t value)
{
    if (n == VCPU_REG_ZERO) {
        return;
    }
    const uint32_t index = index_of[n];
    vcpu_regs_fetch(vcpu, index + 1);
    *word_at(&vcpu->regs.context, index) = value;
    vcpu_regs_changed(vcpu, index + 1);
}

void vcpu_regs_advance(struct vcpu *vcpu, uint32_t bytes)
{
    vcpu_regs_fetch(vcpu, VCPU_REGS_PC);
    vcpu->regs.context.pc += bytes;
    vcpu_regs_changed(vcpu, VCPU_REGS_PC);
}

void vcpu_regs_lend(struct vcpu *vcpu, seL4_UserContext *before)
{
    vcpu_regs_fetch(vcpu, VCPU_REGS_ALL);
    *before = vcpu->regs.context;
}

void vcpu_regs_take_back(struct vcpu *vcpu, const seL4_UserContext *before, uint32_t instruction_bytes)
{
    if (vcpu->regs.context.pc == before->pc) {
        vcpu_regs_advance(vcpu, instruction_bytes);
    }
    const uint64_t *old = (const uint64_t *)before;
    uint32_t changed = VCPU_REGS_ALL;
    while (changed > 0 && *word_at(&vcpu->regs.context, changed - 1) == old[changed - 1]) {
        changed--;
    }
    vcpu_regs_changed(vcpu, changed);
}
