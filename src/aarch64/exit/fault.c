/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Fault entry: a table by label, then a table by exception class. Behind it every path is a straight line.
 *
 * Invariant: fault_handle writes registers back once, at its end, and not at all when the vCPU has been restarted or
 * stopped meanwhile. Nothing here asserts, loops on guest input, or trusts a field of a message beyond its width.
 *
 * Left out: loads and stores that neither the hardware describes nor emulate.h can tell; the guest gets an external
 * abort.
 */
#include <libvmm/arch/aarch64/fault.h>

#include <libvmm/util/util.h>

#include "aarch64/exit/inject.h"
#include "aarch64/exit/smccc.h"
#include "aarch64/exit/syndrome.h"
#include "aarch64/exit/sysreg.h"
#include "aarch64/exit/wfx.h"
#include "aarch64/insn/emulate.h"
#include "aarch64/vcpu/reset_stub.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "aarch64/vcpu/vcpu_timer.h"
#include "vm/vm.h"

#define PAGE_MASK FIELD(63, 12)

typedef void (*label_handler_t)(struct vm *vm, struct vcpu *vcpu);
typedef void (*class_handler_t)(struct vm *vm, struct vcpu *vcpu, uint64_t esr);

static COLD void refuse_access(struct vm *vm, struct vcpu *vcpu, enum guest_error_kind kind, uint64_t place, gpa_t at)
{
    if (vm->reset_stub.under_way && reset_stub_takes_exit(vm, vcpu, false)) {
        return;
    }
    guest_error(vm, vcpu->id, kind, place, kind == GUEST_ERROR_NO_SYNDROME ? at.value : vcpu->regs.context->pc);
    inject_external_abort(vm, vcpu, vcpu->fsr, at);
}

/* The guest's tables lead to a table where nothing is. */
static COLD void refuse_walk(struct vm *vm, struct vcpu *vcpu, gpa_t at)
{
    uint64_t va;
    uint32_t level;
    if (!emulate_find_walk(vm, vcpu, esr_ec(vcpu->fsr) == ESR_EC_FETCH_LOWER, &va, &level)) {
        refuse_access(vm, vcpu, GUEST_ERROR_NO_SYNDROME, vcpu->regs.context->pc, at);
        return;
    }
    guest_error(vm, vcpu->id, GUEST_ERROR_ACCESS_NOTHING, at.value & PAGE_MASK, vcpu->regs.context->pc);
    inject_abort(vcpu, vcpu->fsr, FSC_EXTERNAL_WALK + level, va);
}

/* `known`: the virtual address, or NULL. Where it cannot be told, an alignment fault cannot be described. */
static COLD void refuse_alignment(struct vm *vm, struct vcpu *vcpu, const uint64_t *known, gpa_t at)
{
    uint64_t va = known == NULL ? 0 : *known;
    guest_error(vm, vcpu->id, GUEST_ERROR_DEVICE, at.value, vcpu->regs.context->pc);
    if (known != NULL || emulate_find_address(vm, vcpu, at, &va)) {
        inject_abort(vcpu, vcpu->fsr, FSC_ALIGNMENT, va);
    } else {
        inject_external_abort(vm, vcpu, vcpu->fsr, at);
    }
}

/* An access that the hardware does not describe. */
static COLD void emulate(struct vm *vm, struct vcpu *vcpu, gpa_t at)
{
    struct emulate_place place;
    switch (emulate_load_store(vm, vcpu, &place)) {
    case EMULATE_DONE:
        break;
    case EMULATE_NOTHING:
        guest_error(vm, vcpu->id, GUEST_ERROR_ACCESS_NOTHING, place.at.value & PAGE_MASK, vcpu->regs.context->pc);
        inject_abort(vcpu, vcpu->fsr, FSC_EXTERNAL_ABORT, place.va);
        break;
    case EMULATE_MISALIGNED:
        refuse_alignment(vm, vcpu, &place.va, place.at);
        break;
    case EMULATE_IMPOSSIBLE:
        refuse_access(vm, vcpu, GUEST_ERROR_NO_SYNDROME, vcpu->regs.context->pc, at);
        break;
    }
}

