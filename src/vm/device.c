/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The list of devices, the last one first: libfdt prepends new nodes.
 */
#include "vm/device.h"

#include <libvmm/util/util.h>

#include "vm/vm.h"

static enum result take_irq(struct vm *vm, const char *name, size_t irq)
{
    if (irq < VGIC_PRIVATE_COUNT || irq >= VGIC_IRQ_COUNT) {
        LOG_VMM_ERR("%s: interrupt %zu out of range, limits are %u and %u\n", name, irq, VGIC_PRIVATE_COUNT,
                    VGIC_IRQ_COUNT - 1);
        return RESULT_RANGE;
    }
    const enum result result = virq_add(vm, 0, irq, NULL, NULL);
    if (result != RESULT_OK) {
        LOG_VMM_ERR("%s: interrupt %zu is registered already\n", name, irq);
    }
    return result;
}

/* Takes `count` interrupts, all of them or none. */
static enum result take_irqs(struct vm *vm, const char *name, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const enum result result = take_irq(vm, name, first + i);
        if (result != RESULT_OK) {
            virq_remove(vm, first, i);
            return result;
        }
    }
    return RESULT_OK;
}

enum result device_add(struct vm *vm, struct device *device, const char *name, const struct device_ops *ops, void *ctx,
                       const struct device_claims *claims)
{
    enum result result = RESULT_OK;
    size_t taken = 0;
    while (taken < DEVICE_IRQS_COUNT_MAX && result == RESULT_OK) {
        result = take_irqs(vm, name, claims->irqs[taken].first, claims->irqs[taken].count);
        taken += result == RESULT_OK;
    }
    if (result == RESULT_OK) {
        result = vm_add_regions(vm, name, claims->regions, DEVICE_REGION_COUNT_MAX);
    }
    if (result != RESULT_OK) {
        while (taken-- > 0) {
            virq_remove(vm, claims->irqs[taken].first, claims->irqs[taken].count);
        }
        return result;
    }
    *device = (struct device){.next = vm->devices, .ops = ops, .ctx = ctx};
    vm->devices = device;
    return RESULT_OK;
}

void device_reset_all(struct vm *vm)
{
    for (struct device *device = vm->devices; device != NULL; device = device->next) {
        device->ops->reset(device->ctx);
    }
}

bool device_notified(struct vm *vm, microkit_channel channel)
{
    bool is_known = false;
    for (struct device *device = vm->devices; device != NULL; device = device->next) {
        if (device->ops->notified != NULL) {
            is_known |= device->ops->notified(device->ctx, channel);
        }
    }
    return is_known;
}

void device_report_all(struct vm *vm, const struct report *report)
{
    for (struct device *device = vm->devices; device != NULL; device = device->next) {
        if (device->ops->report != NULL) {
            device->ops->report(device->ctx, report);
        }
    }
}

void device_describe_all(struct vm *vm, struct fdt_builder *tree)
{
    for (struct device *device = vm->devices; device != NULL; device = device->next) {
        if (device->ops->describe != NULL) {
            device->ops->describe(device->ctx, tree);
        }
    }
}
