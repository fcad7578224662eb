/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Exceptions from PDs and guests: decided here is who handles one, the kernel
 * itself or the thread's fault handler.
 */
#include "kernel/arch/aarch64/trap.h"

#include "kernel/arch/aarch64/context.h"
#include "kernel/arch/aarch64/cpu.h"
#include "kernel/arch/aarch64/esr.h"
#include "kernel/arch/aarch64/guest_sysreg.h"
#include "kernel/arch/aarch64/interrupt.h"
#include "kernel/core/ipc.h"
#include "kernel/core/lock.h"
#include "kernel/core/print.h"
#include "kernel/core/report.h"
#include "kernel/core/sched.h"
#include "kernel/core/shortcut.h"
#include "kernel/core/syscall.h"
#include "kernel/core/vcpu.h"

#define PAGE_OFFSET BITS(11, 0)
#define PAR_FAILED  BIT(0)
#define PAR_ADDRESS BITS(47, 12)

/*
 * Translates the faulting address through the guest's own tables; false: they
 * have changed meanwhile. HPFAR_EL2 does not tell for permission faults
 * [Arm ARM D17.2.62].
 */
static bool translate_far(uint64_t far, uint64_t *ipa)
{
    uint64_t saved = SYSREG_READ(par_el1);
    __asm__ volatile("at s1e1r, %0\n isb" : : "r"(far) : "memory");
    uint64_t par = SYSREG_READ(par_el1);
    SYSREG_WRITE(par_el1, saved);
    *ipa = (par & PAR_ADDRESS) | (far & PAGE_OFFSET);
    return (par & PAR_FAILED) == 0;
}

static bool fault_address(uint64_t esr, uint64_t *ipa)
{
    uint64_t far = SYSREG_READ(far_el2);
    if (esr_is_permission_fault(esr) && !esr_is_stage1_walk(esr)) {
        return translate_far(far, ipa);
    }
    *ipa = BITS_GET(39, 4, SYSREG_READ(hpfar_el2)) << 12 | (far & PAGE_OFFSET);
    return true;
}

static void send_vm_fault(struct core *core, struct thread *thread, uint64_t address, uint64_t esr)
{
    uint64_t *words = shortcut_words(core, thread);

    words[0] = thread->frame->pc;
    words[1] = address;
    words[2] = esr_class(esr) == ESR_FETCH_ABORT;
    words[3] = esr;
    shortcut_send(core, thread, words, FAULT_VM, 4);
}

static void guest_abort(struct core *core, struct thread *vcpu, uint64_t esr)
{
    uint64_t address;
    if (fault_address(esr, &address)) {
        send_vm_fault(core, vcpu, address, esr);
    }
}

static void guest_hvc(struct core *core, struct thread *vcpu)
{
    const struct frame frame = *vcpu->frame;
    uint64_t *words = shortcut_words(core, vcpu);
    uint64_t pc = frame.pc - 4; /* the architecture has advanced it */

    vcpu->frame->pc = pc;
    words[0] = frame.x0;
    words[1] = frame.x1;
    words[2] = frame.x2;
    words[3] = frame.x3;
    words[4] = frame.x4;
    words[5] = frame.x5;
    words[6] = frame.x6;
    words[7] = frame.x7;
    words[8] = pc;
    words[9] = frame.sp;
    words[10] = frame.x30;
    words[11] = frame.spsr;
    words[12] = frame.x7;
    shortcut_send(core, vcpu, words, FAULT_UNKNOWN_SYSCALL, 13);
}

static void guest_other(struct core *core, struct thread *vcpu, uint64_t esr)
{
    uint64_t *words = shortcut_words(core, vcpu);

    words[0] = esr;
    shortcut_send(core, vcpu, words, FAULT_VCPU, 1);
}

static void guest_trap(struct core *core, struct thread *vcpu, uint64_t esr)
{
    switch (esr_class(esr)) {
    case ESR_DATA_ABORT:
    case ESR_FETCH_ABORT:
        guest_abort(core, vcpu, esr);
        break;
    case ESR_HVC64:
        guest_hvc(core, vcpu);
        break;
    case ESR_FP:
        context_give_fp(core, vcpu);
        break;
    case ESR_SYSREG:
        if (!guest_sysreg_emulate(vcpu, esr)) {
            guest_other(core, vcpu, esr);
        }
        break;
    default:
        guest_other(core, vcpu, esr);
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
        send_vm_fault(core, pd, SYSREG_READ(far_el2), esr);
        break;
    case ESR_FP:
        if ((pd->desc->flags & IMAGE_THREAD_FPU) != 0) {
            context_give_fp(core, pd);
        } else {
            pd_exception(pd, esr);
        }
        break;
    default:
        pd_exception(pd, esr);
        break;
    }
}

/* Out of the kernel: at once where the core has been handed over, otherwise with whatever is to run. */
static struct frame *leave(struct core *core)
{
    if (!core->is_handed_over) {
        return sched_leave_kernel(core);
    }
    core->is_handed_over = false;
    lock_leave();
    return core->current->frame;
}

struct frame *trap_sync(struct core *core)
{
    uint64_t esr = SYSREG_READ(esr_el2);

    if (lock_enter(core, esr)) {
        struct thread *thread = core->current;
        if (thread->is_vcpu) {
            guest_trap(core, thread, esr);
        } else {
            pd_trap(core, thread, esr);
        }
    }
    return leave(core);
}

/* What the hardware of the current vCPU has just said goes to its VMM on the short way, if that is open. */
static void send_event(struct core *core)
{
    struct thread *vcpu = core->current;

    if (vcpu == NULL || (vcpu->events & (EVENT_MAINTENANCE | EVENT_VTIMER)) == 0 ||
        (vcpu->events & EVENT_UNRECEIVED) != 0) {
        return;
    }
    uint64_t *words = shortcut_words(core, vcpu);
    if (words != vcpu->message) {
        enum fault_label label = vcpu_take_event(vcpu, words);
        shortcut_send(core, vcpu, words, label, 1);
    }
}

struct frame *trap_irq(struct core *core)
{
    (void)lock_enter(core, 0);
    interrupt_take(core);
    send_event(core);
    return leave(core);
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
    return sched_leave_kernel(core);
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
