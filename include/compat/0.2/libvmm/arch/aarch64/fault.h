/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What libvmm 0.2 has for handlers of faults beyond the library's own calls.
 */
#pragma once

#include_next <libvmm/arch/aarch64/fault.h>

#include "../../compat.h"

#define COMPAT02_INSTRUCTION_BYTES 4
#define COMPAT02_ZERO_REGISTER     31

/** Bytes of an access, from its syndrome [Arm ARM D17.2.37, ISS.SAS]. */
COMPAT02_UNUSED static int fault_get_width_bytes(uint64_t fsr)
{
    return 1 << (fsr >> 22 & 3);
}

/** Where a general register's value is, 0 to 31; 31 is the zero register. */
COMPAT02_UNUSED static seL4_Word *decode_rt(size_t reg_idx, seL4_UserContext *regs)
{
    static seL4_Word zero;
    seL4_Word *const registers[COMPAT02_ZERO_REGISTER] = {
        &regs->x0,  &regs->x1,  &regs->x2,  &regs->x3,  &regs->x4,  &regs->x5,  &regs->x6,  &regs->x7,
        &regs->x8,  &regs->x9,  &regs->x10, &regs->x11, &regs->x12, &regs->x13, &regs->x14, &regs->x15,
        &regs->x16, &regs->x17, &regs->x18, &regs->x19, &regs->x20, &regs->x21, &regs->x22, &regs->x23,
        &regs->x24, &regs->x25, &regs->x26, &regs->x27, &regs->x28, &regs->x29, &regs->x30,
    };
    zero = 0;
    return reg_idx < COMPAT02_ZERO_REGISTER ? registers[reg_idx] : &zero;
}

/**
 * Writes a vCPU's registers back with the program counter past the instruction that faulted.
 *
 * @param regs_size  how many registers, in the order of seL4_UserContext.
 */
COMPAT02_UNUSED static bool fault_advance_vcpu(size_t vcpu_id, seL4_UserContext *regs, size_t regs_size)
{
    regs->pc += COMPAT02_INSTRUCTION_BYTES;
    return seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu_id, false, 0, regs_size, regs) == seL4_NoError;
}

/**
 * Completes an access that a program has emulated itself, and goes on after it.
 *
 * @param reg_val  for a load, the value of the aligned 32-bit word, or the 64 bits of an 8-byte access; else ignored.
 */
COMPAT02_UNUSED static bool fault_advance(size_t vcpu_id, seL4_UserContext *regs, uint64_t addr, uint64_t fsr,
                                          uint64_t reg_val)
{
    fault_emulate_write(regs, (size_t)addr, (size_t)fsr, (size_t)reg_val);
    return fault_advance_vcpu(vcpu_id, regs, sizeof(seL4_UserContext) / sizeof(seL4_Word));
}

/**
 * What an access makes of a register: the destination of a load, or the device's register after a store.
 *
 * @param reg      its value before.
 * @param reg_val  for a load, the device's word; for a store, the word that is stored.
 */
COMPAT02_UNUSED static uint64_t fault_emulate(seL4_UserContext *regs, uint64_t reg, uint64_t addr, uint64_t fsr,
                                              uint64_t reg_val)
{
    const uint64_t mask = fault_get_data_mask(addr, fsr);
    if (fault_is_write(fsr)) {
        return (reg & ~mask) | (reg_val & mask);
    }
    seL4_UserContext scratch = *regs;
    seL4_Word *const rt = decode_rt((size_t)(fsr >> 16 & 0x1f), &scratch); /* ISS.SRT */
    *rt = reg;
    fault_emulate_write(&scratch, (size_t)addr, (size_t)fsr, (size_t)reg_val);
    return *rt;
}

/** The name of a fault, by the label of its message. */
COMPAT02_UNUSED static char *fault_to_string(seL4_Word label)
{
    switch (label) {
    case seL4_Fault_VMFault:
        return (char *)"virtual memory exception";
    case seL4_Fault_UnknownSyscall:
        return (char *)"unknown syscall";
    case seL4_Fault_UserException:
        return (char *)"user exception";
    case seL4_Fault_VGICMaintenance:
        return (char *)"VGIC maintenance";
    case seL4_Fault_VCPUFault:
        return (char *)"VCPU fault";
    case seL4_Fault_VPPIEvent:
        return (char *)"VPPI event";
    default:
        return (char *)"unknown fault";
    }
}
