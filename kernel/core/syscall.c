/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * System calls; see kernel/abi/syscall.h. Whatever a PD passes is checked
 * here: a channel against the system description, a capability against the
 * PD's own children.
 */
#include "kernel/core/syscall.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/guest_debug.h"
#include "kernel/aarch64/guest_ptimer.h"
#include "kernel/core/control.h"
#include "kernel/core/firmware.h"
#include "kernel/core/ipc.h"
#include "kernel/core/irq.h"
#include "kernel/core/lock.h"
#include "kernel/core/print.h"
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"

/* Capability numbers, as the Microkit lays them out. */
#define CAP_PD_TCB   202
#define CAP_VCPU_TCB 266
#define CAP_VCPU     330

typedef void (*syscall_fn_t)(struct core *core, struct thread *pd, struct frame *frame);

static const struct image_channel *find_channel(const struct thread *pd, uint64_t channel, unsigned flag)
{
    if (channel >= IMAGE_CHANNEL_COUNT || (pd->desc->channels[channel].flags & flag) == 0) {
        return NULL;
    }
    return &pd->desc->channels[channel];
}

/* The thread that a TCB capability names, standing still; NULL: none. */
static struct thread *find_tcb(const struct core *core, const struct thread *pd, uint64_t cap)
{
    bool is_vcpu = cap >= CAP_VCPU_TCB;
    struct thread *thread = thread_child(pd, cap - (is_vcpu ? CAP_VCPU_TCB : CAP_PD_TCB), is_vcpu);
    if (thread != NULL) {
        lock_stall(core, thread);
    }
    return thread;
}

static struct thread *find_vcpu(const struct core *core, const struct thread *pd, uint64_t cap)
{
    struct thread *thread = thread_child(pd, cap - CAP_VCPU, true);
    if (thread != NULL) {
        lock_stall(core, thread);
    }
    return thread;
}

static void do_reply_wait(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *unanswered = ipc_reply_wait(core, pd, frame->x1 != 0, frame->x0);
    if (unanswered != NULL && unanswered->is_vcpu) {
        vcpu_faulted(unanswered);
    }
}

static void do_notify(struct core *core, struct thread *pd, struct frame *frame)
{
    (void)core;
    const struct image_channel *channel = find_channel(pd, frame->x0, IMAGE_CHANNEL_NOTIFY);
    if (channel != NULL) {
        ipc_notify(&threads[channel->peer], channel->peer_channel);
    }
}

static void do_irq_ack(struct core *core, struct thread *pd, struct frame *frame)
{
    (void)core;
    const struct image_channel *channel = find_channel(pd, frame->x0, IMAGE_CHANNEL_IRQ);
    if (channel != NULL) {
        irq_ack(channel->irq);
    }
}

static void do_call(struct core *core, struct thread *pd, struct frame *frame)
{
    (void)core;
    const struct image_channel *channel = find_channel(pd, frame->x0, IMAGE_CHANNEL_PPCALL);
    if (channel == NULL) {
        frame->x0 = 0;
        return;
    }
    ipc_call(pd, &threads[channel->peer], channel->peer_channel, frame->x1);
}

static void do_tcb_suspend(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *thread = find_tcb(core, pd, frame->x0);
    if (thread == NULL) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    control_stop(thread);
    frame->x0 = ERROR_NONE;
}

/* Makes a thread run on from where its registers say, whatever it waited for. */
static void resume(struct thread *thread)
{
    if (thread->state != THREAD_READY) {
        control_stop(thread);
        sched_make_ready(thread);
    }
}

static void do_tcb_resume(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *thread = find_tcb(core, pd, frame->x0);
    if (thread == NULL) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    resume(thread);
    frame->x0 = ERROR_NONE;
}

static void do_tcb_read(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *thread = find_tcb(core, pd, frame->x0);
    if (thread == NULL) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    if (frame->x2 > FRAME_WORD_COUNT) {
        frame->x0 = ERROR_RANGE;
        return;
    }
    if (frame->x1 != 0) {
        control_stop(thread);
    }
    const uint64_t *words = (const uint64_t *)thread->frame;
    for (uint64_t i = 0; i < frame->x2; i++) {
        pd->ipc_buffer[i] = words[i];
    }
    frame->x0 = ERROR_NONE;
}

