/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A thread: a protection domain's, or a vCPU's. All of them are known when
 * the image is built; a thread never moves to another core.
 *
 *            restart                    fault or call
 *   STOPPED ---------> READY ----------------------------> SENDING
 *      ^                ^  ^ \                                |
 *      | suspend        |  |  \ wait                          | taken by the receiver
 *   any state           |  |   v                              v
 *                event  | WAITING          reply         AWAITING_REPLY
 *                       +--------------------------------------+
 *                       |                                      | the VMM did not reply
 *                       +----------------- FAULTED <-----------+
 *                             restart
 *
 * Invariants: a READY thread is its core's current one, or in that core's
 * ready queue, or out of budget and asleep; a SENDING thread is in its
 * receiver's queue of senders; nobody else is in any queue.
 */
#ifndef KERNEL_CORE_THREAD_H
#define KERNEL_CORE_THREAD_H

#include "kernel/abi/vcpu_page.h"
#include "kernel/core/types.h"

#define FRAME_WORD_COUNT   VCPU_PAGE_FRAME_WORDS
#define MESSAGE_WORD_COUNT 14 /* the longest fault message has 13 */

/* A thread's registers, in the order in which the Microkit's users transfer them. */
struct frame {
    uint64_t pc, sp, spsr;
    uint64_t x0, x1, x2, x3, x4, x5, x6, x7, x8, x16, x17, x18, x29, x30;
    uint64_t x9, x10, x11, x12, x13, x14, x15;
    uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28;
    uint64_t tpidr_el0, tpidrro_el0;
};

_Static_assert(sizeof(struct frame) == FRAME_WORD_COUNT * 8, "the exception vectors know this layout");

enum thread_state {
    THREAD_STOPPED,
    THREAD_READY,
    THREAD_WAITING,        /* a PD that waits for an event */
    THREAD_SENDING,        /* wants to be received by a PD */
    THREAD_AWAITING_REPLY, /* has been received */
    THREAD_FAULTED,        /* has been received and not been answered */
};

/* What a vCPU's hardware has to say to its VMM. */
enum thread_event {
    EVENT_MAINTENANCE = 1 << 0,
    EVENT_VTIMER = 1 << 1,
    EVENT_PTIMER = 1 << 2,
    EVENT_SERROR = 1 << 3,     /* a store of the vCPU's has had a bus error */
    EVENT_UNRECEIVED = 1 << 4, /* was sent, but the vCPU was restarted before its VMM received it */
};

struct thread_queue {
    struct thread *head;
    struct thread *tail;
};

struct thread {
    struct frame *frame;
    const struct image_thread *desc;
    uint8_t state;
    uint8_t priority;
    uint8_t core;
    uint8_t events; /* vCPU: of enum thread_event, not yet sent */
    bool is_vcpu;
    bool is_asleep; /* in its core's list of sleepers */
    bool is_out_of_budget;
    bool is_timeslice_over; /* while it awaited a reply: others of its priority come first */
    bool is_passive;        /* PD: while it serves a thread, it runs on that one's budget */
    bool is_limited;        /* its budget is less than its period */
    bool has_fastpath;      /* vCPU: on the core of its handler, and no budget that is_limited is to be charged */
    bool is_quick;          /* vCPU: it goes by the fast path; has_fastpath, and does not use its debug registers */

    /* Ready queue of its core, or queue of senders of its receiver. */
    struct thread *next;
    struct thread *previous;

    /* Messages. */
    struct thread *handler;               /* PD that gets its faults */
    struct thread *receiver;              /* SENDING and AWAITING_REPLY: who has its message */
    uint64_t badge;                       /* of its message */
    uint64_t tag;                         /* of its message */
    uint64_t message[MESSAGE_WORD_COUNT]; /* of its fault; a call's is in the IPC buffer */
    uint64_t *ipc_buffer;                 /* PD */
    uint64_t notifications;               /* PD: channels that have been notified */
    struct thread_queue senders;          /* PD: by priority, then by age */
    struct thread *serving;               /* PD: who gets its reply */
    struct thread *payer; /* whose budget it uses up: its own, but of a passive PD that serves, the payer's of whom */

    /* Time, in ticks of the counter. */
    uint64_t budget;
    uint64_t period;
    uint64_t budget_left;
    uint64_t period_start;
    uint64_t wake_at;
    struct thread *next_asleep;
    uint64_t timeout_at; /* vCPU: when its physical timer is due; UINT64_MAX: in no list of timeouts */
    struct thread *next_timeout;

    uint64_t vttbr;          /* root of its address space, as VTTBR_EL2 takes it */
    uint64_t cptr;           /* whether it owns the FP registers, as CPTR_EL2 takes it */
    struct context *context; /* what the architecture keeps of it */
    struct frame own_frame;  /* PD */
};

extern struct thread threads[IMAGE_THREAD_COUNT_MAX];
extern size_t thread_count;

/* What a vCPU's VMM shares with the kernel. */
static inline struct vcpu_page *thread_page(const struct thread *vcpu)
{
    return (struct vcpu_page *)vcpu->frame;
}

static inline size_t thread_index(const struct thread *thread)
{
    return (size_t)(thread - threads);
}

/* The thread that child id `child` of `parent` names, or NULL. */
struct thread *thread_child(const struct thread *parent, uint64_t child, bool is_vcpu);

void thread_queue_push(struct thread_queue *queue, struct thread *thread);
void thread_queue_push_front(struct thread_queue *queue, struct thread *thread);
void thread_queue_insert(struct thread_queue *queue, struct thread *thread); /* by priority */
void thread_queue_remove(struct thread_queue *queue, struct thread *thread);

#endif
