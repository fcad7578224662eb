/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Routing of interrupts between the VMM and the guest's interrupt controller: see virq.h.
 */
#include "vm/virq.h"

#include <microkit.h>

#include <libvmm/util/util.h>

#include "aarch64/vcpu/vcpu_timer.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

static struct virq_entry *entry_of(struct virq *virq, size_t vcpu_id, size_t irq)
{
    return irq < VGIC_PRIVATE_COUNT ? &virq->private_entries[vcpu_id][irq]
                                    : &virq->shared_entries[irq - VGIC_PRIVATE_COUNT];
}

/* The vGIC's eoi operation. */
static void end_interrupt(void *ctx, size_t vcpu_id, uint32_t irq)
{
    struct vm *vm = ctx;
    const struct virq_entry *entry = entry_of(&vm->virq, vcpu_id, irq);
    if (entry->ack != NULL) {
        entry->ack(entry->vcpu_id, (int)irq, entry->data);
    }
}

/* The vGIC's kick operation. */
static void kick(void *ctx, size_t vcpu_id)
{
    vcpu_kick(ctx, vcpu_id);
}

/* The vGIC's sample operation. */
static void sample(void *ctx, size_t vcpu_id)
{
    vcpu_timer_sample(ctx, vcpu_id);
}

static void ack_hardware(size_t vcpu_id, int irq, void *cookie)
{
    (void)vcpu_id;
    (void)irq;
    microkit_irq_ack((microkit_channel)(uintptr_t)cookie);
}

/* The checks that every function here begins with; each failure is logged for the function's name. */
static bool check_ready(const struct vm *vm, const char *function)
{
    if (!vm->virq.initialised) {
        LOG_VMM_ERR("%s: comes after virq_controller_init, which has not succeeded\n", function);
    }
    return vm->virq.initialised;
}

static bool check_vcpu(const struct vm *vm, const char *function, size_t vcpu_id)
{
    const bool exists = vm_has_vcpu(vm, vcpu_id);
    if (!exists) {
        LOG_VMM_ERR("%s: vCPU %zu out of range, limit is %zu\n", function, vcpu_id, vm_vcpu_count(vm) - 1);
    }
    return exists;
}

static bool check_irq(const char *function, size_t irq, size_t first)
{
    const bool in_range = irq >= first && irq < VGIC_IRQ_COUNT;
    if (!in_range) {
        LOG_VMM_ERR("%s: irq %zd out of range, limits are %zu and %u\n", function, (ptrdiff_t)irq, first,
                    VGIC_IRQ_COUNT - 1);
    }
    return in_range;
}

static bool check_channel(const char *function, microkit_channel ch)
{
    if (ch >= VIRQ_CHANNEL_COUNT) {
        LOG_VMM_ERR("%s: channel %u out of range, limit is %u\n", function, ch, VIRQ_CHANNEL_COUNT - 1);
    }
    return ch < VIRQ_CHANNEL_COUNT;
}

static bool check_unregistered(struct vm *vm, const char *function, size_t vcpu_id, size_t irq)
{
    const bool registered = entry_of(&vm->virq, vcpu_id, irq)->registered;
    if (registered) {
        LOG_VMM_ERR("%s: irq %zu of vCPU %zu is registered already, limit is one registration\n", function, irq,
                    vcpu_id);
    }
    return !registered;
}

/* All that virq_inject and virq_set_level want of their arguments. */
static bool check_registered(struct vm *vm, const char *function, size_t vcpu_id, int irq, size_t first)
{
    const size_t number = (size_t)irq;
    if (!check_ready(vm, function) || !check_vcpu(vm, function, vcpu_id) || !check_irq(function, number, first)) {
        return false;
    }
    const bool registered = entry_of(&vm->virq, vcpu_id, number)->registered;
    if (!registered) {
        LOG_VMM_ERR("%s: irq %d is not registered for vCPU %zu\n", function, irq, vcpu_id);
    }
    return registered;
}

enum result virq_add(struct vm *vm, size_t vcpu_id, size_t irq, virq_ack_fn_t ack, void *data)
{
    if (!vm_has_vcpu(vm, vcpu_id) || irq >= VGIC_IRQ_COUNT) {
        return RESULT_RANGE;
    }
    struct virq_entry *entry = entry_of(&vm->virq, vcpu_id, irq);
    if (entry->registered) {
        return RESULT_BUSY;
    }
    *entry = (struct virq_entry){.ack = ack, .data = data, .vcpu_id = (uint32_t)vcpu_id, .registered = true};
    return RESULT_OK;
}

void virq_remove(struct vm *vm, size_t irq_first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *entry_of(&vm->virq, 0, irq_first + i) = (struct virq_entry){0};
    }
}

void virq_reset(struct vm *vm)
{
    vgic_reset(&vm->vgic);
}

static enum vgic_version version_of(const struct virq_controller_config *config)
{
    switch (config->version) {
    case VIRQ_CONTROLLER_GICV2:
        return VGIC_V2;
    case VIRQ_CONTROLLER_GICV3:
        return VGIC_V3;
    }
    return VGIC_NONE;
}

struct vgic_config vgic_config_of(const struct virq_controller_config *config)
{
    return (struct vgic_config){
        .version = version_of(config),
        .dist_base = gpa(config->dist_base),
        .dist_size_bytes = config->dist_size_bytes,
        .redist_base = gpa(config->redist_base),
        .redist_size_bytes = config->redist_size_bytes,
        .cpu_base = gpa(config->cpu_base),
        .cpu_size_bytes = config->cpu_size_bytes,
    };
}

