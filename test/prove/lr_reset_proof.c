/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: a reset, after which nothing from before it counts.
 *
 * Bounds: those of list_registers.h.
 *
 * CBMC: --unwind 5 --max-field-sensitivity-array-size 4 --unwindset vgic_irq_reroute_all.0:29,report_ended.0:33
 */
#define ITERATIONS 0
#include "list_registers.h"

static void step(uint32_t irq)
{
    (void)irq;
    is_rewriting = true;
    vgic_reset(&vgic);
    PROVE((vgic.vcpus[0].lr_used | vgic.vcpus[1].lr_used) == 0, "nothing from before the reset counts");
}
