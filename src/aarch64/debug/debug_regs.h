/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The registers of a stopped vCPU, as a debugger numbers them: x0 to x30, SP, PC and PSTATE, then registers of EL1.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <microkit.h>

#define DEBUG_REG_SP     31
#define DEBUG_REG_PC     32
#define DEBUG_REG_PSTATE 33
#define DEBUG_REG_EL1    34 /* the first of them */

/* How many there are. */
uint32_t debug_regs_count(void);

/* Name of a register from DEBUG_REG_EL1 on, in lower case. */
const char *debug_regs_name(uint32_t n);

/* All general registers of a vCPU; and back. */
void debug_regs_read(uint32_t vcpu_id, seL4_UserContext *context);
void debug_regs_write(uint32_t vcpu_id, seL4_UserContext *context);

/* One register. SP is the one in use. False: the number is out of range, or what can only be read would change. */
bool debug_regs_get(uint32_t vcpu_id, uint32_t n, uint64_t *value);
bool debug_regs_set(uint32_t vcpu_id, uint32_t n, uint64_t value);

/* Whether PSTATE is one of EL0, or of AArch32. */
bool debug_regs_are_of_el0(const seL4_UserContext *context);
