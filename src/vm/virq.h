/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Who raises the guest's interrupts and wants to know of their end, by interrupt number; and which hardware interrupts
 * are passed through.
 *
 * Invariants: a channel has at most one interrupt, and an interrupt at most one entry; looking one up is an array
 * access.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvmm/virq.h>

#include "aarch64/vgic/vgic.h"
#include "util/result.h"
#include "vm/limits.h"

#define VIRQ_CHANNEL_COUNT 62

struct vm;

struct virq_entry {
    virq_ack_fn_t ack;
    void *data;
    uint32_t vcpu_id;
    bool registered;
};

struct virq_channel {
    uint32_t irq;
    uint32_t vcpu_id;
    bool registered;
};

struct virq {
    bool initialised;
    bool configured; /* by the VMM: config wins over what the device tree says */
    struct vgic_config config;
    struct virq_entry private_entries[VM_VCPU_COUNT_MAX][VGIC_PRIVATE_COUNT];
    struct virq_entry shared_entries[VGIC_IRQ_COUNT - VGIC_PRIVATE_COUNT];
    struct virq_channel channels[VIRQ_CHANNEL_COUNT];
};

/* The interrupt controller that a program describes. */
struct vgic_config vgic_config_of(const struct virq_controller_config *config);

/* Registers an interrupt, with or without a controller yet. RESULT_RANGE; RESULT_BUSY: registered already. */
MUST_CHECK enum result virq_add(struct vm *vm, size_t vcpu_id, size_t irq, virq_ack_fn_t ack, void *data);

/* Gives `count` SPIs back. */
void virq_remove(struct vm *vm, size_t irq_first, size_t count);

/* Resets the interrupt controller; interrupts under way are acknowledged to their sources. Registrations stay. */
void virq_reset(struct vm *vm);