static void do_tcb_write(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *thread = find_tcb(core, pd, frame->x0);
    if (thread == NULL) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    if (frame->x2 > FRAME_WORD_COUNT) {
        frame->x0 = ERROR_RANGE;
        return;
    }
    /* First out of a call: that would still change the PC. */
    if (frame->x1 != 0 && thread->state != THREAD_READY) {
        control_stop(thread);
    }
    uint64_t *words = (uint64_t *)thread->frame;
    for (uint64_t i = 0; i < frame->x2; i++) {
        words[i] = pd->ipc_buffer[i];
    }
    context_check_spsr(thread);
    if (frame->x1 != 0) {
        resume(thread);
    }
    frame->x0 = ERROR_NONE;
}

static void do_vcpu_inject(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *vcpu = find_vcpu(core, pd, frame->x0);
    frame->x0 = vcpu == NULL ? ERROR_INVALID_CAPABILITY : vcpu_inject(vcpu, frame->x1, frame->x2, frame->x3, frame->x4);
}

static void do_vcpu_read(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *vcpu = find_vcpu(core, pd, frame->x0);
    if (vcpu == NULL) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    frame->x0 = context_read(vcpu, frame->x1, &frame->x1) ? ERROR_NONE : ERROR_INVALID_ARGUMENT;
}

static void do_vcpu_write(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *vcpu = find_vcpu(core, pd, frame->x0);
    if (vcpu == NULL) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    frame->x0 = context_write(vcpu, frame->x1, frame->x2) ? ERROR_NONE : ERROR_INVALID_ARGUMENT;
    guest_ptimer_written(vcpu, frame->x1);
    guest_debug_written(vcpu, frame->x1);
    if (vcpu->state == THREAD_FAULTED) {
        sched_forget_sleep(vcpu);
        vcpu_faulted(vcpu);
    }
}

static void do_vcpu_ack_vppi(struct core *core, struct thread *pd, struct frame *frame)
{
    struct thread *vcpu = find_vcpu(core, pd, frame->x0);
    frame->x0 = vcpu == NULL ? ERROR_INVALID_CAPABILITY : vcpu_ack_vppi(vcpu, frame->x1);
}

static void do_smc(struct core *core, struct thread *pd, struct frame *frame)
{
    (void)core;
    if ((pd->desc->flags & IMAGE_THREAD_SMC) == 0) {
        frame->x0 = ERROR_INVALID_CAPABILITY;
        return;
    }
    firmware_call(pd, pd->ipc_buffer);
    frame->x0 = ERROR_NONE;
}

static void do_debug_putc(struct core *core, struct thread *pd, struct frame *frame)
{
    (void)core;
    (void)pd;
    print_char((char)frame->x0);
}

static const syscall_fn_t syscall_table[SYSCALL_COUNT] = {
    [SYSCALL_REPLY_WAIT] = do_reply_wait,
    [SYSCALL_NOTIFY] = do_notify,
    [SYSCALL_IRQ_ACK] = do_irq_ack,
    [SYSCALL_CALL] = do_call,
    [SYSCALL_TCB_SUSPEND] = do_tcb_suspend,
    [SYSCALL_TCB_RESUME] = do_tcb_resume,
    [SYSCALL_TCB_READ] = do_tcb_read,
    [SYSCALL_TCB_WRITE] = do_tcb_write,
    [SYSCALL_VCPU_INJECT] = do_vcpu_inject,
    [SYSCALL_VCPU_READ] = do_vcpu_read,
    [SYSCALL_VCPU_WRITE] = do_vcpu_write,
    [SYSCALL_VCPU_ACK_VPPI] = do_vcpu_ack_vppi,
    [SYSCALL_SMC] = do_smc,
    [SYSCALL_DEBUG_PUTC] = do_debug_putc,
};

/* Not one of the numbers: a fault. */
static COLD void unknown_syscall(struct thread *pd, struct frame *frame, uint64_t number)
{
    uint64_t registers[] = {frame->x0, frame->x1,     frame->x2, frame->x3,  frame->x4,   frame->x5, frame->x6,
                            frame->x7, frame->pc - 4, frame->sp, frame->x30, frame->spsr, number};
    for (size_t i = 0; i < ARRAY_COUNT(registers); i++) {
        pd->message[i] = registers[i];
    }
    frame->pc -= 4;
    ipc_send_fault(pd, FAULT_UNKNOWN_SYSCALL, ARRAY_COUNT(registers));
}

void syscall_handle(struct core *core, struct thread *pd, uint64_t number)
{
    struct frame *frame = &pd->own_frame;
    if (number < SYSCALL_COUNT) {
        syscall_table[number](core, pd, frame);
    } else {
        unknown_syscall(pd, frame, number);
    }
}