bool virq_controller_configure(const struct virq_controller_config *config)
{
    struct vm *vm = vm_instance();
    if (config == NULL || vm->virq.initialised) {
        LOG_VMM_ERR("virq_controller_configure: %s\n",
                    config == NULL ? "no configuration given" : "comes before virq_controller_init");
        return false;
    }
    const struct vgic_config wanted = vgic_config_of(config);
    if (vgic_check_config(&wanted, vm_vcpu_count(vm)) != RESULT_OK) {
        vgic_log_config("virq_controller_configure", &wanted, vm_vcpu_count(vm));
        return false;
    }
    vm->virq.config = wanted;
    vm->virq.configured = true;
    return true;
}

/* Sets up the vGIC as configured, logging what does not fit. */
static bool set_up(struct vm *vm, const struct vgic_config *config)
{
    static const struct vgic_ops ops = {.eoi = end_interrupt, .kick = kick, .sample = sample};
    struct mmio_region regions[VGIC_REGION_COUNT_MAX];
    if (vgic_check_config(config, vm_vcpu_count(vm)) != RESULT_OK) {
        vgic_log_config("virq_controller_init", config, vm_vcpu_count(vm));
        return false;
    }
    const size_t region_count = vgic_regions(config, vm_vcpu_count(vm), &vm->vgic, regions);
    if (vm_add_regions(vm, "virq_controller_init", regions, region_count) != RESULT_OK ||
        vgic_init(&vm->vgic, config, vm_vcpu_count(vm), &ops, vm) != RESULT_OK) {
        return false;
    }
    if (vm->has_affinities) {
        vgic_set_affinities(&vm->vgic, vm->affinity);
    }
    for (size_t id = 0; id < vm_vcpu_count(vm); id++) {
        vgic_set_vcpu_on(&vm->vgic, id, vcpu_is_on(&vm->vcpus[id]));
    }
    return true;
}

bool virq_controller_init(size_t cpu_id)
{
    struct vm *vm = vm_instance();
    if (!check_vcpu(vm, "virq_controller_init", cpu_id)) {
        return false;
    }
    if (vm->virq.initialised) {
        LOG_VMM_ERR("virq_controller_init: called twice, limit is one interrupt controller\n");
        return false;
    }
    const struct vgic_config *config = vm->virq.configured ? &vm->virq.config : &vm->vgic_config;
    if (config->version == VGIC_NONE) {
        LOG_VMM_ERR("virq_controller_init: no GICv2 or GICv3 known: call linux_setup_images with a device tree that "
                    "has one, or virq_controller_configure, before\n");
        return false;
    }
    vm->virq.initialised = set_up(vm, config);
    return vm->virq.initialised;
}

bool virq_register(size_t vcpu_id, size_t virq_num, virq_ack_fn_t ack_fn, void *ack_data)
{
    static const char function[] = "virq_register";
    struct vm *vm = vm_instance();
    return check_ready(vm, function) && check_vcpu(vm, function, vcpu_id) && check_irq(function, virq_num, 0) &&
           check_unregistered(vm, function, vcpu_id, virq_num) &&
           virq_add(vm, vcpu_id, virq_num, ack_fn, ack_data) == RESULT_OK;
}

bool virq_inject(size_t vcpu_id, int irq)
{
    struct vm *vm = vm_instance();
    return check_registered(vm, "virq_inject", vcpu_id, irq, 0) &&
           vgic_inject(&vm->vgic, vcpu_id, (uint32_t)irq) == RESULT_OK;
}

bool virq_set_level(size_t vcpu_id, int irq, bool high)
{
    struct vm *vm = vm_instance();
    return check_registered(vm, "virq_set_level", vcpu_id, irq, VGIC_SGI_COUNT) &&
           vgic_set_level(&vm->vgic, vcpu_id, (uint32_t)irq, high) == RESULT_OK;
}

bool virq_register_passthrough(size_t vcpu_id, size_t irq, microkit_channel irq_ch)
{
    static const char function[] = "virq_register_passthrough";
    struct vm *vm = vm_instance();
    if (!check_ready(vm, function) || !check_vcpu(vm, function, vcpu_id) || !check_irq(function, irq, VGIC_SGI_COUNT) ||
        !check_channel(function, irq_ch) || !check_unregistered(vm, function, vcpu_id, irq)) {
        return false;
    }
    struct virq_channel *channel = &vm->virq.channels[irq_ch];
    if (channel->registered) {
        LOG_VMM_ERR("%s: channel %u has irq %u already, limit is one\n", function, irq_ch, channel->irq);
        return false;
    }
    *channel = (struct virq_channel){.irq = (uint32_t)irq, .vcpu_id = (uint32_t)vcpu_id, .registered = true};
    return virq_add(vm, vcpu_id, irq, ack_hardware, (void *)(uintptr_t)irq_ch) == RESULT_OK;
}

bool virq_handle_passthrough(microkit_channel irq_ch)
{
    static const char function[] = "virq_handle_passthrough";
    struct vm *vm = vm_instance();
    if (!check_channel(function, irq_ch)) {
        return false;
    }
    const struct virq_channel *channel = &vm->virq.channels[irq_ch];
    if (!channel->registered) {
        LOG_VMM_ERR("%s: channel %u has no interrupt registered\n", function, irq_ch);
        return false;
    }
    return vgic_inject_sampled(&vm->vgic, channel->vcpu_id, channel->irq) == RESULT_OK;
}
