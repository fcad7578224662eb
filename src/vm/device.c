/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The list of devices: the last one that was added comes first, as makers of device trees like it.
 */
#include "vm/device.h"

#include "vm/vm.h"

static enum result attach(struct device *device, struct vm *vm)
{
    return device->ops->attach == NULL ? RESULT_OK : device->ops->attach(device->ctx, vm);
}

enum result device_add(struct vm *vm, struct device *device, const struct device_ops *ops, void *ctx)
{
    *device = (struct device){.ops = ops, .ctx = ctx};
    if (vm->virq.initialised) {
        const enum result attached = attach(device, vm);
        if (attached != RESULT_OK) {
            return attached;
        }
    }
    device->next = vm->devices;
    vm->devices = device;
    return RESULT_OK;
}

enum result device_attach_all(struct vm *vm)
{
    for (struct device *device = vm->devices; device != NULL; device = device->next) {
        const enum result attached = attach(device, vm);
        if (attached != RESULT_OK) {
            return attached;
        }
    }
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

void device_describe_all(struct vm *vm, struct device_tree *tree)
{
    for (struct device *device = vm->devices; device != NULL; device = device->next) {
        if (device->ops->describe != NULL) {
            device->ops->describe(device->ctx, tree);
        }
    }
}
