/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the VMM's own fault handlers use to look into an access and to complete a load.
 */
#include <libvmm/arch/aarch64/fault.h>

#include "aarch64/exit/syndrome.h"
#include "aarch64/vcpu/vcpu_regs.h"

#define WORD_OFFSET FIELD(1, 0)

/* Bits by which an access of less than 8 bytes is shifted within its aligned 32-bit word. */
static unsigned lane_shift(uint64_t addr, uint64_t fsr)
{
    return dabt_width_bytes(fsr) == 8 ? 0 : 8 * (unsigned)field_get(WORD_OFFSET, addr);
}

bool fault_is_read(uint64_t fsr)
{
    return !dabt_is_write(fsr);
}

bool fault_is_write(uint64_t fsr)
{
    return dabt_is_write(fsr);
}

uint64_t fault_get_data_mask(uint64_t addr, uint64_t fsr)
{
    return dabt_truncate(fsr, ~UINT64_C(0)) << lane_shift(addr, fsr);
}

uint64_t fault_get_data(seL4_UserContext *regs, uint64_t fsr)
{
    const uint32_t n = dabt_register(fsr);
    return n == VCPU_REG_ZERO ? 0 : dabt_truncate(fsr, *vcpu_regs_in(regs, n));
}

void fault_emulate_write(seL4_UserContext *regs, size_t addr, size_t fsr, size_t reg_val)
{
    const uint32_t n = dabt_register(fsr);
    if (n != VCPU_REG_ZERO && fault_is_read(fsr)) {
        *vcpu_regs_in(regs, n) = dabt_extend(fsr, reg_val >> lane_shift(addr, fsr));
    }
}
