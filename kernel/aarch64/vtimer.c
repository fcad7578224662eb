/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The virtual timer of a vCPU; see vtimer.h.
 */
#include "kernel/aarch64/vtimer.h"

#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/timer.h"

#define CNTV_CTL_ENABLE BIT(0)
#define CNTV_CTL_IMASK  BIT(1)

void vtimer_set_masked(struct thread *vcpu)
{
    vcpu->context->vtimer_is_masked = true;
}

void vtimer_ack(struct thread *vcpu)
{
    if (vcpu->context->vtimer_is_masked) {
        vcpu->context->vtimer_is_masked = false;
        if (core_holds(vcpu)) {
            gic_deactivate(VTIMER_INTID);
        }
    }
}

bool vtimer_is_armed(const struct thread *vcpu)
{
    const struct context *context = vcpu->context;
    uint64_t control = context->registers[VCPU_CNTV_CTL] & (CNTV_CTL_ENABLE | CNTV_CTL_IMASK);
    return control == CNTV_CTL_ENABLE && !context->vtimer_is_masked;
}

/* The virtual counter may be behind zero: that its offset was added to its compare value would not do. */
uint64_t vtimer_deadline(const struct thread *vcpu)
{
    const uint64_t *registers = vcpu->context->registers;
    uint64_t now = timer_now();
    uint64_t virtual_now = now - registers[VCPU_CNTVOFF];
    uint64_t left = registers[VCPU_CNTV_CVAL] - virtual_now;

    if (virtual_now >= registers[VCPU_CNTV_CVAL]) {
        return 0;
    }
    return left < UINT64_MAX - now ? now + left : UINT64_MAX;
}
