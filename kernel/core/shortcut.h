/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The short way of a guest's exit to its VMM, and back.
 *
 * Where the two live on this core, nobody else is ready and no time has to be
 * kept, the core changes hands and nothing more: no queue, no timer, no
 * choice of a thread. Everything else goes the general way (ipc.h, sched.h),
 * to the same effect. shortcut_send and shortcut_reply are the last act of a
 * trap or system call of the core's current thread.
 */
#ifndef KERNEL_CORE_SHORTCUT_H
#define KERNEL_CORE_SHORTCUT_H

#include "kernel/core/core.h"

/* Where the words of a thread's fault go: where its VMM reads them, if the way is open; otherwise thread->message. */
uint64_t *shortcut_words(const struct core *core, struct thread *thread);

/* Sends the fault, whose first `count` words are at `words`, an answer of shortcut_words. */
void shortcut_send(struct core *core, struct thread *thread, const uint64_t *words, enum fault_label label,
                   uint64_t count);

/* Replies with `tag` to the vCPU that `pd` serves, and lets `pd` wait; false: not open, nothing has been done. */
bool shortcut_reply(struct core *core, struct thread *pd, uint64_t tag);

#endif
