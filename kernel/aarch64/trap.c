/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Exceptions from PDs and guests: decided here is who handles one, the kernel
 * itself or the thread's fault handler.
 */
#include "kernel/aarch64/trap.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/esr.h"
#include "kernel/aarch64/guest_debug.h"
#include "kernel/aarch64/guest_ptimer.h"
#include "kernel/aarch64/guest_sysreg.h"
#include "kernel/aarch64/interrupt.h"
#include "kernel/aarch64/ptimer.h"
#include "kernel/core/dispatch.h"
#include "kernel/core/fastpath.h"
#include "kernel/core/ipc.h"
#include "kernel/core/lock.h"
#include "kernel/core/print.h"
#include "kernel/core/report.h"
#include "kernel/core/syscall.h"
#include "kernel/core/vcpu.h"

#define PAR_FAILED  BIT(0)
#define PAR_ADDRESS BITS(47, 12)

/* vectors.S */
uint64_t translate_for_guest(uint64_t address);

/* Translates the faulting address by the guest's tables; false: they changed meanwhile, or cannot be read. */
static COLD bool translate_far(uint64_t *ipa)
{
    uint64_t far = SYSREG_READ(far_el2);
    uint64_t saved = SYSREG_READ(par_el1);
    uint64_t par = translate_for_guest(far);
    SYSREG_WRITE(par_el1, saved);
    *ipa = (par & PAR_ADDRESS) | (far & BITS(11, 0));
    return (par & PAR_FAILED) == 0;
}

static void send_vm_fault(struct thread *thread, uint64_t address, uint64_t esr)
{
    thread->message[0] = thread->frame->pc;
    thread->message[1] = address;
    thread->message[2] = esr_class(esr) == ESR_FETCH_ABORT;
    thread->message[3] = esr;
    ipc_send_fault(thread, FAULT_VM, 4);
}

static void guest_abort(struct thread *vcpu, uint64_t esr)
{
    uint64_t address;
    if (esr_has_fault_ipa(esr)) {
        send_vm_fault(vcpu, cpu_fault_ipa(), esr);
    } else if (translate_far(&address)) {
        send_vm_fault(vcpu, address, esr);
    }
}

static void guest_hvc(struct thread *vcpu)
{
    vcpu_call_words(vcpu->frame, vcpu->message);
    ipc_send_fault(vcpu, FAULT_UNKNOWN_SYSCALL, VCPU_CALL_WORD_COUNT);
}

static void guest_other(struct thread *vcpu, uint64_t esr)
{
    vcpu->message[0] = esr;
    ipc_send_fault(vcpu, FAULT_VCPU, 1);
}

static void guest_trap(struct core *core, struct thread *vcpu, uint64_t esr)
{
    switch (esr_class(esr)) {
    case ESR_DATA_ABORT:
    case ESR_FETCH_ABORT:
        guest_abort(vcpu, esr);
        break;
    case ESR_HVC64:
        guest_hvc(vcpu);
        break;
    case ESR_FP:
        context_switch_fp(core, vcpu);
        break;
    case ESR_SYSREG:
        if (!guest_sysreg_emulate(vcpu, esr) && !guest_ptimer_emulate(vcpu, esr) && !guest_debug_emulate(vcpu, esr)) {
            guest_other(vcpu, esr);
        }
        break;
    default:
        guest_other(vcpu, esr);
        break;
    }
}

static void pd_exception(struct thread *pd, uint64_t esr)
{
    pd->message[0] = pd->frame->pc;
    pd->message[1] = pd->frame->sp;
    pd->message[2] = pd->frame->spsr;
    pd->message[3] = esr_class(esr);
    pd->message[4] = esr;
    ipc_send_fault(pd, FAULT_USER_EXCEPTION, 5);
}

static void pd_trap(struct core *core, struct thread *pd, uint64_t esr)
{
    switch (esr_class(esr)) {
    case ESR_SVC64:
        syscall_handle(core, pd, BITS_GET(15, 0, esr));
        break;
    case ESR_DATA_ABORT:
    case ESR_FETCH_ABORT:
        send_vm_fault(pd, SYSREG_READ(far_el2), esr);
        break;
    case ESR_FP:
        if ((pd->desc->flags & IMAGE_THREAD_FPU) != 0) {
            context_switch_fp(core, pd);
        } else {
            pd_exception(pd, esr);
        }
        break;
    case ESR_SYSREG:
        if (!ptimer_emulate(pd, esr)) {
            pd_exception(pd, esr);
        }
        break;
    default:
        pd_exception(pd, esr);
        break;
    }
}

/* The general way. */
static NOINLINE struct frame *take_sync(struct core *core, uint64_t esr, bool is_locked)
{
    if (is_locked && fastpath_wait(core, esr)) {
        return dispatch_next(core);
    }
    if (is_locked || lock_take(core, esr)) {
        struct thread *thread = core->current;
        if (thread->is_vcpu) {
            guest_trap(core, thread, esr);
        } else {
            pd_trap(core, thread, esr);
        }
    }
    return dispatch_next(core);
}

struct frame *trap_sync(struct core *core)
{
    uint64_t esr = SYSREG_READ(esr_el2);
    bool is_locked = lock_try(core);
    struct frame *next = is_locked ? fastpath_take(core, esr) : NULL;

    return next != NULL ? next : take_sync(core, esr, is_locked);
}

struct frame *trap_irq(struct core *core)
{
    (void)lock_enter(core, 0);
    interrupt_take(core);
    struct thread *thread = core->current;
    struct frame *next = thread != NULL && thread->events != 0 ? fastpath_take_event(core, thread) : NULL;
    return next != NULL ? next : dispatch_next(core);
}

struct frame *trap_serror(struct core *core)
{
    uint64_t esr = SYSREG_READ(esr_el2);
    struct thread *thread = core->current;

    (void)lock_enter(core, 0);
    if (core->current == thread && thread->is_vcpu) {
        thread->message[0] = esr;
        ipc_send_fault(thread, FAULT_VCPU, 1);
    } else if (core->current == thread) {
        pd_exception(thread, esr);
    }
    return dispatch_next(core);
}

_Noreturn void trap_in_kernel(uint64_t vector, uint64_t pc, uint64_t far)
{
    print_text("\nKERNEL|ERROR: vector ");
    print_decimal(vector);
    print_text(", pc ");
    print_hex(pc);
    print_text(", far ");
    print_hex(far);
    report_panic("exception in the kernel, esr", SYSREG_READ(esr_el2));
}
