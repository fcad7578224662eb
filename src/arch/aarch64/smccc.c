/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * SMCCC dispatch, the Arm architecture service, and SiP calls.
 */
#include "arch/aarch64/smccc.h"

#include <libvmm/arch/aarch64/smc.h>
#include <libvmm/util/util.h>

#include "arch/aarch64/psci.h"
#include "arch/aarch64/vcpu_regs.h"
#include "core/vm.h"

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

/* Whether the VMM's handler has answered, with the registers as it left them. */
static bool sip_service(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    seL4_UserContext before;
    if (vm->hooks.sip == NULL) {
        return false;
    }
    vcpu_regs_lend(vcpu, &before);
    if (!vm->hooks.sip(vcpu->id, vcpu->regs.context, field_get(SMCCC_NUMBER, call->function))) {
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

void smccc_handle(struct vm *vm, struct vcpu *vcpu)
{
    const struct smccc_call call = current_call(vcpu);
    int64_t result = SMCCC_NOT_SUPPORTED;
    switch (field_get(SMCCC_OWNER, call.function)) {
    case SMCCC_OWNER_STANDARD:
        result = psci_call(vm, vcpu, &call);
        break;
    case SMCCC_OWNER_ARCH:
        result = arch_service(&call);
        break;
    case SMCCC_OWNER_SIP:
        if (sip_service(vm, vcpu, &call)) {
            return;
        }
        break;
    default:
        break;
    }
    answer(vcpu, result);
}

void smccc_refuse(struct vcpu *vcpu)
{
    answer(vcpu, SMCCC_NOT_SUPPORTED);
}

bool smc_register_sip_handler(smc_sip_handler_t handler)
{
    struct vm *vm = vm_instance();
    if (handler == NULL || vm->hooks.sip != NULL) {
        LOG_VMM_ERR("smc_register_sip_handler: %s\n", handler == NULL ? "no handler" : "there is a handler already");
        return false;
    }
    vm->hooks.sip = handler;
    return true;
}

bool smc_sip_forward(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    (void)vcpu_id;
    (void)fn_number;
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
