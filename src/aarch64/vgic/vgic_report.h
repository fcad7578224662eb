/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Why an interrupt does not come: its state, from the input to the list register, and the first thing in its way.
 *
 * What lies behind the list register is the hardware's, and no call of the Microkit shows it: whether the guest has
 * taken the interrupt, and the priority mask and group enables of its CPU interface.
 */
#pragma once

#include <stdint.h>

#include "aarch64/vgic/vgic.h"
#include "vm/report.h"

/* In the order in which an interrupt meets them. */
enum vgic_obstacle {
    VGIC_NOT_RAISED,       /* the input is low, and nothing is latched */
    VGIC_NOT_ENABLED,      /* GICD_ISENABLER, GICR_ISENABLER0 */
    VGIC_GROUP_OFF,        /* GICD_CTLR */
    VGIC_ACTIVE,           /* by a write of ISACTIVER */
    VGIC_IN_LIST_REGISTER, /* not taken by the guest, or not ended */
    VGIC_NO_TARGET,        /* the route names no vCPU */
    VGIC_TARGET_OFF,
    VGIC_TARGET_ASLEEP,    /* GICR_WAKER */
    VGIC_NO_LIST_REGISTER, /* all have others */
    VGIC_NOTHING,          /* it is on its way */
};

/*
 * The first thing in the way of an interrupt; `vcpu_id` is whose, for a private one. vCPUs in the set `paused` (bit n:
 * vCPU n) are stopped only for a while, and are looked at as if they were on.
 */
enum vgic_obstacle vgic_find_obstacle(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t paused);

/* The vCPU that an interrupt goes to, or VGIC_OWNER_NONE. */
uint32_t vgic_target(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq);

/* Writes its state, and what is in its way. */
void vgic_report_irq(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t paused,
                     const struct report *report);

/* Writes a line for each interrupt that is pending, active or in a list register. */
void vgic_report_all(const struct vgic *vgic, uint32_t paused, const struct report *report);
