/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a debugger does to the guest, whatever its protocol: stop, go on, step, breakpoints, registers, memory.
 *
 *                debug_interrupt, a breakpoint, an error, guest_stop
 *      RUNNING -------------------------------------------------------> STOPPED
 *         ^                                                              |  ^
 *         |                       debug_continue                         |  | the step's end, or as above
 *         +--------------------------------------------------------------+  |
 *                                                                        |  |
 *                                             debug_step                 v  |
 *                                                                       STEPPING
 *
 * When one vCPU stops, all do. The time in which all are stopped does not pass for the guest's virtual counter: when it
 * goes on, CNTVOFF_EL2 of every vCPU grows by that. The Microkit's kernels let the counter of a vCPU that does not run
 * go on (CONFIG_VTIMER_UPDATE_VOFFSET of seL4 is off). The physical counter shows the time.
 *
 * A step executes one instruction of one vCPU, between a load exclusive and its store exclusive all of them, and then
 * stops again; the others are held meanwhile. It is made of breakpoints behind the instruction, and at the vectors for
 * synchronous exceptions. Interrupts are masked during it, or the step would end in a handler, which may wait for the
 * vCPUs that are held. Instructions that look at the masks are emulated. At EL0 there are no breakpoints: a step there
 * ends at the next entry to EL1.
 *
 * Left out: floating-point and vector registers, which no call of the Microkit gives a VMM; watchpoints.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aarch64/debug/breakpoint.h"
#include "util/result.h"
#include "vm/vm.h"

enum debug_state {
    DEBUG_RUNNING,
    DEBUG_STEPPING,
    DEBUG_STOPPED,
};

enum debug_reason {
    DEBUG_INTERRUPTED,
    DEBUG_BREAKPOINT,
    DEBUG_STEPPED,
    DEBUG_STARTED, /* held before its first instruction */
    DEBUG_ENDED,   /* every vCPU is off */
};

struct debug;

/* Tells the protocol that the guest has stopped, and which vCPU it is about. */
typedef void (*debug_on_stop_t)(struct debug *debug, enum debug_reason why);

struct debug_step {
    uint64_t masked; /* the bits of PSTATE that are set for the step */
    bool goes_on;    /* only to get off a breakpoint */
};

struct debug {
    struct vm_debugger seam; /* first */
    struct vm *vm;
    debug_on_stop_t on_stop;
    enum debug_state state;
    uint32_t vcpu_id;       /* which the last stop is about, or which steps */
    uint32_t on_breakpoint; /* a bit for each vCPU whose next instruction is a breakpoint that has been reported */
    bool is_rebooting;      /* stops before the first instruction, and then only */
    struct debug_step step;
    uint64_t stopped_at; /* physical counter */
    struct breakpoints breakpoints;
};

/* Attaches to a VM. `holds`: it stops before its first instruction. */
void debug_attach(struct debug *debug, struct vm *vm, debug_on_stop_t on_stop, bool holds);

/* Stops every vCPU; on_stop is called. Nothing happens if they are stopped. */
void debug_interrupt(struct debug *debug);

/* Lets all vCPUs go on, or, with `only` less than the number of vCPUs, that one. */
void debug_continue(struct debug *debug, uint32_t only);

/* One step of a vCPU that is not off; on_stop is called at its end, which may be before this returns. */
void debug_step(struct debug *debug, uint32_t vcpu_id);

/* Takes all breakpoints away and lets the guest go on. */
void debug_detach(struct debug *debug);

/* Starts the guest anew, stopped before its first instruction; on_stop is called there. False: it cannot be started. */
bool debug_reboot(struct debug *debug);

/* Switches the guest off. */
void debug_kill(struct debug *debug);

/* As breakpoint_add; the address is one of vCPU `vcpu_id`. */
MUST_CHECK enum result debug_add_breakpoint(struct debug *debug, uint32_t vcpu_id, uint64_t va);

/*
 * Reads and writes guest RAM, by the virtual addresses of a vCPU or, with `is_physical`, by guest-physical ones.
 * Answers how many bytes were, up to the first that is not RAM.
 */
size_t debug_read(struct debug *debug, uint32_t vcpu_id, bool is_physical, uint64_t at, uint8_t *to, size_t count);
size_t debug_write(struct debug *debug, uint32_t vcpu_id, bool is_physical, uint64_t at, const uint8_t *from,
                   size_t count);
