/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Virtual timer: events, acknowledgement, waiting.
 */
#include "aarch64/vcpu/vtimer.h"

#include "spec/arm/timer.h"
#include "vm/vm.h"

/* Whether the kernel itself wakes a blocked vCPU for its timer. */
#ifdef MICROKIT_VCPU_VTIMER_WAKES
#define KERNEL_WAKES (MICROKIT_VCPU_VTIMER_WAKES != 0)
#else
#define KERNEL_WAKES false
#endif

void vtimer_ack(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    if (vcpu->vtimer == VCPU_VTIMER_MASKED) {
        vcpu->vtimer = VCPU_VTIMER_ARMED;
        microkit_vcpu_arm_ack_vppi(vcpu->id, VTIMER_IRQ);
    }
}

static bool is_on(const struct vcpu *vcpu)
{
    const uint64_t control = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_CNTV_CTL);
    return (control & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;
}

void vtimer_event(struct vm *vm, struct vcpu *vcpu, uint64_t irq)
{
    if (irq != VTIMER_IRQ) {
        guest_error(vm, vcpu->id, GUEST_ERROR_FAULT, seL4_Fault_VPPIEvent, irq);
        return;
    }
    /* It may have been on its way when the vCPU was started: one of its former life, whose timer was on. */
    const bool is_outdated = vcpu->vtimer == VCPU_VTIMER_NEW && !is_on(vcpu);
    if (is_outdated) {
        microkit_vcpu_arm_ack_vppi(vcpu->id, VTIMER_IRQ);
        return;
    }
    vcpu->vtimer = VCPU_VTIMER_MASKED;
    if (vgic_inject_sampled(&vm->vgic, vcpu->id, VTIMER_IRQ) != RESULT_OK) {
        guest_error(vm, vcpu->id, GUEST_ERROR_FAULT, seL4_Fault_VPPIEvent, irq);
    }
}

void vtimer_stop(struct vm *vm, size_t vcpu_id)
{
    if (vm_vcpu(vm, vcpu_id)->vtimer == VCPU_VTIMER_MASKED) {
        vgic_fall(&vm->vgic, vcpu_id, VTIMER_IRQ);
        vtimer_ack(vm, vcpu_id);
    }
}

void vtimer_sample(struct vm *vm, size_t vcpu_id)
{
    const struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    if (vcpu->vtimer != VCPU_VTIMER_MASKED) {
        return;
    }
    const uint64_t control = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_CNTV_CTL);
    if ((control & (CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS)) != (CNT_CTL_ENABLE | CNT_CTL_ISTATUS)) {
        vtimer_stop(vm, vcpu_id);
    }
}

static void ack_irq(size_t vcpu_id, int irq, void *cookie)
{
    (void)irq;
    vtimer_ack(cookie, vcpu_id);
}

void vtimer_register(struct vm *vm)
{
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        /* It may be there already. */
        (void)!virq_add(vm, i, VTIMER_IRQ, ack_irq, vm);
    }
}

/* While masked, or with the timer off, nothing can come from it. */
static bool timer_can_fire(const struct vcpu *vcpu)
{
    return vcpu->vtimer != VCPU_VTIMER_MASKED && is_on(vcpu);
}

bool vtimer_lets_wait(struct vm *vm, struct vcpu *vcpu)
{
    if (KERNEL_WAKES || !timer_can_fire(vcpu)) {
        return true;
    }
    if (vm->hooks.timer_arm == NULL) {
        return false;
    }
    const uint64_t compare = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_CNTV_CVAL);
    const uint64_t offset = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_CNTVOFF);
    return vm->hooks.timer_arm(vcpu->id, compare + offset, vm->hooks.timer_cookie);
}
