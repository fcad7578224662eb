/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * vCPUs; see vcpu.h.
 *
 * The virtual timer of the vCPU that is resident on a core interrupts the kernel
 * itself; for one whose registers are in memory, the core's list of sleepers
 * does. Its physical timer is the kernel's own work: the core's list of timeouts. Either way the VMM is told once, and
 * again only after it has acknowledged.
 */
#include "kernel/core/vcpu.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/guest_ptimer.h"
#include "kernel/aarch64/vgic.h"
#include "kernel/aarch64/vtimer.h"
#include "kernel/core/ipc.h"
#include "kernel/core/lock.h"
#include "kernel/core/sched.h"

#define VIRQ_MAX          1023
#define VIRQ_PRIORITY_MAX 31
#define VIRQ_GROUP_MAX    1

enum fault_label vcpu_take_event(struct thread *vcpu, uint64_t *word)
{
    if ((vcpu->events & EVENT_MAINTENANCE) != 0) {
        vcpu->events &= (uint8_t)~EVENT_MAINTENANCE;
        *word = (uint64_t)vgic_take_ended(vcpu);
        return FAULT_VGIC_MAINTENANCE;
    }
    if ((vcpu->events & EVENT_VTIMER) != 0) {
        vcpu->events &= (uint8_t)~EVENT_VTIMER;
        vtimer_set_masked(vcpu);
        *word = VTIMER_INTID;
        return FAULT_VPPI_EVENT;
    }
    if ((vcpu->events & EVENT_SERROR) != 0) {
        vcpu->events &= (uint8_t)~EVENT_SERROR;
        *word = vcpu->context->serror;
        return FAULT_VCPU;
    }
    vcpu->events &= (uint8_t)~EVENT_PTIMER;
    guest_ptimer_set_masked(vcpu);
    *word = GUEST_PTIMER_INTID;
    return FAULT_VPPI_EVENT;
}

void vcpu_send_event(struct thread *vcpu)
{
    if ((vcpu->events & EVENT_UNRECEIVED) != 0) {
        vcpu->events &= (uint8_t)~EVENT_UNRECEIVED;
        ipc_send_again(vcpu);
    } else {
        ipc_send_fault(vcpu, vcpu_take_event(vcpu, vcpu->message), 1);
    }
}

void vcpu_carry_out(struct thread *vcpu, uint64_t requests)
{
    thread_page(vcpu)->requests = 0;
    vgic_fill_requested(vcpu, requests);
    if ((requests & VCPU_PAGE_ACK_VTIMER) != 0) {
        vtimer_ack(vcpu);
    }
}

/* Only a VMM on the same core has made requests; what another one has put there waits for the vCPU's own core. */
static void serve_requests_here(struct thread *vcpu)
{
    if (vcpu->core == cpu_core()->id) {
        vcpu_serve_requests(vcpu);
    }
}

void vcpu_faulted(struct thread *vcpu)
{
    serve_requests_here(vcpu);
    /* What the hardware of another core has to say is in its list registers and timer: those then are in memory. */
    if (vcpu->events != 0) {
        lock_stall(cpu_core(), vcpu);
    }
    if (!core_holds(vcpu) && vgic_has_ended(vcpu)) {
        vcpu->events |= EVENT_MAINTENANCE;
    }
    if (vcpu->events != 0) {
        vcpu_send_event(vcpu);
    } else if (!vcpu->is_asleep && !core_holds(vcpu) && vtimer_is_armed(vcpu)) {
        sched_sleep(vcpu, vtimer_deadline(vcpu));
    }
}

void vcpu_evicted(struct thread *vcpu)
{
    if (vcpu->state != THREAD_FAULTED || vcpu->is_asleep) {
        return;
    }
    if (vgic_has_ended(vcpu)) {
        sched_sleep(vcpu, 0);
    } else if (vtimer_is_armed(vcpu)) {
        sched_sleep(vcpu, vtimer_deadline(vcpu));
    }
}

void vcpu_woken(struct thread *vcpu, uint64_t now)
{
    if (vcpu->state != THREAD_FAULTED || core_holds(vcpu)) {
        return;
    }
    if (vgic_has_ended(vcpu)) {
        vcpu->events |= EVENT_MAINTENANCE;
    } else if (vtimer_is_armed(vcpu) && vtimer_deadline(vcpu) <= now) {
        vcpu->events |= EVENT_VTIMER;
    } else {
        vcpu_evicted(vcpu);
        return;
    }
    vcpu_send_event(vcpu);
}

void vcpu_timed_out(struct thread *vcpu)
{
    vcpu->events |= EVENT_PTIMER;
    if (vcpu->state == THREAD_FAULTED && !vcpu->is_out_of_budget) {
        vcpu_send_event(vcpu);
    }
}

enum error vcpu_inject(struct thread *vcpu, uint64_t irq, uint64_t priority, uint64_t group, uint64_t index)
{
    if (irq > VIRQ_MAX || priority > VIRQ_PRIORITY_MAX || group > VIRQ_GROUP_MAX) {
        return ERROR_RANGE;
    }
    if (index >= vgic_list_register_count()) {
        return ERROR_RANGE;
    }
    serve_requests_here(vcpu);
    uint64_t request = irq | priority << VCPU_PAGE_LR_PRIORITY_SHIFT | group << VCPU_PAGE_LR_GROUP_SHIFT;
    return vgic_inject(vcpu, (unsigned)index, (uint32_t)request) ? ERROR_NONE : ERROR_DELETE_FIRST;
}

enum error vcpu_ack_vppi(struct thread *vcpu, uint64_t irq)
{
    if (irq == GUEST_PTIMER_INTID) {
        guest_ptimer_ack(vcpu);
    } else if (irq == VTIMER_INTID) {
        vtimer_ack(vcpu);
    } else {
        return ERROR_INVALID_ARGUMENT;
    }
    if (vcpu->state == THREAD_FAULTED) {
        vcpu_faulted(vcpu);
    }
    return ERROR_NONE;
}
