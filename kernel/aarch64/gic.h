/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The interrupt controller as the kernel drives it, either version, found at
 * run time. Priority drop and deactivation are separate [GICv2 3.2.1, GICv3
 * 4.8.2]: an interrupt that has been taken stays active, and silent, until
 * gic_deactivate.
 */
#ifndef KERNEL_ARCH_GIC_H
#define KERNEL_ARCH_GIC_H

#include "kernel/core/types.h"

#define GIC_INTID_COUNT       1020
#define GIC_SGI_COUNT         16
#define GIC_PPI_END           32
#define GIC_INTID_SPURIOUS    1020 /* this and above */
#define GIC_RESCHEDULE_INTID  0    /* SGI: reschedule IPI, gets a core into the kernel */
#define GIC_MAINTENANCE_INTID 25

/* What both versions do; `intid` below GIC_INTID_COUNT. */
struct gic_ops {
    void (*init_distributor)(void);
    void (*init_core)(uint32_t core);
    uint32_t (*take)(void); /* acknowledges the highest pending interrupt */
    void (*drop)(uint32_t intid);
    void (*deactivate)(uint32_t intid);
    void (*activate_ppi)(uint32_t core, uint32_t intid);
    void (*enable)(uint32_t intid, uint32_t core, bool is_edge);
    void (*disable)(uint32_t intid);
    void (*send_reschedule)(uint32_t core);
};

extern const struct gic_ops gic_v2_ops;
extern const struct gic_ops gic_v3_ops;
extern const struct gic_ops *gic_ops;
extern bool gic_v3_is_present;

/* Finds out which version there is and initialises what the cores share. */
void gic_init(void);
static inline bool gic_is_v3(void)
{
    return gic_v3_is_present;
}

/* Whether each core has an interrupt of this number for itself. */
static inline bool gic_is_private(uint32_t intid)
{
    return intid < GIC_PPI_END;
}

static inline void gic_init_core(uint32_t core)
{
    gic_ops->init_core(core);
}

/* The three that are done for every interrupt: what is called is known at compile time, and inlined. */
static inline uint32_t gic_take(void)
{
    return gic_v3_is_present ? gic_v3_ops.take() : gic_v2_ops.take();
}

static inline void gic_drop(uint32_t intid)
{
    if (gic_v3_is_present) {
        gic_v3_ops.drop(intid);
    } else {
        gic_v2_ops.drop(intid);
    }
}

static inline void gic_deactivate(uint32_t intid)
{
    if (gic_v3_is_present) {
        gic_v3_ops.deactivate(intid);
    } else {
        gic_v2_ops.deactivate(intid);
    }
}

static inline void gic_activate_ppi(uint32_t core, uint32_t intid)
{
    gic_ops->activate_ppi(core, intid);
}

static inline void gic_enable(uint32_t intid, uint32_t core, bool is_edge)
{
    gic_ops->enable(intid, core, is_edge);
}

static inline void gic_disable(uint32_t intid)
{
    gic_ops->disable(intid);
}

static inline void gic_send_reschedule(uint32_t core)
{
    gic_ops->send_reschedule(core);
}

#endif
