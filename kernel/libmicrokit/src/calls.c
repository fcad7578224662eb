/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls whose words travel in the IPC buffer, and the debug console.
 *
 * Invariant: a call leaves the message registers as they were, so that a PD
 * can make one while it still reads a message.
 */
#include <microkit.h>

static seL4_Word *ipc_buffer(void)
{
    return (seL4_Word *)IMAGE_PD_IPC_BUFFER;
}

static void copy_words(seL4_Word *to, const seL4_Word *from, seL4_Word count)
{
    for (seL4_Word i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

int sel4_tcb_read_by_call(seL4_CPtr tcb, seL4_Bool suspend_source, seL4_Word count, seL4_Word *words)
{
    seL4_Word saved[SEL4_USER_CONTEXT_WORDS];
    seL4_Word error, unused;
    if (count > SEL4_USER_CONTEXT_WORDS) {
        return seL4_RangeError;
    }
    copy_words(saved, ipc_buffer(), count);
    SEL4_SYSCALL(SYSCALL_TCB_READ, tcb, suspend_source != 0, count, 0, 0, error, unused);
    if (error == seL4_NoError) {
        copy_words(words, ipc_buffer(), count);
    }
    copy_words(ipc_buffer(), saved, count);
    return (int)error;
}

int sel4_tcb_write_by_call(seL4_CPtr tcb, seL4_Bool resume_target, seL4_Word count, const seL4_Word *words)
{
    seL4_Word saved[SEL4_USER_CONTEXT_WORDS];
    seL4_Word error, unused;
    if (count > SEL4_USER_CONTEXT_WORDS) {
        return seL4_RangeError;
    }
    if (resume_target && tcb == sel4_faulting_tcb) {
        sel4_faulting_tcb = 0;
    }
    copy_words(saved, ipc_buffer(), count);
    copy_words(ipc_buffer(), words, count);
    SEL4_SYSCALL(SYSCALL_TCB_WRITE, tcb, resume_target != 0, count, 0, 0, error, unused);
    copy_words(ipc_buffer(), saved, count);
    return (int)error;
}

int seL4_TCB_Suspend(seL4_CPtr tcb)
{
    seL4_Word error, unused;
    SEL4_SYSCALL2(SYSCALL_TCB_SUSPEND, tcb, 0, error, unused);
    return (int)error;
}

int seL4_TCB_Resume(seL4_CPtr tcb)
{
    seL4_Word error, unused;
    if (tcb == sel4_faulting_tcb) {
        sel4_faulting_tcb = 0;
    }
    SEL4_SYSCALL2(SYSCALL_TCB_RESUME, tcb, 0, error, unused);
    return (int)error;
}

int sel4_vcpu_inject_by_call(seL4_CPtr vcpu, seL4_Uint16 virq, seL4_Uint8 priority, seL4_Uint8 group, seL4_Uint8 index)
{
    seL4_Word error, unused;
    SEL4_SYSCALL(SYSCALL_VCPU_INJECT, vcpu, virq, priority, group, index, error, unused);
    if (error != seL4_InvalidCapability) {
        sel4_vcpus |= 1ULL << (vcpu - SEL4_BASE_VCPU_CAP);
    }
    return (int)error;
}

int seL4_ARM_SMC_Call(seL4_CPtr smc, const seL4_ARM_SMCContext *args, seL4_ARM_SMCContext *response)
{
    enum {
        COUNT = sizeof(*args) / sizeof(seL4_Word)
    };
    seL4_Word saved[COUNT];
    seL4_Word error, unused;
    if (smc != ARM_SMC_CAP) {
        return seL4_InvalidCapability;
    }
    copy_words(saved, ipc_buffer(), COUNT);
    copy_words(ipc_buffer(), (const seL4_Word *)args, COUNT);
    SEL4_SYSCALL2(SYSCALL_SMC, 0, 0, error, unused);
    if (error == seL4_NoError) {
        copy_words((seL4_Word *)response, ipc_buffer(), COUNT);
    }
    copy_words(ipc_buffer(), saved, COUNT);
    return (int)error;
}

void microkit_dbg_putc(int c)
{
    seL4_Word unused;
    SEL4_SYSCALL2(SYSCALL_DEBUG_PUTC, (seL4_Word)(unsigned char)c, 0, unused, unused);
}

void microkit_dbg_puts(const char *s)
{
    while (*s != 0) {
        microkit_dbg_putc(*s++);
    }
}

void microkit_dbg_put8(seL4_Uint8 x)
{
    microkit_dbg_put32(x);
}

void microkit_dbg_put32(seL4_Uint32 x)
{
    char digits[11];
    char *first = &digits[sizeof(digits) - 1];
    *first = 0;
    do {
        *--first = (char)('0' + x % 10);
        x /= 10;
    } while (x != 0);
    microkit_dbg_puts(first);
}

void microkit_bad_channel(const char *function, microkit_channel ch)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(" ");
    microkit_dbg_puts(function);
    microkit_dbg_puts(": no such channel: ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("\n");
}

_Noreturn void microkit_internal_crash(seL4_Error error)
{
    for (;;) {
        *(volatile seL4_Word *)(seL4_Word)error = 0;
    }
}

_Noreturn void microkit_failed(const char *function, int error)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(" ");
    microkit_dbg_puts(function);
    microkit_dbg_puts(": error ");
    microkit_dbg_put32((seL4_Uint32)error);
    microkit_dbg_puts("\n");
    microkit_internal_crash((seL4_Error)error);
}
