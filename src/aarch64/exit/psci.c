/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * PSCI: one row a function.
 */
#include "aarch64/exit/psci.h"

#include <libvmm/util/util.h>

#include "aarch64/exit/wfx.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "aarch64/vcpu/vcpu_timer.h"
#include "util/checked.h"
#include "vm/guest.h"
#include "vm/vm.h"

#define PSCI_STANDARD_RANGE FIELD(23, 0)
#define INSTRUCTION_BYTES   4

/* CPU_SUSPEND's power_state, original format. Level 0, the vCPU, is the only one. */
#define POWER_STATE_INVALID (FIELD(31, 26) | FIELD(25, 24) | FIELD(23, 17)) /* reserved; level */
#define POWER_STATE_DOWN    BIT(16)

/* SYSTEM_RESET2: the one architectural type. */
#define RESET_WARM 0

typedef int64_t (*psci_function_t)(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call);

struct psci_row {
    psci_function_t function;
    bool has_64; /* also exists in the 64-bit convention */
};

/* The vCPU with an affinity, or VM_VCPU_COUNT_MAX. */
static size_t vcpu_of(const struct vm *vm, uint64_t affinity)
{
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        if (vm_affinity(vm, i) == affinity) {
            return i;
        }
    }
    return VM_VCPU_COUNT_MAX;
}

static int64_t version(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)vm;
    (void)vcpu;
    (void)call;
    return PSCI_VERSION_1_1;
}

/* Whether a vCPU can begin there. */
static bool is_entry(const struct vm *vm, uint64_t pc)
{
    return is_aligned(pc, INSTRUCTION_BYTES) &&
           (vm->ram.size_bytes == 0 || guest_ram_at(&vm->ram, gpa(pc), INSTRUCTION_BYTES) != NULL);
}

static int64_t cpu_suspend(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    const uint32_t power_state = (uint32_t)call->args[0];
    if ((power_state & POWER_STATE_INVALID) != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    if ((power_state & POWER_STATE_DOWN) != 0 && !is_entry(vm, call->args[1])) {
        return PSCI_INVALID_ADDRESS;
    }
    if (wfx_may_wait(vm, vcpu)) {
        vcpu_wait(vcpu, vcpu->regs.context->pc + INSTRUCTION_BYTES);
    }
    return PSCI_SUCCESS;
}

static int64_t cpu_off(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)call;
    vcpu_stop(vm, vcpu->id);
    vcpu_timer_stop(vm, vcpu->id);
    vgic_take_back(&vm->vgic, vcpu->id);
    if (vm->debugger != NULL) {
        vm->debugger->ops->vcpu_off(vm->debugger, vcpu);
    }
    return PSCI_DENIED;
}

static int64_t cpu_on(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)vcpu;
    const size_t target = vcpu_of(vm, call->args[0]);
    const struct vcpu_entry entry = {.pc = call->args[1], .x0 = call->args[2]};
    if (target == VM_VCPU_COUNT_MAX) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (vm->vcpus[target].state != VCPU_OFF) {
        return PSCI_ALREADY_ON;
    }
    if (!is_entry(vm, entry.pc)) {
        return PSCI_INVALID_ADDRESS;
    }
    return vcpu_start(vm, target, &entry) == RESULT_OK ? PSCI_SUCCESS : PSCI_INTERNAL_FAILURE;
}

static int64_t affinity_info(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)vcpu;
    const size_t target = vcpu_of(vm, call->args[0]);
    if (target == VM_VCPU_COUNT_MAX || call->args[1] != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    return vm->vcpus[target].state != VCPU_OFF ? PSCI_AFFINITY_ON : PSCI_AFFINITY_OFF;
}

static int64_t migrate_info_type(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)vm;
    (void)vcpu;
    (void)call;
    return PSCI_MIGRATE_NOT_REQUIRED;
}

static int64_t system_off(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)call;
    guest_power(vm, vcpu->id, GUEST_POWER_OFF);
    return PSCI_INTERNAL_FAILURE;
}

static int64_t system_reset(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)call;
    guest_power(vm, vcpu->id, GUEST_POWER_RESET);
    return PSCI_INTERNAL_FAILURE;
}

static int64_t system_reset2(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    if ((uint32_t)call->args[0] != RESET_WARM) {
        return PSCI_INVALID_PARAMETERS;
    }
    return system_reset(vm, vcpu, call);
}

static int64_t features(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call);

static const struct psci_row rows[PSCI_NUMBER_COUNT] = {
    [PSCI_NUMBER(PSCI_VERSION)] = {version, false},
    [PSCI_NUMBER(PSCI_CPU_SUSPEND)] = {cpu_suspend, true},
    [PSCI_NUMBER(PSCI_CPU_OFF)] = {cpu_off, false},
    [PSCI_NUMBER(PSCI_CPU_ON)] = {cpu_on, true},
    [PSCI_NUMBER(PSCI_AFFINITY_INFO)] = {affinity_info, true},
    [PSCI_NUMBER(PSCI_MIGRATE_INFO_TYPE)] = {migrate_info_type, false},
    [PSCI_NUMBER(PSCI_SYSTEM_OFF)] = {system_off, false},
    [PSCI_NUMBER(PSCI_SYSTEM_RESET)] = {system_reset, false},
    [PSCI_NUMBER(PSCI_FEATURES)] = {features, false},
    [PSCI_NUMBER(PSCI_SYSTEM_RESET2)] = {system_reset2, true},
};

/* The row of a function identifier, or NULL. */
static const struct psci_row *row_of(uint32_t function)
{
    const uint64_t number = function & PSCI_STANDARD_RANGE;
    const bool is_standard = field_get(SMCCC_OWNER, function) == SMCCC_OWNER_STANDARD;
    if (!is_standard || (function & SMCCC_FAST) == 0 || number >= PSCI_NUMBER_COUNT) {
        return NULL;
    }
    const struct psci_row *row = &rows[number];
    const bool exists = row->function != NULL && ((function & SMCCC_64) == 0 || row->has_64);
    return exists ? row : NULL;
}

static int64_t features(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    (void)vm;
    (void)vcpu;
    const uint32_t function = (uint32_t)call->args[0];
    return function == SMCCC_VERSION || row_of(function) != NULL ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

int64_t psci_call(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    const struct psci_row *row = row_of(call->function);
    return row == NULL ? PSCI_NOT_SUPPORTED : row->function(vm, vcpu, call);
}
