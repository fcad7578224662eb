/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The main loop of a PD: initialise, then wait for one event after the other
 * and hand each to the program's entry point for it.
 *
 * Invariant: a reply, a deferred signal and the wait for the next event go to
 * the kernel in as few calls as there are of them; reply and wait are one.
 */
#include <microkit.h>

/* Filled in by the image tool. */
char microkit_name[MICROKIT_PD_NAME_LENGTH] __attribute__((section(".data"))) = "";
seL4_Bool microkit_passive __attribute__((section(".data"))) = seL4_False;
seL4_Word microkit_irqs __attribute__((section(".data"))) = 0;
seL4_Word microkit_notifications __attribute__((section(".data"))) = 0;
seL4_Word microkit_pps __attribute__((section(".data"))) = 0;

seL4_Bool microkit_have_signal = seL4_False;
seL4_CPtr microkit_signal_cap = 0;
seL4_CPtr sel4_faulting_tcb = 0;
seL4_Word sel4_vcpus = 0;

extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

__attribute__((weak)) microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)msginfo;
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": protected call on channel ");
    microkit_dbg_put32(ch);
    microkit_dbg_puts(", but the program has no entry point for it\n");
    microkit_internal_crash(seL4_NoError);
}

__attribute__((weak)) seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)msginfo;
    (void)reply_msginfo;
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": fault of child ");
    microkit_dbg_put32(child);
    microkit_dbg_puts(", but the program has no entry point for it\n");
    microkit_internal_crash(seL4_NoError);
}

void microkit_deferred_flush(void)
{
    if (!microkit_have_signal) {
        return;
    }
    microkit_have_signal = seL4_False;
    if (microkit_signal_cap >= BASE_IRQ_CAP) {
        microkit_irq_ack((microkit_channel)(microkit_signal_cap - BASE_IRQ_CAP));
    } else {
        microkit_notify((microkit_channel)(microkit_signal_cap - BASE_OUTPUT_NOTIFICATION_CAP));
    }
}

static void notify_all(seL4_Word channels)
{
    while (channels != 0) {
        microkit_channel ch = (microkit_channel)__builtin_ctzl(channels);
        channels &= channels - 1;
        notified(ch);
    }
}

/* The kernel call that preserves no register but the stack pointer. */
static inline seL4_Word reply_wait(seL4_Word reply, seL4_Word has_reply, seL4_Word *tag)
{
    register seL4_Word x0 __asm__("x0") = reply;
    register seL4_Word x1 __asm__("x1") = has_reply;
    __asm__ volatile("svc %[nr]"
                     : "+r"(x0), "+r"(x1)
                     : [nr] "i"(SYSCALL_REPLY_WAIT)
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
                       "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
                       "cc", "memory");
    *tag = x1;
    return x0;
}

static seL4_Word wait_for_event(const microkit_msginfo *reply, microkit_msginfo *message)
{
    microkit_deferred_flush();
    return reply_wait(reply == 0 ? 0 : reply->words[0], reply != 0, &message->words[0]);
}

static _Noreturn void main_loop(void)
{
    microkit_msginfo reply = microkit_msginfo_new(0, 0);
    seL4_Bool have_reply = seL4_False;

    for (;;) {
        microkit_msginfo message;
        seL4_Word badge = wait_for_event(have_reply ? &reply : 0, &message);

        have_reply = seL4_False;
        if (badge & BADGE_FAULT) {
            seL4_Word child = badge & ~BADGE_FAULT;
            sel4_faulting_tcb = (message.words[0] & MSGINFO_FROM_VCPU) ? SEL4_BASE_VM_TCB_CAP + child : 0;
            message.words[0] &= ~MSGINFO_FROM_VCPU;
            have_reply = fault((microkit_child)child, message, &reply);
            sel4_faulting_tcb = 0;
        } else if (badge & BADGE_PPCALL) {
            reply = protected((microkit_channel)(badge & ~BADGE_PPCALL), message);
            have_reply = seL4_True;
        } else {
            notify_all(badge);
        }
    }
}

_Static_assert(IMAGE_PD_STACK_TOP == 0x7fffc00000ULL, "start.S has it as a number");

_Noreturn void microkit_main(void);

_Noreturn void microkit_main(void)
{
    for (void (*const *function)(void) = __init_array_start; function < __init_array_end; function++) {
        (*function)();
    }
    init();
    main_loop();
}
