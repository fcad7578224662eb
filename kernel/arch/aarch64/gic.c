/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Which interrupt controller there is; see gic.h.
 */
#include "kernel/arch/aarch64/gic.h"

#include "kernel/arch/aarch64/cpu.h"

const struct gic_ops *gic_ops;

bool gic_is_v3(void)
{
    return gic_ops == &gic_v3_ops;
}

void gic_init(void)
{
    /* [Arm ARM D17.2.70] ID_AA64PFR0_EL1.GIC: system register interface to the CPU interface. */
    bool has_system_registers = BITS_GET(27, 24, SYSREG_READ(id_aa64pfr0_el1)) != 0;
    gic_ops = has_system_registers ? &gic_v3_ops : &gic_v2_ops;
    gic_ops->init_distributor();
}
