/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Which interrupt controller there is; see gic.h.
 */
#include "kernel/aarch64/gic.h"

#include "kernel/aarch64/cpu.h"

const struct gic_ops *gic_ops;
bool gic_v3_is_present;

void gic_init(void)
{
    /* [Arm ARM D17.2.70] ID_AA64PFR0_EL1.GIC: system register interface to the CPU interface. */
    gic_v3_is_present = BITS_GET(27, 24, SYSREG_READ(id_aa64pfr0_el1)) != 0;
    gic_ops = gic_v3_is_present ? &gic_v3_ops : &gic_v2_ops;
    gic_ops->init_distributor();
}
