/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the core knows of the library's own devices: a list of them, and what they want to hear of. Whoever has a device
 * adds it; nothing here knows which devices there are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <microkit.h>

#include "util/result.h"
#include "vm/mmio.h"
#include "vm/report.h"

struct vm;
struct fdt_builder;

/* All but `reset` may be NULL. */
struct device_ops {
    /* The guest starts anew: forget its former life. No vCPU runs; interrupts are low already. */
    void (*reset)(void *ctx);
    /* Says what the guest's device tree is to have of the device. Called several times; says the same each time. */
    void (*describe)(void *ctx, struct fdt_builder *tree);
    /* A channel of the VMM was notified. Answers whether it is the device's. */
    bool (*notified)(void *ctx, microkit_channel channel);
    /* What a person wants to know of the device's state. */
    void (*report)(void *ctx, const struct report *report);
};

#define DEVICE_REGION_COUNT_MAX 4
#define DEVICE_IRQS_COUNT_MAX   5

/* What a device takes for itself. Unused entries are all zeros. */
struct device_claims {
    struct mmio_region regions[DEVICE_REGION_COUNT_MAX];
    struct {
        size_t first; /* INTID of an SPI */
        size_t count; /* 0: none */
    } irqs[DEVICE_IRQS_COUNT_MAX];
};

/* A device in the list; it lies in the device's own storage, and is never taken out. */
struct device {
    struct device *next;
    const struct device_ops *ops;
    void *ctx;
};

/*
 * Adds a device with all that it claims, or changes nothing: RESULT_RANGE: an interrupt is no SPI; RESULT_BUSY: an
 * interrupt or address is taken, or is the guest's RAM; others as mmio_add. A log line then begins with `name`.
 */
MUST_CHECK enum result device_add(struct vm *vm, struct device *device, const char *name, const struct device_ops *ops,
                                  void *ctx, const struct device_claims *claims);

/* Writes what each device reports. */
void device_report_all(struct vm *vm, const struct report *report);

/* Resets all devices. */
void device_reset_all(struct vm *vm);

/* Tells every device of a notification; answers whether it was one's. */
bool device_notified(struct vm *vm, microkit_channel channel);

/* Every device describes itself to `tree`. */
void device_describe_all(struct vm *vm, struct fdt_builder *tree);
