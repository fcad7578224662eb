/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * vCPU life cycle.
 */
#include "vm/vcpu.h"

#include "aarch64/vcpu/vcpu_regs.h"
#include "aarch64/vcpu/vcpu_state.h"
#include "aarch64/vcpu/vtimer.h"
#include "vm/vm.h"

enum result vcpu_start(struct vm *vm, size_t vcpu_id, const struct vcpu_entry *entry)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    vcpu_regs_detach(vcpu);
    enum result result = vcpu_state_reset(vcpu_id, vm_affinity(vm, vcpu_id));
    if (result != RESULT_OK) {
        return result;
    }
    vtimer_ack(vm, vcpu_id);
    vcpu->waiting = false;
    vcpu->paused = false;
    vcpu->replaced = vcpu->in_exit;
    vcpu->power = VCPU_ON;
    vcpu->has_run = true;
    vcpu->vtimer_is_new = true;
    vgic_set_vcpu_on(&vm->vgic, vcpu_id, true);
    result = vcpu_state_enter(vcpu_id, entry);
    if (result != RESULT_OK) {
        vcpu->power = VCPU_OFF;
        vgic_set_vcpu_on(&vm->vgic, vcpu_id, false);
    }
    return result;
}

void vcpu_stop(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    vcpu->paused = false;
    if (vcpu->power == VCPU_OFF) {
        return;
    }
    vcpu_regs_detach(vcpu);
    microkit_vcpu_stop(vcpu->id);
    vcpu->power = VCPU_OFF;
    vcpu->waiting = false;
    vcpu->replaced = vcpu->in_exit;
    vgic_set_vcpu_on(&vm->vgic, vcpu_id, false);
}

void vcpu_pause(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    const bool paused = vcpu->paused || vcpu->power == VCPU_ON;
    vcpu_stop(vm, vcpu_id);
    vcpu->paused = paused;
}

void vcpu_resume(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    vcpu->paused = false;
    vcpu->power = VCPU_ON;
    vgic_set_vcpu_on(&vm->vgic, vcpu_id, true);
    /* Cannot fail: the vCPU has run before. */
    (void)seL4_TCB_Resume(BASE_VM_TCB_CAP + vcpu_id);
}

void vcpu_wait(struct vcpu *vcpu, uint64_t resume_pc)
{
    vcpu->waiting = true;
    vcpu->resume_pc = resume_pc;
}

void vcpu_kick(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    if (!vcpu->waiting) {
        return;
    }
    vcpu->waiting = false;
    if (!vcpu->in_exit) {
        microkit_vcpu_restart(vcpu->id, vcpu->resume_pc);
    }
}
