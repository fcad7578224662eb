/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A vCPU as the VMM knows it: its state, how far its present exit is, and the registers fetched during it.
 *
 *               vcpu_start                    vcpu_wait
 *     OFF -----------------------> RUNNING --------------> WAITING (in WFI)
 *      ^                           ^ |   ^  vcpu_kick, exit  |  |
 *      |               vcpu_resume | |   +-------------------+  |
 *      | vcpu_stop                 | | vcpu_pause               | vcpu_pause
 *      +------------------------ PAUSED <-----------------------+
 *
 * vcpu_stop leads to OFF from everywhere, vcpu_start to RUNNING.
 *
 *                 fault_handle             vcpu_start, vcpu_stop, vcpu_pause
 *     NO_EXIT -----------------> HANDLING -----------------------------------> REPLACED
 *        ^           its end        |                   its end                   |
 *        +--------------------------+---------------------------------------------+
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#include "util/result.h"

struct vm;

enum vcpu_state {
    VCPU_OFF,
    VCPU_PAUSED,  /* off only because guest_stop came */
    VCPU_RUNNING, /* from here on it is on */
    VCPU_WAITING, /* blocked on its WFI; resume_pc is where it goes on */
};

enum vcpu_exit {
    VCPU_NO_EXIT,
    VCPU_HANDLING, /* fault_handle is at work for it: the reply, not a restart, resumes it */
    VCPU_REPLACED, /* started or stopped meanwhile: the reply must not resume it */
};

/* Of a timer of its own, see aarch64/vcpu/vcpu_timer.h. */
enum vcpu_timer_state {
    VCPU_TIMER_ARMED,
    VCPU_TIMER_MASKED, /* an event has come and is not yet acked: no other one comes */
    VCPU_TIMER_NEW,    /* none has come since the vCPU was started */
};

enum vcpu_timer {
    VCPU_TIMER_VIRTUAL,
    VCPU_TIMER_PHYSICAL,
    VCPU_TIMER_COUNT,
};

/*
 * Registers in the order that TCB reads and writes move them: the first `valid` are known, the first `dirty` changed.
 * They are in `copy`, or where the vCPU has them.
 */
struct vcpu_regs {
    seL4_UserContext *context;
    seL4_UserContext copy;
    uint32_t valid;
    uint32_t dirty;
};

struct vcpu {
    uint32_t id;
    enum vcpu_state state;
    enum vcpu_exit exit;
    enum vcpu_timer_state timers[VCPU_TIMER_COUNT];
    bool has_run;       /* since it was new, or reset (aarch64/vcpu/reset_stub.h) */
    uint64_t resume_pc; /* valid while waiting */
    uint64_t fsr;       /* syndrome of the current exit */
    struct vcpu_regs regs;
};

static inline bool vcpu_is_on(const struct vcpu *vcpu)
{
    return vcpu->state >= VCPU_RUNNING;
}

/* What a vCPU starts with. */
struct vcpu_entry {
    uint64_t pc;
    uint64_t x0;
};

/*
 * Puts all registers into their reset state, then the entry state of the arm64 boot protocol, and runs the vCPU.
 * RESULT_INVALID when the system description has no such vCPU.
 */
MUST_CHECK enum result vcpu_start(struct vm *vm, size_t vcpu_id, const struct vcpu_entry *entry);

/* Suspends a vCPU, whatever it does. Its registers stay. */
void vcpu_stop(struct vm *vm, size_t vcpu_id);

/* The same, until vcpu_resume. A vCPU that is off stays so. */
void vcpu_pause(struct vm *vm, size_t vcpu_id);

/* Runs a vCPU that is paused from where it was. */
void vcpu_resume(struct vm *vm, size_t vcpu_id);

/* Marks a vCPU as waiting for an interrupt; the exit under way must then not be replied to. */
void vcpu_wait(struct vcpu *vcpu, uint64_t resume_pc);

/* Something came that ends a WFI: runs the vCPU if it waits. Harmless otherwise. */
void vcpu_kick(struct vm *vm, size_t vcpu_id);
