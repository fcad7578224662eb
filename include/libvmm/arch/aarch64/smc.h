/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Calls of the guest to firmware, by SMC or HVC [SMCCC 6]. PSCI and the calling convention's own functions the library
 * answers itself. Those of the silicon provider (SiP) and of the OEM are the VMM's, random numbers (TRNG) come from a
 * source of the VMM's, and what only firmware knows can be passed on to it. Every other function is NOT_SUPPORTED.
 *
 * All functions here may be called from every entry point of the VMM.
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
 * Answers a SiP or OEM service call.
 *
 * @param vcpu_id    vCPU that calls.
 * @param regs       its registers: the function identifier in x0, arguments from x1 on; results go to x0 to x3. What
 *                   the handler changes is written back; the PC is advanced for it.
 * @param fn_number  bits 15:0 of the function identifier.
 * @return false when there is no such function: the guest then gets NOT_SUPPORTED.
 */
typedef bool (*smc_sip_handler_t)(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number);

/**
 * Registers the handler of SiP service calls. There is one.
 *
 * @param handler  called from within fault_handle.
 * @return false, with a line in the log, when handler is NULL or one is registered already.
 */
bool smc_register_sip_handler(smc_sip_handler_t handler);

/** The same for OEM service calls. */
bool smc_register_oem_handler(smc_sip_handler_t handler);

/**
 * Passes a call on to the firmware, x0 to x7 each way; itself a handler for the two functions above. Only for a PD with
 * smc="true" in the system description. Without a list (smc_forward_only) the guest reaches every function of the
 * range with it.
 *
 * @param vcpu_id    vCPU that calls.
 * @param regs       its registers.
 * @param fn_number  not looked at.
 * @return false when there is a list and the function is not in it.
 */
bool smc_sip_forward(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number);

/**
 * Lists the functions that may be passed on to the firmware: the only ones that smc_sip_forward lets through. Those of
 * the Arm architecture service among them (SMCCC_ARCH_SOC_ID 0x80000002, SMCCC_ARCH_WORKAROUND_1 0x80008000, _2
 * 0x80007fff and _3 0x80003fff) are passed on, and so is the question whether they are there; without that the guest is
 * told NOT_SUPPORTED. Only for a PD with smc="true". A second list replaces the first.
 *
 * @param functions  function identifiers, not copied.
 * @param count      how many; 0: none.
 * @return false, with a line in the log, when functions is NULL.
 */
bool smc_forward_only(const uint32_t *functions, size_t count);

#define SMC_UUID_BYTES 16

/**
 * Gives random bytes.
 *
 * @param bytes       to be filled, all of them from a source fit for cryptographic keys.
 * @param size_bytes  1 to 24.
 * @param cookie      as registered.
 * @return false when there is not enough entropy now: the guest asks again.
 */
typedef bool (*smc_trng_source_t)(uint8_t *bytes, size_t size_bytes, void *cookie);

/**
 * Gives the guest random numbers through the firmware's TRNG interface [TRNG]. Linux uses it to seed its own generator.
 * A second source replaces the first.
 *
 * @param uuid    names the source, in the order in which a UUID is written; copied. Its first four bytes are not all
 *                0xff.
 * @param source  called from within fault_handle.
 * @param cookie  passed to it.
 * @return false, with a line in the log, when uuid or source is NULL or the UUID is not one.
 */
bool smc_register_trng(const uint8_t uuid[SMC_UUID_BYTES], smc_trng_source_t source, void *cookie);

#ifdef __cplusplus
}
#endif