/* What becomes of an access that a device has not simply handled; whether it is to be completed all the same. */
static COLD bool settle_access(struct vm *vm, struct vcpu *vcpu, gpa_t at, enum mmio_result result)
{
    switch (result) {
    case MMIO_UNHANDLED:
        refuse_access(vm, vcpu, GUEST_ERROR_ACCESS_NOTHING, at.value & PAGE_MASK, at);
        return false;
    case MMIO_MISALIGNED:
        refuse_alignment(vm, vcpu, NULL, at);
        return false;
    case MMIO_MOVED:
        return false;
    case MMIO_GUEST_ERROR:
        guest_error(vm, vcpu->id, GUEST_ERROR_DEVICE, at.value, vcpu->regs.context->pc);
        break;
    case MMIO_HANDLED:
        break;
    }
    return true;
}

/* What the device has answered, for the vCPU to see. */
static void complete_access(struct vm *vm, struct vcpu *vcpu, gpa_t at, const struct mmio_access *access,
                            enum mmio_result result)
{
    const uint64_t esr = vcpu->fsr;
    if (result != MMIO_HANDLED && !settle_access(vm, vcpu, at, result)) {
        return;
    }
    if (!access->is_write) {
        vcpu_regs_set(vcpu, dabt_register(esr), dabt_extend(esr, access->value));
    }
    vcpu_regs_advance(vcpu, esr_instruction_bytes(esr));
}

static void data_abort(struct vm *vm, struct vcpu *vcpu, gpa_t at)
{
    const uint64_t esr = vcpu->fsr;
    struct mmio_access access = {
        .vcpu_id = vcpu->id,
        .width_bytes = dabt_width_bytes(esr),
        .is_write = dabt_is_write(esr),
    };
    if (access.is_write) {
        access.value = dabt_truncate(esr, vcpu_regs_get(vcpu, dabt_register(esr)));
    }
    complete_access(vm, vcpu, at, &access, mmio_dispatch(&vm->mmio, at, &access));
}

static void handle_vm_fault(struct vm *vm, struct vcpu *vcpu)
{
    const gpa_t at = gpa(microkit_mr_get(seL4_VMFault_Addr));
    const uint64_t esr = microkit_mr_get(seL4_VMFault_FSR);
    vcpu->fsr = esr;
    vcpu_regs_begin_at(vcpu, VCPU_REGS_IN_PLACE ? 0 : microkit_mr_get(seL4_VMFault_IP));
    const bool is_data = esr_ec(esr) == ESR_EC_DATA_LOWER;
    if (is_data && (esr & DABT_ISV) != 0) {
        data_abort(vm, vcpu, at);
    } else if ((esr & DABT_S1PTW) != 0) {
        refuse_walk(vm, vcpu, at);
    } else if (!is_data) {
        refuse_access(vm, vcpu, GUEST_ERROR_FETCH_NOTHING, at.value & PAGE_MASK, at);
    } else if ((esr & DABT_CM) != 0) {
        /* Cache maintenance by address: there is no cache to maintain. */
        vcpu_regs_advance(vcpu, esr_instruction_bytes(esr));
    } else {
        emulate(vm, vcpu, at);
    }
}

static void handle_smc(struct vm *vm, struct vcpu *vcpu, uint64_t esr)
{
    if (vm->reset_stub.under_way && reset_stub_takes_exit(vm, vcpu, true)) {
        return;
    }
    if (field_get(CALL_IMMEDIATE, esr) == 0) {
        smccc_handle(vm, vcpu);
    } else if (vm->debugger == NULL || !vm->debugger->ops->breakpoint(vm->debugger, vcpu)) {
        smccc_refuse(vcpu);
    }
}

