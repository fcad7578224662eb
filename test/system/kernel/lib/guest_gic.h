/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The virtual CPU interface as a bare guest uses it: GICv2's, where the system
 * description maps it, or GICv3's system registers.
 */
#ifndef GUEST_GIC_H
#define GUEST_GIC_H

#include "guest.h"

#define GUEST_GICC        0x8010000UL
#define GUEST_GICC_REG(r) (*(volatile uint32_t *)(GUEST_GICC + (r)))
#define GICC_CTLR         0x00
#define GICC_PMR          0x04
#define GICC_IAR          0x0c
#define GICC_EOIR         0x10

static inline bool guest_gic_is_v3(void)
{
    return (GUEST_READ(id_aa64pfr0_el1) >> 24 & 15) != 0;
}

static inline void guest_gic_enable(void)
{
    if (guest_gic_is_v3()) {
        GUEST_WRITE(S3_0_C4_C6_0, 0xf8); /* ICC_PMR_EL1 */
        GUEST_WRITE(S3_0_C12_C12_7, 1);  /* ICC_IGRPEN1_EL1 */
    } else {
        GUEST_GICC_REG(GICC_PMR) = 0xf8;
        GUEST_GICC_REG(GICC_CTLR) = 1;
    }
}

static inline uint64_t guest_gic_take(void)
{
    return guest_gic_is_v3() ? GUEST_READ(S3_0_C12_C12_0) : GUEST_GICC_REG(GICC_IAR);
}

static inline void guest_gic_end(uint64_t irq)
{
    if (guest_gic_is_v3()) {
        GUEST_WRITE(S3_0_C12_C12_1, irq);
    } else {
        GUEST_GICC_REG(GICC_EOIR) = (uint32_t)irq;
    }
}

/* The same with both groups enabled, and one group by itself, which needs no interrupt to be unmasked. */
static inline void guest_gic_enable_groups(void)
{
    if (guest_gic_is_v3()) {
        GUEST_WRITE(S3_0_C12_C12_6, 1); /* ICC_IGRPEN0_EL1 */
        GUEST_WRITE(S3_0_C12_C12_7, 1); /* ICC_IGRPEN1_EL1 */
    } else {
        GUEST_GICC_REG(GICC_CTLR) = 7; /* AckCtl: the registers of group 0 serve both */
    }
}

static inline uint64_t guest_gic_take_of(unsigned group)
{
    if (guest_gic_is_v3() && group == 0) {
        return GUEST_READ(S3_0_C12_C8_0); /* ICC_IAR0_EL1 */
    }
    return guest_gic_take();
}

static inline void guest_gic_end_of(unsigned group, uint64_t irq)
{
    if (guest_gic_is_v3() && group == 0) {
        GUEST_WRITE(S3_0_C12_C8_1, irq); /* ICC_EOIR0_EL1 */
    } else {
        guest_gic_end(irq);
    }
}

#endif
