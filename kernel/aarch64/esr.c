/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Exception syndromes in words; see esr.h.
 */
#include "kernel/aarch64/esr.h"

const char *esr_cause(uint64_t esr)
{
    switch (esr_class(esr)) {
    case ESR_PC_ALIGNMENT:
        return "unaligned program counter";
    case ESR_SP_ALIGNMENT:
        return "unaligned stack pointer";
    case ESR_SERROR:
        return "asynchronous external abort";
    case ESR_BREAK:
        return "breakpoint instruction";
    case ESR_FP:
        return "use of FP or SIMD registers, which the system description denies";
    case ESR_SYSREG:
        return "access to a system register";
    case 0:
        return "undefined instruction";
    default:
        return "exception";
    }
}