/* An event can still arrive for a vCPU that has just been stopped: it counts, but its reply must not resume it. */
static void begin_event(struct vcpu *vcpu)
{
    vcpu->exit = vcpu_is_on(vcpu) ? VCPU_HANDLING : VCPU_REPLACED;
}

/*
 * An SError is an event, not of the instruction that the vCPU is at, which may be waiting. No call of the Microkit can
 * make one pending in the guest.
 */
static COLD void handle_other_class(struct vm *vm, struct vcpu *vcpu, uint64_t esr)
{
    if (esr_ec(esr) == ESR_EC_SERROR) {
        begin_event(vcpu);
        guest_error(vm, vcpu->id, GUEST_ERROR_SERROR, esr, 0);
        return;
    }
    vcpu->fsr = esr;
    vcpu_regs_begin(vcpu);
    guest_error(vm, vcpu->id, GUEST_ERROR_TRAP, esr_ec(esr), esr);
    inject_undefined(vcpu);
}

static const class_handler_t class_handlers[ESR_EC_COUNT] = {
    [ESR_EC_WFX] = wfx_handle,
    [ESR_EC_SMC64] = handle_smc,
    [ESR_EC_SYSREG] = sysreg_handle,
};

static void handle_vcpu_fault(struct vm *vm, struct vcpu *vcpu)
{
    const uint64_t esr = microkit_mr_get(seL4_VCPUFault_HSR);
    const class_handler_t handler = class_handlers[esr_ec(esr)];
    if (handler == NULL) {
        handle_other_class(vm, vcpu, esr);
        return;
    }
    vcpu->fsr = esr;
    vcpu_regs_begin(vcpu);
    handler(vm, vcpu, esr);
}

/* HVC: the message carries x0 to x7 and the PC, which is that of the instruction. */
static void take_call_registers(struct vcpu *vcpu)
{
    seL4_UserContext *context = vcpu->regs.context;
    context->sp = microkit_mr_get(seL4_UnknownSyscall_SP);
    context->spsr = microkit_mr_get(seL4_UnknownSyscall_SPSR);
    context->x0 = microkit_mr_get(seL4_UnknownSyscall_X0);
    context->x1 = microkit_mr_get(seL4_UnknownSyscall_X1);
    context->x2 = microkit_mr_get(seL4_UnknownSyscall_X2);
    context->x3 = microkit_mr_get(seL4_UnknownSyscall_X3);
    vcpu->regs.valid = VCPU_REGS_X3;
}

static void handle_unknown_syscall(struct vm *vm, struct vcpu *vcpu)
{
    vcpu_regs_begin_at(vcpu, microkit_mr_get(seL4_UnknownSyscall_FaultIP));
    if (!VCPU_REGS_IN_PLACE) {
        take_call_registers(vcpu);
    }
    smccc_handle(vm, vcpu);
}

static void handle_vgic_maintenance(struct vm *vm, struct vcpu *vcpu)
{
    begin_event(vcpu);
    vgic_maintenance(&vm->vgic, vcpu->id, (int)microkit_mr_get(seL4_VGICMaintenance_IDX));
}

static void handle_vppi_event(struct vm *vm, struct vcpu *vcpu)
{
    begin_event(vcpu);
    vcpu_timer_event(vm, vcpu, microkit_mr_get(seL4_VPPIEvent_IRQ));
}

/* The kernel has found an instruction of the guest undefined. */
static void handle_user_exception(struct vm *vm, struct vcpu *vcpu)
{
    vcpu_regs_begin(vcpu);
    guest_error(vm, vcpu->id, GUEST_ERROR_FAULT, seL4_Fault_UserException, microkit_mr_get(seL4_UserException_FaultIP));
    inject_undefined(vcpu);
}

/* The vCPU has used its budget: it goes on with the next one. */
static void handle_timeout(struct vm *vm, struct vcpu *vcpu)
{
    (void)vm;
    (void)vcpu;
}

