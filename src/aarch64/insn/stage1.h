/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's own translation of addresses, stage 1 of EL1&0 [Arm ARM D8], walked in software: a VMM cannot use AT.
 * Granules of 4, 16 and 64 KiB, both halves of the address space, tagged addresses.
 *
 * It serves to read an instruction that the guest has just executed and to find what that accesses. The hardware has
 * looked at permissions then, but another vCPU may have changed the instruction since: what is carried out needs the
 * permissions anew, or a program of the guest could use the VMM to reach what its kernel keeps from it. The tables lie
 * in guest RAM and may change at any time; whatever comes out, the caller looks it up in guest RAM or among devices as
 * it would any other address.
 *
 * Left out: big-endian tables, output addresses beyond 48 bits, 52-bit virtual addresses; access flags, execution and
 * PAN.
 *
 * Invariant: at most four descriptors are read, each once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/result.h"
#include "vm/gpa.h"
#include "vm/guest_ram.h"

/* EL1 registers that control it. */
struct stage1 {
    uint64_t sctlr;
    uint64_t tcr;
    uint64_t ttbr0;
    uint64_t ttbr1;
};

/* Those of a vCPU. */
struct stage1 stage1_of(uint32_t vcpu_id);

/* Whether the MMU is on. */
bool stage1_is_on(const struct stage1 *stage1);

/* Bits of the addresses in the half that `va` is in; 48 if the registers say nothing sensible. */
uint32_t stage1_va_bits(const struct stage1 *stage1, uint64_t va);

/* Permissions that an access needs, added up; a read by EL1 needs none. [Arm ARM D8.4.1] */
#define STAGE1_NEEDS_NONE  0u
#define STAGE1_NEEDS_WRITE 1u
#define STAGE1_NEEDS_EL0   2u

/*
 * Translates a virtual address. RESULT_INVALID: there is no translation. RESULT_RANGE: a table is not in guest RAM.
 * RESULT_DENIED: the permissions are not those that are needed. RESULT_UNSUPPORTED: something left out. `level` is that
 * of the last table looked at (0 to 3).
 */
MUST_CHECK enum result stage1_translate(const struct stage1 *stage1, const struct guest_ram *ram, uint64_t va,
                                        uint32_t needs, gpa_t *at, uint32_t *level);
