/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The fast path of a guest's exit to its VMM, and back.
 *
 * Where both are of this core, and nobody else can come first, the core
 * switches between them and does nothing more: no queue, no timer, no choice of a thread.
 * Everything else goes the general way (trap.c, ipc.h, sched.h), to the same
 * effect: without this file the kernel would do the same, only slower.
 */
#ifndef KERNEL_CORE_FASTPATH_H
#define KERNEL_CORE_FASTPATH_H

#include "kernel/core/core.h"

/*
 * A synchronous exception, in or out of the kernel's lock. Gives the frame to leave the kernel with, without the lock;
 * or NULL: this is not for the fast path, nothing has been done.
 */
struct frame *fastpath_take(struct core *core, uint64_t esr);

/* The current thread waits, having nothing to reply to and nothing to receive; the lock is held. */
bool fastpath_wait(struct core *core, uint64_t esr);

/* The same as fastpath_take for what the hardware of the current vCPU has just said; the lock is held. */
struct frame *fastpath_take_event(struct core *core, struct thread *vcpu);

/* What the hardware of a FAULTED vCPU has said goes to its VMM, which gets the idle core; false: nothing is done. */
bool fastpath_wake(struct core *core, struct thread *vcpu);

#endif
