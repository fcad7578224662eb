/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The virtual CPU interface: list registers, and what the guest's CPU
 * interface remembers, either version [GICv2 5; GICv3 9.3].
 *
 * An interrupt that the VMM injects occupies a list register until the guest
 * has ended it and the VMM has been told.
 */
#ifndef KERNEL_ARCH_VGIC_H
#define KERNEL_ARCH_VGIC_H

#include "kernel/aarch64/registers.h"

/* Enables the hardware on this core. */
void vgic_init_core(void);

unsigned vgic_list_register_count(void);

/* Moves the state of the resident vCPU to memory and back. */
void vgic_save(struct vgic_context *vgic);
void vgic_load(const struct vgic_context *vgic);

/*
 * Makes an interrupt pending in list register `index`, which exists; `request` is as in struct vcpu_page. False: the
 * guest has taken the interrupt that is there, or has ended it and the VMM has not been told. One that is only pending
 * is replaced.
 */
bool vgic_inject(struct thread *vcpu, unsigned index, uint32_t request);

/* The same, out of the page that the VMM shares, for the list registers in a set; those that are in use are left out.
 */
void vgic_fill_requested(struct thread *vcpu, uint64_t requested);

/* Whether the guest of a vCPU that is not resident has ended an interrupt of which the VMM has not been told. */
bool vgic_has_ended(const struct thread *vcpu);

/*
 * Frees a list register whose interrupt the guest has ended; its index, or -1: none. The vCPU is not resident, or
 * resident on this core.
 */
int vgic_take_ended(struct thread *vcpu);

#endif
