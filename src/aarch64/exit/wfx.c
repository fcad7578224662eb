/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * WFI blocks the vCPU until an interrupt is deliverable: what is already there lets it go on at once.
 */
#include "aarch64/exit/wfx.h"

#include "aarch64/exit/syndrome.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "aarch64/vcpu/vtimer.h"
#include "vm/vm.h"

bool wfx_may_wait(struct vm *vm, struct vcpu *vcpu)
{
    vtimer_sample(vm, vcpu->id);
    return !vgic_is_deliverable(&vm->vgic, vcpu->id) && vtimer_lets_wait(vm, vcpu);
}

void wfx_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr)
{
    vcpu_regs_advance(vcpu, esr_instruction_bytes(esr));
    if (field_get(WFX_TI, esr) == WFX_TI_WFI && wfx_may_wait(vm, vcpu)) {
        vcpu_wait(vcpu, vcpu->regs.context->pc);
    }
}
