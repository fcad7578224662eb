/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Branches: see next.h.
 */
#include "aarch64/insn/next.h"

#include "util/field.h"

/* Branches that name their target. */
#define IMMEDIATE_MASK 0x7c000000u /* B, BL */
#define IMMEDIATE      0x14000000u
#define CONDITION_MASK 0xff000000u /* B.cond, BC.cond */
#define CONDITION      0x54000000u
#define COMPARE_MASK   0x7e000000u /* CBZ, CBNZ */
#define COMPARE        0x34000000u
#define TEST_MASK      0x7e000000u /* TBZ, TBNZ */
#define TEST           0x36000000u

#define IMM26 FIELD(25, 0)
#define IMM19 FIELD(23, 5)
#define IMM14 FIELD(18, 5)

#define CONDITION_CODE FIELD(3, 0)
#define IS_NONZERO     BIT(24) /* CBNZ, TBNZ */
#define IS_64          BIT(31)
#define TEST_BIT_LOW   FIELD(23, 19)
#define TEST_BIT_HIGH  BIT(31)
#define RT             FIELD(4, 0)
#define RN             FIELD(9, 5)

/* Branches to a register: BR, BLR, RET, and those that authenticate. */
#define REGISTER_MASK     0xfe1f0000u
#define REGISTER          0xd61f0000u
#define REGISTER_OPC      FIELD(24, 21)
#define REGISTER_OPC_BR   0
#define REGISTER_OPC_BLR  1
#define REGISTER_OPC_RET  2
#define REGISTER_OPC_BRA  8 /* BRAA, BRAB */
#define REGISTER_OPC_BLRA 9
#define REGISTER_PAC      FIELD(15, 11) /* 1: authenticates */
#define LINK_REGISTER     30

/* Load and store exclusive. */
#define EXCLUSIVE_MASK 0x3f800000u
#define EXCLUSIVE      0x08000000u
#define EXCLUSIVE_LOAD BIT(22)
#define EXCLUSIVE_PAIR BIT(21)

#define PSTATE_N BIT(31)
#define PSTATE_Z BIT(30)
#define PSTATE_C BIT(29)
#define PSTATE_V BIT(28)

#define VA_HALF BIT(55)

static bool is_within(uint32_t instruction, uint32_t mask, uint32_t value)
{
    return (instruction & mask) == value;
}

/* `pc` plus the signed number of instructions in a field. */
static uint64_t target_of(uint32_t instruction, uint64_t field, uint64_t pc)
{
    const uint64_t value = field_get(field, instruction);
    const uint64_t sign = (field_get(field, field) >> 1) + 1;
    return pc + ((value ^ sign) - sign) * INSN_BYTES;
}

/* [Arm ARM C1.2.4] */
static bool condition_holds(uint64_t code, uint64_t pstate)
{
    const bool n = (pstate & PSTATE_N) != 0, z = (pstate & PSTATE_Z) != 0;
    const bool c = (pstate & PSTATE_C) != 0, v = (pstate & PSTATE_V) != 0;
    const bool bases[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
    const bool base = bases[code >> 1];
    return (code & 1) != 0 && code != 0xf ? !base : base;
}

static bool compare_holds(uint32_t instruction, const struct next_registers *registers)
{
    const uint64_t x = registers->x[field_get(RT, instruction)];
    const uint64_t value = (instruction & IS_64) != 0 ? x : (uint32_t)x;
    return (value != 0) == ((instruction & IS_NONZERO) != 0);
}

static bool test_holds(uint32_t instruction, const struct next_registers *registers)
{
    const uint64_t bit = field_get(TEST_BIT_LOW, instruction) | ((instruction & TEST_BIT_HIGH) != 0 ? 32 : 0);
    const bool is_set = (registers->x[field_get(RT, instruction)] >> bit & 1) != 0;
    return is_set == ((instruction & IS_NONZERO) != 0);
}

static bool holds(uint32_t instruction, const struct next_registers *registers)
{
    if (is_within(instruction, CONDITION_MASK, CONDITION)) {
        return condition_holds(field_get(CONDITION_CODE, instruction), registers->pstate);
    }
    return is_within(instruction, COMPARE_MASK, COMPARE) ? compare_holds(instruction, registers)
                                                         : test_holds(instruction, registers);
}

/* A pointer without its authentication code: the bits above the address are all like bit 55. [Arm ARM D8.8] */
static uint64_t strip(uint64_t pointer, uint32_t va_bits)
{
    const uint64_t above = ~(BIT(va_bits) - 1);
    return (pointer & VA_HALF) != 0 ? pointer | above : pointer & ~above;
}

/* Whether it branches to a register; if so, to which address. */
static bool branches_to_register(uint32_t instruction, const struct next_registers *registers, uint64_t *target)
{
    if (!is_within(instruction, REGISTER_MASK, REGISTER)) {
        return false;
    }
    const uint64_t opc = field_get(REGISTER_OPC, instruction);
    const bool authenticates = field_get(REGISTER_PAC, instruction) == 1;
    const bool is_return = opc == REGISTER_OPC_RET;
    if (opc > REGISTER_OPC_RET && opc != REGISTER_OPC_BRA && opc != REGISTER_OPC_BLRA) {
        return false;
    }
    const uint64_t n = is_return && authenticates ? LINK_REGISTER : field_get(RN, instruction);
    *target = authenticates ? strip(registers->x[n], registers->va_bits) : registers->x[n];
    return true;
}

bool next_is_conditional(uint32_t instruction, uint64_t pc, uint64_t *target)
{
    if (is_within(instruction, CONDITION_MASK, CONDITION) || is_within(instruction, COMPARE_MASK, COMPARE)) {
        *target = target_of(instruction, IMM19, pc);
        return true;
    }
    if (is_within(instruction, TEST_MASK, TEST)) {
        *target = target_of(instruction, IMM14, pc);
        return true;
    }
    return false;
}

bool next_is_unconditional(uint32_t instruction)
{
    return is_within(instruction, IMMEDIATE_MASK, IMMEDIATE) || is_within(instruction, REGISTER_MASK, REGISTER);
}

uint64_t next_pc(uint32_t instruction, uint64_t pc, const struct next_registers *registers)
{
    uint64_t target;
    if (is_within(instruction, IMMEDIATE_MASK, IMMEDIATE)) {
        return target_of(instruction, IMM26, pc);
    }
    if (next_is_conditional(instruction, pc, &target)) {
        return holds(instruction, registers) ? target : pc + INSN_BYTES;
    }
    return branches_to_register(instruction, registers, &target) ? target : pc + INSN_BYTES;
}

/* Without the compare and swap of pairs, which has a place among them. */
static bool is_exclusive(uint32_t instruction)
{
    const bool is_casp = (instruction & EXCLUSIVE_PAIR) != 0 && (instruction & IS_64) == 0;
    return is_within(instruction, EXCLUSIVE_MASK, EXCLUSIVE) && !is_casp;
}

bool next_is_load_exclusive(uint32_t instruction)
{
    return is_exclusive(instruction) && (instruction & EXCLUSIVE_LOAD) != 0;
}

bool next_is_store_exclusive(uint32_t instruction)
{
    return is_exclusive(instruction) && (instruction & EXCLUSIVE_LOAD) == 0;
}
