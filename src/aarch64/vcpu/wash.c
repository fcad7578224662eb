/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Washing vCPUs: see wash.h.
 */
#include "aarch64/vcpu/wash.h"

#include <libvmm/util/util.h>

#include "aarch64/vgic/vgic_lr.h"
#include "util/log_limit.h"
#include "vm/vm.h"

_Static_assert(WASH_IRQ_COUNT == VGIC_LR_COUNT_MAX, "one for each list register");
_Static_assert(offsetof(struct wash_args, irqs) == 24, "wash_code.c has the offsets as numbers");
_Static_assert(WASH_ARGS_AT + sizeof(struct wash_args) <= WASH_BYTES, "the arguments lie behind the program");

static size_t code_bytes(void)
{
    return (size_t)(wash_code_end - wash_code);
}

/* RESULT_INVALID where a wash has not what it needs. */
static enum result cover(struct vm *vm)
{
    if (vm->vgic.vcpu_count == 0 || code_bytes() > WASH_ARGS_AT) {
        return RESULT_INVALID;
    }
    return guest_ram_read(&vm->ram, vm->ram.base, vm->wash.covered, WASH_BYTES);
}

static void uncover(struct vm *vm)
{
    vm->wash.under_way = false;
    if (guest_ram_load(&vm->ram, vm->ram.base, vm->wash.covered, WASH_BYTES) != RESULT_OK &&
        log_limit_allows(&vm->wash.log_count)) {
        LOG_VMM_ERR("guest RAM of 0x%lx bytes at 0x%lx has changed during a wash\n", vm->ram.size_bytes,
                    vm->ram.base.value);
    }
}

static enum result lay(struct vm *vm, uint32_t vcpu_id)
{
    struct wash_args args = {
        .gic_version = vm->vgic.config.version == VGIC_V3 ? 3 : 2,
        .gicc_base = vm->vgic.config.cpu_base.value,
    };
    args.irq_count = vgic_lr_expose(&vm->vgic, vcpu_id, args.irqs);
    const enum result result = guest_ram_load(&vm->ram, vm->ram.base, wash_code, code_bytes());
    if (result != RESULT_OK) {
        return result;
    }
    return guest_ram_load(&vm->ram, gpa(vm->ram.base.value + WASH_ARGS_AT), &args, sizeof args);
}

static enum result wash_one(struct vm *vm, uint32_t vcpu_id)
{
    const struct vcpu_entry entry = {.pc = vm->ram.base.value, .x0 = vm->ram.base.value + WASH_ARGS_AT};
    vm->wash.vcpu_id = vcpu_id;
    const enum result result = lay(vm, vcpu_id);
    return result == RESULT_OK ? vcpu_start(vm, vcpu_id, &entry) : result;
}

/* Goes on with the next vCPU that needs it, or at last with the guest. */
static enum result go_on(struct vm *vm)
{
    for (uint32_t id = 0; id < vm_vcpu_count(vm); id++) {
        if (vm->vcpus[id].has_run) {
            vm->vcpus[id].has_run = false;
            return wash_one(vm, id);
        }
    }
    uncover(vm);
    return vcpu_start(vm, vm->boot_vcpu_id, &vm->entry);
}

static bool is_needed(const struct vm *vm)
{
    for (size_t i = 0; i < vm_vcpu_count(vm); i++) {
        if (vm->vcpus[i].has_run) {
            return true;
        }
    }
    return false;
}

enum result wash_and_start(struct vm *vm)
{
    if (!is_needed(vm) || cover(vm) != RESULT_OK) {
        return vcpu_start(vm, vm->boot_vcpu_id, &vm->entry);
    }
    vm->wash.under_way = true;
    return go_on(vm);
}

void wash_cancel(struct vm *vm)
{
    if (vm->wash.under_way) {
        vm->vcpus[vm->wash.vcpu_id].has_run = true;
        uncover(vm);
    }
}

bool wash_takes_exit(struct vm *vm, const struct vcpu *vcpu, bool has_succeeded)
{
    /* If replaced, the exit is still one of the life before, whose handling has begun this one. */
    if (!vm->wash.under_way || vcpu->id != vm->wash.vcpu_id || vcpu->exit == VCPU_REPLACED) {
        return false;
    }
    if (!has_succeeded && log_limit_allows(&vm->wash.log_count)) {
        LOG_VMM_ERR("vCPU %u: its virtual CPU interface cannot be reset: is it mapped at 0x%lx?%s\n", vcpu->id,
                    vm->vgic.config.cpu_base.value, log_limit_note(vm->wash.log_count));
    }
    vcpu_stop(vm, vcpu->id);
    vm->vcpus[vcpu->id].has_run = false;
    if (go_on(vm) != RESULT_OK) {
        LOG_VMM_ERR("the guest cannot be started again: the system description has no vCPU %zu\n", vm->boot_vcpu_id);
    }
    return true;
}
