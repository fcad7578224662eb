/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: through them the hardware's virtual CPU interface learns of interrupts [GICv2 5.2] [GICv3 6.4].
 *
 * They are written through the kernel and cannot be read back, so this keeps a shadow of what each holds:
 *
 *            injected                           reset, taken back
 *     free -----------> used -----------------------------------> stale
 *      ^                 |                                          |  injection succeeds: used
 *      +-- maintenance --+------------------ maintenance -----------+
 *
 * Their number is learned: all start as free, and the kernel's range error takes away those that do not exist.
 *
 * Stale ones hold an interrupt that was taken back, one of the guest's former life, pending or in service, or are
 * known to be occupied for no reason known here. Nothing can clear them but the guest. A pending one of a former life
 * reaches the new life as an interrupt nobody raised, and its end frees the register. One in service may never end:
 * it is used again as soon as the kernel accepts an injection into it. When the same interrupt is raised meanwhile it
 * must not wait for that, so it goes to a second register; whichever of the two the hardware ends first then counts
 * as the end of the interrupt, and the other is stale from there on.
 */
#pragma once

#include "aarch64/vgic/vgic.h"

/*
 * An interrupt has just been raised, and not been noted as pending yet. Takes it straight into a list register, where
 * nothing stands in its way: it is enabled and not active, its vCPU on, nothing else is to go before it. Otherwise
 * false: it is not delivered.
 */
MUST_CHECK bool vgic_lr_offer(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq);

/* Fills the list registers of the vCPUs in a set, most urgent interrupts first, and wakes these vCPUs. */
void vgic_deliver(struct vgic *vgic, uint32_t vcpus);

/*
 * An interrupt that is in a list register is raised again. Answers whether that one stands for both: the guest has not
 * taken it yet, which the kernel tells by letting the register be written again. vcpu_id matters for private ones.
 *
 * seL4 may judge by a copy from before the guest took it. Then one in service becomes pending in its register: it comes
 * again after its end, as it should, and only the second end is reported.
 */
bool vgic_lr_absorb(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq);

/*
 * Makes what is pending in stale list registers the most urgent there is, so that code at EL1 can take it and end it.
 * Gives the interrupts that stale ones hold, whether pending or in service; answers how many.
 */
uint32_t vgic_lr_expose(struct vgic *vgic, uint32_t vcpu_id, uint32_t irqs[VGIC_LR_COUNT_MAX]);

/*
 * Takes an interrupt back out of a vCPU's list register, if the guest has not taken it yet: false otherwise. What waits
 * there in the hardware is held back: by the lowest priority, and by group 0 where the mask does not (vgic_lr.c).
 */
bool vgic_lr_withdraw(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq);

/* The same for all that a vCPU has; they are pending again. */
MUST_CHECK uint32_t vgic_lr_take_back(struct vgic *vgic, uint32_t vcpu_id);

/* Forgets what the list registers of a vCPU held. */
void vgic_lr_reset(struct vgic *vgic, uint32_t vcpu_id);
