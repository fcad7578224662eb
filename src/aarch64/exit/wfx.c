/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * WFI blocks the vCPU until an interrupt is deliverable: what is already there lets it go on at once.
 */
#include "aarch64/exit/wfx.h"

#include <libvmm/util/util.h>

#include "aarch64/exit/syndrome.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "aarch64/vcpu/vcpu_timer.h"
#include "vm/vm.h"

#define SCTLR_M BIT(0)

bool wfx_may_wait(struct vm *vm, struct vcpu *vcpu)
{
    vcpu_timer_sample(vm, vcpu->id);
    return !vgic_is_deliverable(&vm->vgic, vcpu->id) && vcpu_timer_lets_wait(vm, vcpu);
}

/*
 * A kernel for a granule that the core does not have stops before it switches its MMU on, and waits for ever [LinuxBoot
 * 4]; it cannot say so itself.
 */
static COLD void check_page_size(struct vm *vm, const struct vcpu *vcpu)
{
    if ((microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_SCTLR) & SCTLR_M) == 0) {
        LOG_VMM_ERR("guest, vCPU %u: waits with its MMU off: its kernel has pages of %u KiB, which the core may lack\n",
                    vcpu->id, vm->untested_page_kib);
    }
    vm->untested_page_kib = 0;
}

void wfx_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr)
{
    if (vm->untested_page_kib != 0) {
        check_page_size(vm, vcpu);
    }
    vcpu_regs_advance(vcpu, esr_instruction_bytes(esr));
    if (field_get(WFX_TI, esr) == WFX_TI_WFI && wfx_may_wait(vm, vcpu)) {
        vcpu_wait(vcpu, vcpu->regs.context->pc);
    }
}
