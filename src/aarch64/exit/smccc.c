/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * SMCCC dispatch, the Arm architecture service, calls that the VMM answers, and calls that go to the firmware.
 */
#include "aarch64/exit/smccc.h"

#include <libvmm/arch/aarch64/smc.h>
#include <libvmm/util/util.h>

#include "aarch64/exit/psci.h"
#include "aarch64/exit/trng.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "vm/vm.h"

#define INSTRUCTION_BYTES 4

static struct smccc_call current_call(struct vcpu *vcpu)
{
    vcpu_regs_fetch(vcpu, VCPU_REGS_X3);
    const seL4_UserContext *context = vcpu->regs.context;
    struct smccc_call call = {
        .function = (uint32_t)(context->x0 & ~SMCCC_SVE_HINT),
        .args = {context->x1, context->x2, context->x3},
    };
    if ((call.function & SMCCC_64) == 0) {
        for (size_t i = 0; i < ARRAY_SIZE(call.args); i++) {
            call.args[i] = (uint32_t)call.args[i];
        }
    }
    return call;
}

/* Whether the VMM's list has a function. */
static bool is_listed(const struct vm *vm, uint32_t function)
{
    for (size_t i = 0; i < vm->hooks.forwarded_count; i++) {
        if (vm->hooks.forwarded[i] == function) {
            return true;
        }
    }
    return false;
}

static int64_t arch_service(const struct smccc_call *call)
{
    switch (call->function) {
    case SMCCC_VERSION:
        return SMCCC_VERSION_1_2;
    case SMCCC_ARCH_FEATURES:
        return call->args[0] == SMCCC_VERSION || call->args[0] == SMCCC_ARCH_FEATURES ? SMCCC_SUCCESS
                                                                                      : SMCCC_NOT_SUPPORTED;
    default:
        return SMCCC_NOT_SUPPORTED;
    }
}

/* A function of the architecture that is listed, or the question whether it is there: only the firmware knows. */
static bool is_for_firmware(const struct vm *vm, const struct smccc_call *call)
{
    const uint64_t function = call->function == SMCCC_ARCH_FEATURES ? call->args[0] : call->function;
    return function != SMCCC_VERSION && function != SMCCC_ARCH_FEATURES &&
           field_get(SMCCC_OWNER, function) == SMCCC_OWNER_ARCH && is_listed(vm, (uint32_t)function);
}

/* Whether a handler of the VMM has answered, with the registers as it left them. */
static bool vmm_service(struct vcpu *vcpu, const struct smccc_call *call, smc_sip_handler_t handler)
{
    seL4_UserContext before;
    if (handler == NULL) {
        return false;
    }
    vcpu_regs_lend(vcpu, &before);
    if (!handler(vcpu->id, vcpu->regs.context, field_get(SMCCC_NUMBER, call->function))) {
        *vcpu->regs.context = before;
        return false;
    }
    vcpu_regs_take_back(vcpu, &before, INSTRUCTION_BYTES);
    return true;
}

/* The result of a call, and on behind its instruction. */
static void answer(struct vcpu *vcpu, int64_t result)
{
    vcpu_regs_set(vcpu, 0, (uint64_t)result);
    vcpu_regs_advance(vcpu, INSTRUCTION_BYTES);
}

/* The handler of the VMM for calls of an owner, or NULL. */
static smc_sip_handler_t handler_of(const struct vm *vm, const struct smccc_call *call)
{
    switch (field_get(SMCCC_OWNER, call->function)) {
    case SMCCC_OWNER_ARCH:
        return is_for_firmware(vm, call) ? smc_sip_forward : NULL;
    case SMCCC_OWNER_SIP:
        return vm->hooks.sip;
    case SMCCC_OWNER_OEM:
        return vm->hooks.oem;
    default:
        return NULL;
    }
}

void smccc_handle(struct vm *vm, struct vcpu *vcpu)
{
    const struct smccc_call call = current_call(vcpu);
    const uint64_t owner = field_get(SMCCC_OWNER, call.function);
    if (owner == SMCCC_OWNER_STANDARD) {
        answer(vcpu, trng_owns(call.function) ? trng_call(vm, vcpu, &call) : psci_call(vm, vcpu, &call));
    } else if (!vmm_service(vcpu, &call, handler_of(vm, &call))) {
        answer(vcpu, owner == SMCCC_OWNER_ARCH ? arch_service(&call) : SMCCC_NOT_SUPPORTED);
    }
}

void smccc_refuse(struct vcpu *vcpu)
{
    answer(vcpu, SMCCC_NOT_SUPPORTED);
}

static bool set_handler(const char *function, smc_sip_handler_t *which, smc_sip_handler_t handler)
{
    if (handler == NULL || *which != NULL) {
        LOG_VMM_ERR("%s: %s\n", function, handler == NULL ? "no handler" : "there is a handler already");
        return false;
    }
    *which = handler;
    return true;
}

bool smc_register_sip_handler(smc_sip_handler_t handler)
{
    return set_handler("smc_register_sip_handler", &vm_instance()->hooks.sip, handler);
}

bool smc_register_oem_handler(smc_sip_handler_t handler)
{
    return set_handler("smc_register_oem_handler", &vm_instance()->hooks.oem, handler);
}

bool smc_forward_only(const uint32_t *functions, size_t count)
{
    struct vm_hooks *hooks = &vm_instance()->hooks;
    if (functions == NULL) {
        LOG_VMM_ERR("smc_forward_only: no list given\n");
        return false;
    }
    hooks->forwarded = functions;
    hooks->forwarded_count = count;
    return true;
}

bool smc_sip_forward(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    const struct vm *vm = vm_instance();
    (void)vcpu_id;
    (void)fn_number;
    const struct smccc_call call = {
        .function = (uint32_t)(regs->x0 & ~SMCCC_SVE_HINT),
        .args = {(uint32_t)regs->x1},
    };
    if (vm->hooks.forwarded != NULL && !is_listed(vm, call.function) && !is_for_firmware(vm, &call)) {
        return false;
    }
    seL4_ARM_SMCContext args = {
        .x0 = regs->x0,
        .x1 = regs->x1,
        .x2 = regs->x2,
        .x3 = regs->x3,
        .x4 = regs->x4,
        .x5 = regs->x5,
        .x6 = regs->x6,
        .x7 = regs->x7,
    };
    seL4_ARM_SMCContext response = {0};
    microkit_arm_smc_call(&args, &response);
    regs->x0 = response.x0;
    regs->x1 = response.x1;
    regs->x2 = response.x2;
    regs->x3 = response.x3;
    regs->x4 = response.x4;
    regs->x5 = response.x5;
    regs->x6 = response.x6;
    regs->x7 = response.x7;
    return true;
}
