/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores that the hardware does not describe: pairs, and those that change their base register
 * [Arm ARM D17.2.37, ISV]. The instruction is read through the guest's own translation tables and carried out register
 * by register, on devices and, where it reaches over a page, on RAM.
 *
 * Left out: what decode.h and stage1.h leave out. Where the second register of a pair cannot be accessed, the first
 * one's store has happened, as the architecture permits; registers are as before.
 *
 * Invariant: what is carried out is permitted by the guest's tables to the exception level that it comes from, whatever
 * other vCPUs have made of the instruction since the hardware looked at it. An access that lies in two pages is
 * translated twice.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vm/gpa.h"

struct vm;
struct vcpu;

enum emulate_outcome {
    EMULATE_DONE,       /* and the PC behind it */
    EMULATE_NOTHING,    /* nothing is at `place` */
    EMULATE_MISALIGNED, /* not as a device wants it, at `place` */
    EMULATE_IMPOSSIBLE, /* left out; `place` means nothing */
};

/* Where an access has failed. */
struct emulate_place {
    uint64_t va;
    gpa_t at;
};

/* Carries out the instruction at the PC. Registers are changed only with EMULATE_DONE. */
enum emulate_outcome emulate_load_store(struct vm *vm, struct vcpu *vcpu, struct emulate_place *place);

/*
 * The virtual address whose translation reaches for a table that is not in RAM: the PC's, or that of the load or store
 * there; and the table's level. False: it cannot be told.
 */
bool emulate_find_walk(struct vm *vm, struct vcpu *vcpu, bool is_fetch, uint64_t *va, uint32_t *level);

/*
 * The virtual address that the load or store at the PC accesses first, if that is where it has faulted. False: it is
 * not, or it cannot be told.
 */
bool emulate_find_address(struct vm *vm, struct vcpu *vcpu, gpa_t at, uint64_t *va);
