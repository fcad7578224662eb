/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Faults of a guest, and the VMM's own handlers for guest-physical ranges in which nothing is mapped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Handles a fault of a vCPU. The VMM's fault() calls it and replies when it answers true:
 *
 *     seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
 *     {
 *         if (!fault_handle(child, msginfo)) {
 *             return seL4_False;
 *         }
 *         *reply_msginfo = microkit_msginfo_new(0, 0);
 *         return seL4_True;
 *     }
 *
 * Nothing that a guest does makes it crash or hang. It reads the message registers, so nothing else may have used them
 * since fault() was entered.
 *
 * @param vcpu_id  vCPU that faulted.
 * @param msginfo  as fault() got it.
 * @return true when the vCPU is to go on; false when it is to stay blocked (it waits for an interrupt, is off, or has
 *         been restarted already).
 */
bool fault_handle(size_t vcpu_id, microkit_msginfo msginfo);

/**
 * A handler of the VMM for loads and stores in a range of guest-physical addresses.
 *
 * @param vcpu_id  vCPU that accesses.
 * @param offset   from the range's base, in bytes.
 * @param fsr      syndrome (ESR_EL2) of the access, for fault_is_read and the other functions below.
 * @param regs     all registers of the vCPU. What the handler changes is written back; the PC is advanced for it
 *                 unless it sets the PC itself.
 * @param data     as registered.
 * @return false when nothing is at that place: the guest then gets an external abort.
 */
typedef bool (*vm_exception_handler_t)(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data);

/**
 * Registers a handler for the guest-physical range [base, base + size).
 *
 * @param base      guest-physical address.
 * @param size      in bytes, not 0.
 * @param callback  called from within fault_handle.
 * @param data      passed to it.
 * @return false, with a line in the log, when the range is empty, wraps, or overlaps another emulated range or the
 *         guest's RAM, or when there is no room for more handlers.
 */
bool fault_register_vm_exception_handler(uintptr_t base, size_t size, vm_exception_handler_t callback, void *data);

/** Whether the access is a load. @param fsr syndrome of a data abort. */
bool fault_is_read(uint64_t fsr);

/** Whether the access is a store. @param fsr syndrome of a data abort. */
bool fault_is_write(uint64_t fsr);

/**
 * The value that a store writes, zero-extended from the width of the access.
 *
 * @param regs  the vCPU's registers.
 * @param fsr   syndrome of a data abort.
 */
uint64_t fault_get_data(seL4_UserContext *regs, uint64_t fsr);

/**
 * Which bits of the aligned 32-bit word at (addr & ~3) the access covers. An 8-byte access covers all 64 bits from addr
 * on.
 *
 * @param addr  address or offset of the access.
 * @param fsr   syndrome of a data abort.
 */
uint64_t fault_get_data_mask(uint64_t addr, uint64_t fsr);

/**
 * Completes a load: puts the loaded value into the destination register, sign- or zero-extended as the instruction
 * says; a 32-bit destination has its upper half cleared; a load into xzr is dropped. Does nothing for a store.
 *
 * @param regs     the vCPU's registers.
 * @param addr     address or offset of the access; its low two bits choose the bytes out of reg_val.
 * @param fsr      syndrome of a data abort.
 * @param reg_val  value of the aligned 32-bit word at (addr & ~3), or the 64 bits of an 8-byte access.
 */
void fault_emulate_write(seL4_UserContext *regs, size_t addr, size_t fsr, size_t reg_val);

#ifdef __cplusplus
}
#endif
