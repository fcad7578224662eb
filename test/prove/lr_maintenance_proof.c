/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: a maintenance event.
 *
 * Bounds: those of list_registers.h. The index is that of a list register, one more than there are, -1, or the
 * highest number there is.
 *
 * CBMC: --unwind 5 --slice-formula --max-field-sensitivity-array-size 4
 */
#define ITERATIONS 0
#include "list_registers.h"

static void maintain(uint32_t held, int index)
{
    struct vgic_vcpu *const vcpu = &vgic.vcpus[0];
    vcpu->lr_irq[0] = (uint16_t)held;
    vcpu->lr_irq[LR_COUNT] = (uint16_t)held;
    ASSUME(is_good());
    vgic_maintenance(&vgic, 0, index);
}

static void step(uint32_t irq)
{
    switch (any_u8()) {
    case 0:
        maintain(irq, 0);
        break;
    case 1:
        maintain(LR_IRQ_UNKNOWN, 0);
        break;
    case 2:
        maintain(irq, LR_COUNT);
        break;
    case 3:
        maintain(irq, -1);
        break;
    default:
        maintain(irq, INT32_MAX);
        break;
    }
}
