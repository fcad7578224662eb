/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: an interrupt is raised: it is offered, merged with one that is there already, or noted as pending.
 *
 * Bounds: those of list_registers.h.
 *
 * CBMC: --unwind 5 --slice-formula --max-field-sensitivity-array-size 4
 */
#define ITERATIONS 0
#include "list_registers.h"

/* As vgic_inject does, of which the vCPU that takes a shared interrupt is known here. */
static void step(uint32_t irq)
{
    struct vgic_vcpu *const vcpu = &vgic.vcpus[0];
    struct vgic_word *const word = irq < VGIC_PRIVATE_COUNT ? &vcpu->private_word : &vgic.shared[1];
    const bool was_in = (word->in_lr & vgic_irq_bit(irq)) != 0;
    ASSUME(irq < VGIC_PRIVATE_COUNT || is_in(owned[0], irq % 32));
    if (lr_offer(&vgic, vcpu, 0, word, any_u8(), irq)) {
        PROVE(!was_in && (word->in_lr & vgic_irq_bit(irq)) != 0, "it is in one now");
    } else if (!was_in || !vgic_lr_absorb(&vgic, 0, irq)) {
        word->latched |= vgic_irq_bit(irq);
        vgic_update(&vgic, 0, irq / 32);
    }
}
