/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Washing vCPUs between two lives of the guest.
 *
 * A vCPU that has run keeps things that no call of the Microkit reaches: the registers of its virtual CPU interface,
 * interrupts that were in service in list registers, FP and SIMD registers. Only code at EL1 can put them back. So,
 * before the guest starts anew, each vCPU that has run runs a short program of ours, one after the other:
 *
 *     start -> lay the program over the start of RAM -> vCPU runs it -> SMC -> next vCPU ... -> RAM as it was -> boot
 *
 * All other vCPUs are stopped meanwhile, so that no guest code runs beside it, and the guest never sees the program.
 * Without RAM or interrupt controller that the library knows, the guest starts unwashed.
 *
 * Left out: a vCPU that the guest itself switches off and on again.
 *
 * Invariant: while wash.under_way, vCPU wash.vcpu_id is the only one that is on, and what the program covers is saved.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"

#define WASH_BYTES     2048 /* laid over RAM: the program, then its arguments */
#define WASH_ARGS_AT   1536
#define WASH_IRQ_COUNT 64

struct vm;
struct vcpu;

struct wash {
    bool under_way;
    uint8_t log_count;
    uint32_t vcpu_id; /* the one being washed */
    uint8_t covered[WASH_BYTES];
};

/* What the program gets. */
struct wash_args {
    uint64_t gic_version; /* 2 or 3 */
    uint64_t gicc_base;
    uint64_t irq_count;
    uint32_t irqs[WASH_IRQ_COUNT]; /* what list registers hold */
};

extern const uint8_t wash_code[];
extern const uint8_t wash_code_end[];

/* Washes all vCPUs that need it, then starts the boot vCPU at vm->entry. RESULT_INVALID: there is no such vCPU. */
MUST_CHECK enum result wash_and_start(struct vm *vm);

/* Gives up a wash, as the guest is being stopped. */
void wash_cancel(struct vm *vm);

/* Whether an exit of a vCPU, by SMC or by something gone wrong, is the end of its wash. If so, it has been dealt with.
 */
bool wash_takes_exit(struct vm *vm, const struct vcpu *vcpu, bool has_succeeded);
