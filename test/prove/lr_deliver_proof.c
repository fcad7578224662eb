/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: delivery of what is ready for a vCPU.
 *
 * Bounds: those of list_registers.h.
 *
 * CBMC: --unwind 5 --slice-formula --max-field-sensitivity-array-size 4
 */
#define ITERATIONS 1
#include "list_registers.h"

static void step(uint32_t irq)
{
    (void)irq;
    vgic_deliver(&vgic, 1);
}