static const label_handler_t label_handlers[] = {
    [seL4_Fault_UnknownSyscall] = handle_unknown_syscall,
    [seL4_Fault_UserException] = handle_user_exception,
    [seL4_Fault_Timeout] = handle_timeout,
    [seL4_Fault_VMFault] = handle_vm_fault,
    [seL4_Fault_VGICMaintenance] = handle_vgic_maintenance,
    [seL4_Fault_VCPUFault] = handle_vcpu_fault,
    [seL4_Fault_VPPIEvent] = handle_vppi_event,
};

/* A fault that no vCPU causes on a sound system: it stays blocked, as nothing would help it on. */
static COLD bool stop_unknown(struct vm *vm, struct vcpu *vcpu, uint64_t label)
{
    guest_error(vm, vcpu->id, GUEST_ERROR_FAULT, label, 0);
    vcpu->exit = VCPU_NO_EXIT;
    return false;
}

bool fault_handle(size_t vcpu_id, microkit_msginfo msginfo)
{
    struct vm *vm = vm_instance();
    const uint64_t label = microkit_msginfo_get_label(msginfo);
    if (!vm_has_vcpu(vm, vcpu_id)) {
        LOG_VMM_ERR("fault_handle: vCPU %zu does not exist, there are %zu\n", vcpu_id, vm_vcpu_count(vm));
        return false;
    }
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    vcpu->exit = VCPU_HANDLING;
    vcpu_regs_forget(vcpu);
    if (label >= ARRAY_SIZE(label_handlers) || label_handlers[label] == NULL) {
        return stop_unknown(vm, vcpu, label);
    }
    label_handlers[label](vm, vcpu);
    const bool is_replaced = vcpu->exit == VCPU_REPLACED;
    vcpu->exit = VCPU_NO_EXIT;
    if (is_replaced) {
        return false;
    }
    vcpu_regs_flush(vcpu);
    return vcpu->state != VCPU_WAITING;
}

/*
 * The VMM's own handlers, as regions of the bus: they get a copy of all registers, and what they change is taken over,
 * the destination of a load as the value that was read.
 */
static enum mmio_result call_exception_handler(void *dev, struct mmio_access *access)
{
    const struct vm_exception_handler *handler = dev;
    struct vcpu *vcpu = vm_vcpu(handler->vm, access->vcpu_id);
    vcpu_regs_fetch(vcpu, VCPU_REGS_ALL);
    seL4_UserContext scratch = *vcpu->regs.context;
    if (!handler->callback(vcpu->id, access->offset, vcpu->fsr, &scratch, handler->data)) {
        return MMIO_UNHANDLED;
    }
    const uint32_t n = dabt_register(vcpu->fsr);
    if (!access->is_write && n != VCPU_REG_ZERO) {
        access->value = dabt_truncate(vcpu->fsr, *vcpu_regs_in(&scratch, n));
    }
    return vcpu_regs_take(vcpu, &scratch) ? MMIO_MOVED : MMIO_HANDLED;
}

bool fault_register_vm_exception_handler(uintptr_t base, size_t size, vm_exception_handler_t callback, void *data)
{
    struct vm *vm = vm_instance();
    if (callback == NULL || vm->exception_handler_count == VM_EXCEPTION_HANDLER_COUNT_MAX) {
        LOG_VMM_ERR("fault_register_vm_exception_handler: %s, limit is %d handlers\n",
                    callback == NULL ? "no handler given" : "no room", VM_EXCEPTION_HANDLER_COUNT_MAX);
        return false;
    }
    struct vm_exception_handler *handler = &vm->exception_handlers[vm->exception_handler_count];
    *handler = (struct vm_exception_handler){.vm = vm, .callback = callback, .data = data};
    const struct mmio_region region = {
        .base = gpa(base),
        .size_bytes = size,
        .widths = 1 | 2 | 4 | 8,
        .handler = call_exception_handler,
        .dev = handler,
    };
    if (vm_add_regions(vm, "fault_register_vm_exception_handler", &region, 1) != RESULT_OK) {
        return false;
    }
    vm->exception_handler_count++;
    return true;
}
