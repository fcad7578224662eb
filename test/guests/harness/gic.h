/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The interrupt controller, version 2 or 3 as ID_AA64PFR0_EL1 says: registers, and what most guests need of it in the
 * same words for both.
 */
#pragma once

#include "harness.h"
#include "spec/arm/gic.h"

#define GICD_BASE        0x08000000
#define GICC_BASE        0x08010000
#define GICR_BASE        0x080a0000
#define GICR_SGI(offset) (GICR_SGI_BASE + (offset))

bool gic_is_v3(void);

/* Base of the bank that has the registers of an interrupt on this vCPU: Distributor, or SGI_base on GICv3. */
uintptr_t gic_bank(uint32_t irq);

/*
 * Distributor and CPU interface on, every priority let through, and for a GICv3 this vCPU's Redistributor awake. All
 * interrupts go to Group 1 on GICv3; on GICv2 both groups are one, Group 0.
 */
void gic_init(void);
/* The part of it that each further vCPU does. */
void gic_init_cpu(void);

/* The word of a register with a bit an interrupt. */
uint32_t gic_read_bits(uint32_t reg, uint32_t irq);
bool gic_read_bit(uint32_t reg, uint32_t irq);
void gic_write_bit(uint32_t reg, uint32_t irq);

void gic_enable(uint32_t irq);
void gic_disable(uint32_t irq);
void gic_set_pending(uint32_t irq);
void gic_clear_pending(uint32_t irq);
bool gic_is_pending(uint32_t irq);
bool gic_is_active(uint32_t irq);
void gic_set_priority(uint32_t irq, uint32_t priority);
void gic_set_edge(uint32_t irq, bool is_edge);
/* Routes an SPI to one vCPU. */
void gic_route(uint32_t irq, size_t cpu);
void gic_set_mask(uint32_t priority);
/* An SGI for a set of vCPUs, a bit each. */
void gic_send_sgi(uint32_t irq, uint32_t cpus);

/* What IAR says, with the source of a GICv2's SGI; GIC_INTID_SPURIOUS if there is none. */
uint32_t gic_acknowledge(void);
void gic_end(uint32_t acknowledged);
static inline uint32_t gic_id(uint32_t acknowledged)
{
    return acknowledged & 0x3ff;
}

/*
 * The next interrupt within 20 ms, ended; GIC_INTID_SPURIOUS if there is none. For use with interrupts masked. How an
 * interrupt travels may take a little time, so one that must not come is waited for as long.
 */
uint32_t gic_take(void);
/* The same without ending it. */
uint32_t gic_wait(void);
