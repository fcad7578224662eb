/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Exception syndromes: ESR_ELx [Arm ARM D17.2.37, D19.2.37 in later issues].
 */
#pragma once

#include "spec/bits.h"

#define ESR_EC  FIELD(31, 26)
#define ESR_IL  BIT(25)
#define ESR_ISS FIELD(24, 0)

enum esr_ec {
    ESR_EC_UNKNOWN = 0x00,
    ESR_EC_WFX = 0x01,
    ESR_EC_FP = 0x07,
    ESR_EC_ILLEGAL_STATE = 0x0e,
    ESR_EC_SMC32 = 0x13,
    ESR_EC_SVC64 = 0x15,
    ESR_EC_HVC64 = 0x16,
    ESR_EC_SMC64 = 0x17,
    ESR_EC_SYSREG = 0x18,
    ESR_EC_SVE = 0x19,
    ESR_EC_FETCH_LOWER = 0x20,
    ESR_EC_FETCH_SAME = 0x21,
    ESR_EC_PC_ALIGNMENT = 0x22,
    ESR_EC_DATA_LOWER = 0x24,
    ESR_EC_DATA_SAME = 0x25,
    ESR_EC_SP_ALIGNMENT = 0x26,
    ESR_EC_SERROR = 0x2f,
    ESR_EC_BREAKPOINT_LOWER = 0x30,
    ESR_EC_BREAKPOINT_SAME = 0x31,
    ESR_EC_STEP_LOWER = 0x32,
    ESR_EC_STEP_SAME = 0x33,
    ESR_EC_WATCHPOINT_LOWER = 0x34,
    ESR_EC_WATCHPOINT_SAME = 0x35,
    ESR_EC_BRK64 = 0x3c,
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
