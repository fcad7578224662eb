/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reset of vCPUs: see reset_stub.h.
 */
#include "aarch64/vcpu/reset_stub.h"

#include <libvmm/util/util.h>

#include "aarch64/vgic/vgic_lr.h"
#include "util/log_limit.h"
#include "vm/vm.h"

_Static_assert(RESET_STUB_IRQ_COUNT == VGIC_LR_COUNT_MAX, "one for each list register");
_Static_assert(offsetof(struct reset_stub_args, irqs) == 24, "reset_stub_code.c has the offsets as numbers");
_Static_assert(RESET_STUB_ARGS_AT + sizeof(struct reset_stub_args) <= RESET_STUB_BYTES,
               "the arguments lie behind the program");

static size_t code_bytes(void)
{
    return (size_t)(reset_stub_code_end - reset_stub_code);
}

/* RESULT_INVALID where the reset stub lacks what it needs. */
static enum result cover(struct vm *vm)
{
    if (vm->vgic.vcpu_count == 0 || code_bytes() > RESET_STUB_ARGS_AT) {
        return RESULT_INVALID;
    }
    return guest_ram_read(&vm->ram, vm->ram.base, vm->reset_stub.covered, RESET_STUB_BYTES);
}

static void uncover(struct vm *vm)
{
    vm->reset_stub.under_way = false;
    if (guest_ram_load(&vm->ram, vm->ram.base, vm->reset_stub.covered, RESET_STUB_BYTES) != RESULT_OK &&
        log_limit_allows(&vm->reset_stub.log_count)) {
        LOG_VMM_ERR("guest RAM of 0x%lx bytes at 0x%lx has changed while a vCPU was reset\n", vm->ram.size_bytes,
                    vm->ram.base.value);
    }
}

static enum result lay(struct vm *vm, uint32_t vcpu_id)
{
    struct reset_stub_args args = {
        .gic_version = vm->vgic.config.version == VGIC_V3 ? 3 : 2,
        .gicc_base = vm->vgic.config.cpu_base.value,
    };
    args.irq_count = vgic_lr_expose(&vm->vgic, vcpu_id, args.irqs);
    const enum result result = guest_ram_load(&vm->ram, vm->ram.base, reset_stub_code, code_bytes());
    if (result != RESULT_OK) {
        return result;
    }
    return guest_ram_load(&vm->ram, gpa(vm->ram.base.value + RESET_STUB_ARGS_AT), &args, sizeof args);
}

static enum result reset_vcpu(struct vm *vm, uint32_t vcpu_id)
{
    const struct vcpu_entry entry = {.pc = vm->ram.base.value, .x0 = vm->ram.base.value + RESET_STUB_ARGS_AT};
    vm->reset_stub.vcpu_id = vcpu_id;
    const enum result result = lay(vm, vcpu_id);
    return result == RESULT_OK ? vcpu_start(vm, vcpu_id, &entry) : result;
}

/* Goes on with the next vCPU that needs it, or at last with the guest. */
static enum result go_on(struct vm *vm)
{
    for (uint32_t id = 0; id < vm_vcpu_count(vm); id++) {
        if (vm->vcpus[id].has_run) {
            vm->vcpus[id].has_run = false;
            return reset_vcpu(vm, id);
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

enum result reset_stub_start(struct vm *vm)
{
    if (!is_needed(vm) || cover(vm) != RESULT_OK) {
        return vcpu_start(vm, vm->boot_vcpu_id, &vm->entry);
    }
    vm->reset_stub.under_way = true;
    return go_on(vm);
}

void reset_stub_cancel(struct vm *vm)
{
    if (vm->reset_stub.under_way) {
        vm->vcpus[vm->reset_stub.vcpu_id].has_run = true;
        uncover(vm);
    }
}

bool reset_stub_takes_exit(struct vm *vm, const struct vcpu *vcpu, bool has_succeeded)
{
    /* If replaced, the exit is one from before the restart, and its handler is what has asked for the restart. */
    if (!vm->reset_stub.under_way || vcpu->id != vm->reset_stub.vcpu_id || vcpu->exit == VCPU_REPLACED) {
        return false;
    }
    if (!has_succeeded && log_limit_allows(&vm->reset_stub.log_count)) {
        LOG_VMM_ERR("vCPU %u: its virtual CPU interface cannot be reset: is it mapped at 0x%lx?%s\n", vcpu->id,
                    vm->vgic.config.cpu_base.value, log_limit_note(vm->reset_stub.log_count));
    }
    vcpu_stop(vm, vcpu->id);
    vm->vcpus[vcpu->id].has_run = false;
    if (go_on(vm) != RESULT_OK) {
        LOG_VMM_ERR("the guest cannot be started again: the system description has no vCPU %zu\n", vm->boot_vcpu_id);
    }
    return true;
}
