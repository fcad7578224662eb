/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Registers lent to a handler of the VMM.
 */
#include "aarch64/vcpu/vcpu_regs.h"

_Static_assert(VCPU_REGS_WORDS == 36, "every register is a word, in the order of transfer");

void vcpu_regs_lend(struct vcpu *vcpu, seL4_UserContext *before)
{
    vcpu_regs_fetch(vcpu, VCPU_REGS_ALL);
    *before = *vcpu->regs.context;
}

/* How long a prefix of the registers differs from what they were. */
static uint32_t changed_prefix(const seL4_UserContext *now, const seL4_UserContext *before)
{
    const uint64_t *const new = (const uint64_t *)now;
    const uint64_t *const old = (const uint64_t *)before;
    uint32_t changed = VCPU_REGS_ALL;
    while (changed > 0 && new[changed - 1] == old[changed - 1]) {
        changed--;
    }
    return changed;
}

bool vcpu_regs_take(struct vcpu *vcpu, const seL4_UserContext *scratch)
{
    const bool is_moved = scratch->pc != vcpu->regs.context->pc;
    const uint32_t changed = changed_prefix(scratch, vcpu->regs.context);
    *vcpu->regs.context = *scratch;
    vcpu_regs_changed(vcpu, changed);
    return is_moved;
}

void vcpu_regs_take_back(struct vcpu *vcpu, const seL4_UserContext *before, uint32_t instruction_bytes)
{
    if (vcpu->regs.context->pc == before->pc) {
        vcpu_regs_advance(vcpu, instruction_bytes);
    }
    vcpu_regs_changed(vcpu, changed_prefix(vcpu->regs.context, before));
}
