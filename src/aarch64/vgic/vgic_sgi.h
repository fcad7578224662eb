/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Software-generated interrupts, by which vCPUs interrupt each other and themselves.
 *
 * A GICv2 keeps an SGI pending once per source vCPU [GICv2 3.2.2], and the CPU interface tells the guest the source.
 * The kernel's interface to list registers has no place for it: sources are delivered one after the other, all of them
 * with source 0.
 */
#pragma once

#include "aarch64/vgic/vgic_regs.h"

/* GICv2. */
void vgic_write_sgir(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_sgi_pending(const struct vgic_reg_access *access);
void vgic_write_set_sgi_pending(const struct vgic_reg_access *access, uint64_t value);
void vgic_write_clear_sgi_pending(const struct vgic_reg_access *access, uint64_t value);

/* Makes an SGI of a vCPU pending, from a source; what became ready is for the caller to deliver. Either version. */
MUST_CHECK uint32_t vgic_sgi_raise(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t source_id);
