/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reset of vCPUs before the guest starts again.
 *
 * A vCPU that has run keeps things that no call of the Microkit reaches: the registers of its virtual CPU interface,
 * interrupts that were in service in list registers, FP and SIMD registers. Only code at EL1 can put them back. So,
 * before the guest starts anew, each vCPU that has run runs a short program of ours, one after the other:
 *
 *     start -> lay the program over the start of RAM -> vCPU runs it -> SMC -> next vCPU ... -> RAM as it was -> boot
 *
 * All other vCPUs are stopped meanwhile, so that no guest code runs beside it, and the guest never sees the program.
 * Where the library does not know the guest's RAM or its interrupt controller, the guest starts without this.
 *
 * Left out: a vCPU that the guest itself switches off and on again.
 *
 * Invariant: while reset_stub.under_way, vCPU reset_stub.vcpu_id is the only one that is on, and what the program
 * covers is saved.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"

#define RESET_STUB_BYTES     2048 /* laid over RAM: the program, then its arguments */
#define RESET_STUB_ARGS_AT   1536
#define RESET_STUB_IRQ_COUNT 64

struct vm;
struct vcpu;

struct reset_stub {
    bool under_way;
    uint8_t log_count;
    uint32_t vcpu_id; /* the one being reset */
    uint8_t covered[RESET_STUB_BYTES];
};

/* What the program gets. */
struct reset_stub_args {
    uint64_t gic_version; /* 2 or 3 */
    uint64_t gicc_base;
    uint64_t irq_count;
    uint32_t irqs[RESET_STUB_IRQ_COUNT]; /* what list registers hold */
};

extern const uint8_t reset_stub_code[];
extern const uint8_t reset_stub_code_end[];

/* Resets all vCPUs that need it, then starts the boot vCPU at vm->entry. RESULT_INVALID: there is no such vCPU. */
MUST_CHECK enum result reset_stub_start(struct vm *vm);

/* The guest is being stopped: ends the reset, and puts its RAM back. */
void reset_stub_cancel(struct vm *vm);

/* Whether an exit of a vCPU, its SMC or a fault, ends its reset. If so, the exit has been handled. */
bool reset_stub_takes_exit(struct vm *vm, const struct vcpu *vcpu, bool has_succeeded);
