/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Exception syndromes: ESR_EL2 as a fault message carries it [Arm ARM D17.2.37, D19.2.37 in later issues].
 *
 * Left out: AArch32's condition codes (a conditional access that fails its condition does not trap).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/field.h"

#define ESR_EC  FIELD(31, 26)
#define ESR_IL  BIT(25)
#define ESR_ISS FIELD(24, 0)

enum esr_ec {
    ESR_EC_UNKNOWN = 0x00,
    ESR_EC_WFX = 0x01,
    ESR_EC_FP = 0x07,
    ESR_EC_HVC64 = 0x16,
    ESR_EC_SMC32 = 0x13,
    ESR_EC_SMC64 = 0x17,
    ESR_EC_SYSREG = 0x18,
    ESR_EC_SVE = 0x19,
    ESR_EC_FETCH_LOWER = 0x20,
    ESR_EC_FETCH_SAME = 0x21,
    ESR_EC_DATA_LOWER = 0x24,
    ESR_EC_DATA_SAME = 0x25,
    ESR_EC_COUNT = 0x40,
};

/* ISS of a data abort. */
#define DABT_ISV   BIT(24)
#define DABT_SAS   FIELD(23, 22)
#define DABT_SSE   BIT(21)
#define DABT_SRT   FIELD(20, 16)
#define DABT_SF    BIT(15)
#define DABT_AR    BIT(14)
#define DABT_FNV   BIT(10)
#define DABT_CM    BIT(8)
#define DABT_S1PTW BIT(7) /* of an instruction abort too */
#define DABT_WNR   BIT(6)
#define DABT_FSC   FIELD(5, 0)

/* Fault status codes that stage 2 can give for want of a mapping: bits 5:2. */
#define FSC_CLASS             FIELD(5, 2)
#define FSC_CLASS_TRANSLATION 1
#define FSC_CLASS_ACCESS_FLAG 2
#define FSC_CLASS_PERMISSION  3
#define FSC_EXTERNAL_ABORT    0x10
#define FSC_EXTERNAL_WALK     0x14 /* plus the level of the table */
#define FSC_ALIGNMENT         0x21

/* ISS of a trapped WFI or WFE. */
#define WFX_TI FIELD(1, 0)

enum wfx_ti {
    WFX_TI_WFI = 0,
    WFX_TI_WFE = 1,
    WFX_TI_WFIT = 2,
    WFX_TI_WFET = 3,
};

/* ISS of SMC and HVC. */
#define CALL_IMMEDIATE FIELD(15, 0)

static inline enum esr_ec esr_ec(uint64_t esr)
{
    return (enum esr_ec)field_get(ESR_EC, esr);
}

/* Bytes of the trapped instruction. */
static inline uint32_t esr_instruction_bytes(uint64_t esr)
{
    return (esr & ESR_IL) != 0 ? 4 : 2;
}

static inline bool dabt_is_write(uint64_t esr)
{
    return (esr & DABT_WNR) != 0;
}

/* Bytes accessed, 1 to 8. Only with DABT_ISV. */
static inline uint8_t dabt_width_bytes(uint64_t esr)
{
    return (uint8_t)(1u << field_get(DABT_SAS, esr));
}

/* Register of an instruction, 0 to 31. Only with DABT_ISV. */
static inline uint32_t dabt_register(uint64_t esr)
{
    return field_get32(DABT_SRT, esr);
}

/* `value` without the bits beyond the width of the access. */
static inline uint64_t dabt_truncate(uint64_t esr, uint64_t value)
{
    const uint32_t unused_bits = 64 - (8u << field_get(DABT_SAS, esr));
    return value << unused_bits >> unused_bits;
}

/* What a load of `value` leaves in its destination, all 64 bits of it, when it extends the sign. */
uint64_t dabt_sign_extend(uint64_t esr, uint64_t value);

/* What a load of `value` leaves in its destination, all 64 bits of it. */
static inline uint64_t dabt_extend(uint64_t esr, uint64_t value)
{
    return (esr & DABT_SSE) == 0 ? dabt_truncate(esr, value) : dabt_sign_extend(esr, value);
}
