/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * System calls of the built-in kernel, as libmicrokit makes them.
 *
 * A PD runs at EL0 and calls the kernel with `svc #number`; arguments are in
 * x0 to x4, results in x0 and x1. All other registers are preserved. Messages
 * of more than that travel in the PD's IPC buffer, an array of 64 words that
 * the kernel and the PD share.
 */
#ifndef KERNEL_ABI_SYSCALL_H
#define KERNEL_ABI_SYSCALL_H

enum syscall {
    /* x0: msginfo of the reply, x1: whether there is one -> x0: badge, x1: msginfo; no other register is preserved */
    SYSCALL_REPLY_WAIT = 0,
    SYSCALL_NOTIFY = 1,         /* x0: channel */
    SYSCALL_IRQ_ACK = 2,        /* x0: channel */
    SYSCALL_CALL = 3,           /* x0: channel, x1: msginfo -> x0: msginfo */
    SYSCALL_TCB_SUSPEND = 4,    /* x0: capability -> x0: error */
    SYSCALL_TCB_RESUME = 5,     /* x0: capability -> x0: error */
    SYSCALL_TCB_READ = 6,       /* x0: capability, x1: suspend, x2: word count -> x0: error; words in the IPC buffer */
    SYSCALL_TCB_WRITE = 7,      /* x0: capability, x1: resume, x2: word count -> x0: error; words in the IPC buffer */
    SYSCALL_VCPU_INJECT = 8,    /* x0: capability, x1: irq, x2: priority, x3: group, x4: index -> x0: error */
    SYSCALL_VCPU_READ = 9,      /* x0: capability, x1: register -> x0: error, x1: value */
    SYSCALL_VCPU_WRITE = 10,    /* x0: capability, x1: register, x2: value -> x0: error */
    SYSCALL_VCPU_ACK_VPPI = 11, /* x0: capability, x1: irq -> x0: error */
    SYSCALL_SMC = 12,           /* x0 to x7 in the IPC buffer, both ways -> x0: error */
    SYSCALL_DEBUG_PUTC = 13,    /* x0: character */
    SYSCALL_COUNT
};

/* Badges of SYSCALL_REPLY_WAIT: a set of channels, or one of these bits and an id. */
#define BADGE_PPCALL (1ULL << 63) /* low bits: channel */
#define BADGE_FAULT  (1ULL << 62) /* low bits: child */

#define IPC_WORD_COUNT 64 /* message registers in an IPC buffer */

/* A msginfo: label above, number of words below. */
#define MSGINFO_COUNT_BITS  7
#define MSGINFO_LABEL_SHIFT 12
#define MSGINFO_FROM_VCPU   (1ULL << 63) /* set by the kernel with BADGE_FAULT: the child is a vCPU */

#endif
