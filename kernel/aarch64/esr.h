/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Exception syndromes [Arm ARM D17.2.37, ESR_EL2].
 */
#ifndef KERNEL_ARCH_ESR_H
#define KERNEL_ARCH_ESR_H

#include "kernel/core/types.h"

enum esr_class {
    ESR_WFX = 0x01,
    ESR_FP = 0x07,
    ESR_SVC64 = 0x15,
    ESR_HVC64 = 0x16,
    ESR_SMC64 = 0x17,
    ESR_SYSREG = 0x18,
    ESR_FETCH_ABORT = 0x20,
    ESR_PC_ALIGNMENT = 0x22,
    ESR_DATA_ABORT = 0x24,
    ESR_SP_ALIGNMENT = 0x26,
    ESR_SERROR = 0x2f,
    ESR_BREAK = 0x3c,
};

static inline unsigned esr_class(uint64_t esr)
{
    return (unsigned)BITS_GET(31, 26, esr);
}

static inline uint64_t esr_iss(uint64_t esr)
{
    return BITS_GET(24, 0, esr);
}

static inline bool esr_is_write(uint64_t esr)
{
    return (esr & BIT(6)) != 0;
}

static inline bool esr_is_permission_fault(uint64_t esr)
{
    return BITS_GET(5, 2, esr) == 3;
}

static inline bool esr_is_stage1_walk(uint64_t esr)
{
    return (esr & BIT(7)) != 0;
}

/* ESR_EL2 of "svc #number" in AArch64 state. */
#define ESR_SVC64_OF(number) ((uint64_t)ESR_SVC64 << 26 | BIT(25) | (number))

/* Whether HPFAR_EL2 tells the address: not for permission faults [Arm ARM D17.2.62]. */
static inline bool esr_has_fault_ipa(uint64_t esr)
{
    return !esr_is_permission_fault(esr) || esr_is_stage1_walk(esr);
}

/* Of a trapped WFI or WFE [Arm ARM D17.2.37, ISS.TI]. */
static inline bool esr_is_wfe(uint64_t esr)
{
    return (esr & 1) != 0;
}

/* A trapped access to a system register of CRn 12: of the interrupt controller. */
static inline bool esr_is_interrupt_register(uint64_t esr)
{
    return BITS_GET(21, 20, esr) == 3 && BITS_GET(13, 10, esr) == 12;
}

/* The cause in words. */
const char *esr_cause(uint64_t esr);

#endif
