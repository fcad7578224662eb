/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Calls of the guest to firmware in the range of the silicon provider (SiP) [SMCCC 6]. All others the library answers
 * itself: PSCI, the Arm architecture service, and NOT_SUPPORTED.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <microkit.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Answers a SiP service call.
 *
 * @param vcpu_id    vCPU that calls.
 * @param regs       its registers: the function identifier in x0, arguments from x1 on; results go to x0 to x3. What
 *                   the handler changes is written back; the PC is advanced for it.
 * @param fn_number  bits 15:0 of the function identifier.
 * @return false when there is no such function: the guest then gets NOT_SUPPORTED.
 */
typedef bool (*smc_sip_handler_t)(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number);

/**
 * Registers the handler of SiP service calls, by SMC or HVC. There is one.
 *
 * @param handler  called from within fault_handle.
 * @return false, with a line in the log, when handler is NULL or one is registered already.
 */
bool smc_register_sip_handler(smc_sip_handler_t handler);

/**
 * Passes a call on to the firmware, x0 to x7 each way; itself a handler for smc_register_sip_handler. Only for a PD
 * with smc="true" in the system description. The guest reaches every SiP function of the firmware with it.
 *
 * @param vcpu_id    vCPU that calls.
 * @param regs       its registers.
 * @param fn_number  not looked at.
 * @return true.
 */
bool smc_sip_forward(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number);

#ifdef __cplusplus
}
#endif
