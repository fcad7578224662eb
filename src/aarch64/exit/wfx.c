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

void wfx_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr)
{
    vcpu_regs_advance(vcpu, esr_instruction_bytes(esr));
    if (field_get(WFX_TI, esr) != WFX_TI_WFI || vgic_is_deliverable(&vm->vgic, vcpu->id)) {
        return;
    }
    if (vtimer_lets_wait(vm, vcpu)) {
        vcpu_wait(vcpu, vcpu->regs.context->pc);
    }
}
