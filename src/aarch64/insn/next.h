/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Where an instruction of A64 leads, from its encoding and the registers [Arm ARM C4.1, C6.2]: what a debugger needs to
 * stop behind it.
 *
 * Left out: exceptions, which lead to a vector; exception return (ERET); AArch32.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define INSN_BYTES 4

#define INSN_ERET 0xd69f03e0u

/* What the way depends on. */
struct next_registers {
    uint64_t x[32]; /* x[31] is zero */
    uint64_t pstate;
    uint32_t va_bits; /* of the half of the address space that a pointer is in, without its authentication code */
};

/* The address of the instruction after the one at `pc`. */
uint64_t next_pc(uint32_t instruction, uint64_t pc, const struct next_registers *registers);

/* Whether it is a conditional branch; if so, its target. */
bool next_is_conditional(uint32_t instruction, uint64_t pc, uint64_t *target);

/* Whether it is any other branch. */
bool next_is_unconditional(uint32_t instruction);

/* Loads and stores that set and end an exclusive access: LDXR and its like, STXR and its like. */
bool next_is_load_exclusive(uint32_t instruction);
bool next_is_store_exclusive(uint32_t instruction);
