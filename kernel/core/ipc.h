/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Messages and notifications. A PD waits for one event at a time: channels
 * that were notified (they coalesce), a protected call, or a child's fault.
 * Notifications come first, as on seL4 with a bound notification.
 */
#ifndef KERNEL_CORE_IPC_H
#define KERNEL_CORE_IPC_H

#include "kernel/core/core.h"

/*
 * The current thread of `core` replies, where it has a reply, and waits. Gives the thread whose fault or call it has
 * left unanswered, and will not answer; or NULL.
 */
struct thread *ipc_reply_wait(struct core *core, struct thread *pd, bool has_reply, uint64_t tag);

/* Notifies `channel` of `pd`. */
void ipc_notify(struct thread *pd, unsigned channel);

/* `caller`, a current thread, calls `server`, which sees the call on `channel`. */
void ipc_call(struct thread *caller, struct thread *server, unsigned channel, uint64_t tag);

/*
 * Sends the first `count` words of thread->message as a fault to the thread's
 * handler. Without one, the thread is reported on the console and stopped.
 */
void ipc_send_fault(struct thread *thread, enum fault_label label, uint64_t count);

/* Whether the last message of a thread told what its vCPU's hardware had to say, rather than a fault. */
bool ipc_is_event(const struct thread *thread);

/* Sends the last message of a vCPU again: it was taken back before it was received. */
void ipc_send_again(struct thread *vcpu);

#endif
