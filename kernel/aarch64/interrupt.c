/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Interrupts that the kernel takes; see interrupt.h.
 *
 * The virtual timer's and the vGIC's interrupt stay active, and thereby
 * silent, until the VMM has been told (maintenance) or has acknowledged
 * (virtual timer).
 */
#include "kernel/aarch64/interrupt.h"

#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/timer.h"
#include "kernel/aarch64/vtimer.h"
#include "kernel/core/fastpath.h"
#include "kernel/core/irq.h"
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"

static void take_vcpu_interrupt(struct core *core, uint32_t intid)
{
    struct thread *vcpu = core->resident_vcpu;

    gic_drop(intid);
    if (vcpu == NULL) {
        gic_deactivate(intid);
        return;
    }
    vcpu->events |= intid == VTIMER_INTID ? EVENT_VTIMER : EVENT_MAINTENANCE;
    if (vcpu->state == THREAD_FAULTED && !vcpu->is_out_of_budget && !fastpath_wake(core, vcpu)) {
        vcpu_send_event(vcpu);
    }
}

void interrupt_take(struct core *core)
{
    uint32_t value = gic_take();
    uint32_t intid = value & 0x3ff;

    if (intid >= GIC_INTID_SPURIOUS) {
        return;
    }
    if (intid == VTIMER_INTID || intid == GIC_MAINTENANCE_INTID) {
        take_vcpu_interrupt(core, intid);
    } else if (intid == TIMER_INTID) {
        sched_timer_expired(core);
        gic_drop(intid);
        gic_deactivate(intid);
    } else if (intid < GIC_SGI_COUNT) {
        /* GICv2 wants the sender's number back [GICv2 4.4.5]. */
        gic_drop(value);
        gic_deactivate(value);
        core->must_schedule = true;
    } else {
        gic_drop(intid);
        irq_deliver(intid);
    }
}

void interrupt_init_core(struct core *core)
{
    gic_init_core(core->id);
    gic_enable(GIC_RESCHEDULE_INTID, core->id, true);
    gic_enable(TIMER_INTID, core->id, false);
    gic_enable(VTIMER_INTID, core->id, false);
    gic_enable(GIC_MAINTENANCE_INTID, core->id, false);
    irq_init_core(core->id);
}
