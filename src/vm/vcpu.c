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
#include "aarch64/vcpu/vcpu_timer.h"
#include "vm/vm.h"

/* What is still to be done for an exit must not reach the vCPU. */
static void replace_exit(struct vcpu *vcpu)
{
    vcpu->exit = vcpu->exit == VCPU_NO_EXIT ? VCPU_NO_EXIT : VCPU_REPLACED;
}

/* A vCPU that is being reset is not the guest's yet: it must run. */
static bool is_held_by_debugger(const struct vm *vm)
{
    return vm->debugger != NULL && vm->debugger->holds && !vm->reset_stub.under_way;
}

enum result vcpu_start(struct vm *vm, size_t vcpu_id, const struct vcpu_entry *entry)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    vcpu_regs_detach(vcpu);
    enum result result = vcpu_state_reset(vcpu_id, vm_affinity(vm, vcpu_id));
    if (result != RESULT_OK) {
        return result;
    }
    vcpu_timer_reset(vm, vcpu_id);
    const bool is_held = is_held_by_debugger(vm);
    vcpu->state = is_held ? VCPU_PAUSED : VCPU_RUNNING;
    replace_exit(vcpu);
    vcpu->has_run = true;
    vgic_set_vcpu_on(&vm->vgic, vcpu_id, !is_held);
    result = vcpu_state_enter(vcpu_id, entry, !is_held);
    if (result != RESULT_OK) {
        vcpu->state = VCPU_OFF;
        vgic_set_vcpu_on(&vm->vgic, vcpu_id, false);
    } else if (is_held) {
        vm->debugger->ops->held(vm->debugger, vcpu);
    }
    return result;
}

/* Suspends a vCPU that is on. */
static void suspend(struct vm *vm, struct vcpu *vcpu, enum vcpu_state state)
{
    vcpu_regs_detach(vcpu);
    microkit_vcpu_stop(vcpu->id);
    vcpu->state = state;
    replace_exit(vcpu);
    vgic_set_vcpu_on(&vm->vgic, vcpu->id, false);
}

void vcpu_stop(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    if (vcpu_is_on(vcpu)) {
        suspend(vm, vcpu, VCPU_OFF);
    }
    vcpu->state = VCPU_OFF;
}

void vcpu_pause(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    if (vcpu_is_on(vcpu)) {
        suspend(vm, vcpu, VCPU_PAUSED);
    }
}

void vcpu_resume(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    vcpu->state = VCPU_RUNNING;
    vgic_set_vcpu_on(&vm->vgic, vcpu_id, true);
    /* Cannot fail: the vCPU has run before. */
    (void)seL4_TCB_Resume(BASE_VM_TCB_CAP + vcpu_id);
}

void vcpu_wait(struct vcpu *vcpu, uint64_t resume_pc)
{
    vcpu->state = VCPU_WAITING;
    vcpu->resume_pc = resume_pc;
}

void vcpu_kick(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    if (vcpu->state != VCPU_WAITING) {
        return;
    }
    vcpu->state = VCPU_RUNNING;
    if (vcpu->exit == VCPU_NO_EXIT) {
        microkit_vcpu_restart(vcpu->id, vcpu->resume_pc);
    }
}
