/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The physical timer of a vCPU; see guest_ptimer.h.
 */
#include "kernel/aarch64/guest_ptimer.h"

#include "kernel/aarch64/sysreg_trap.h"
#include "kernel/aarch64/timer.h"
#include "kernel/core/sched.h"
#include "spec/arm/timer.h"

uint64_t guest_ptimer_control(const struct thread *vcpu)
{
    const uint64_t *registers = vcpu->context->registers;
    uint64_t control = registers[VCPU_CNTP_CTL] & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
    bool is_due = (control & CNT_CTL_ENABLE) != 0 && timer_now() >= registers[VCPU_CNTP_CVAL];
    return control | (is_due ? CNT_CTL_ISTATUS : 0);
}

/* The registers, or what the VMM knows of them, have changed: the VMM is to be told when the timer is due. */
static void set_timeout(struct thread *vcpu)
{
    const struct context *context = vcpu->context;
    uint64_t control = context->registers[VCPU_CNTP_CTL] & (CNT_CTL_ENABLE | CNT_CTL_IMASK);

    vcpu->events &= (uint8_t)~EVENT_PTIMER;
    sched_set_timeout(vcpu, control == CNT_CTL_ENABLE && !context->ptimer_is_masked ? context->registers[VCPU_CNTP_CVAL]
                                                                                    : UINT64_MAX);
}

static bool read_register(const struct thread *vcpu, uint32_t reg, uint64_t *value)
{
    switch (reg) {
    case CNTP_TVAL_EL0:
        *value = (uint32_t)(vcpu->context->registers[VCPU_CNTP_CVAL] - timer_now());
        return true;
    case CNTP_CTL_EL0:
        *value = guest_ptimer_control(vcpu);
        return true;
    case CNTP_CVAL_EL0:
        *value = vcpu->context->registers[VCPU_CNTP_CVAL];
        return true;
    default:
        return false;
    }
}

static bool write_register(const struct thread *vcpu, uint32_t reg, uint64_t value)
{
    uint64_t *registers = vcpu->context->registers;

    switch (reg) {
    case CNTP_TVAL_EL0: /* signed */
        registers[VCPU_CNTP_CVAL] = timer_now() + (uint64_t)(int64_t)(int32_t)value;
        return true;
    case CNTP_CTL_EL0:
        registers[VCPU_CNTP_CTL] = value;
        return true;
    case CNTP_CVAL_EL0:
        registers[VCPU_CNTP_CVAL] = value;
        return true;
    default:
        return false;
    }
}

NOINLINE bool guest_ptimer_emulate(struct thread *vcpu, uint64_t esr)
{
    uint64_t iss = esr_iss(esr);
    uint64_t zero = 0;
    uint64_t *general = frame_register(vcpu->frame, ISS_RT(iss), &zero);

    if (ISS_IS_READ(iss) ? !read_register(vcpu, ISS_REGISTER(iss), general)
                         : !write_register(vcpu, ISS_REGISTER(iss), *general)) {
        return false;
    }
    if (!ISS_IS_READ(iss)) {
        set_timeout(vcpu);
    }
    skip_instruction(vcpu);
    return true;
}

void guest_ptimer_written(struct thread *vcpu, uint64_t reg)
{
    if (reg == VCPU_CNTP_CTL || reg == VCPU_CNTP_CVAL) {
        set_timeout(vcpu);
    }
}

void guest_ptimer_set_masked(struct thread *vcpu)
{
    vcpu->context->ptimer_is_masked = true;
}

void guest_ptimer_ack(struct thread *vcpu)
{
    vcpu->context->ptimer_is_masked = false;
    set_timeout(vcpu);
}
