/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Interrupts that PDs own; see irq.h.
 */
#include "kernel/core/irq.h"

#include "kernel/aarch64/gic.h"
#include "kernel/core/ipc.h"
#include "kernel/core/report.h"

#define NO_IRQ 0xffff

static const struct image_irq *irq_table;
static uint32_t irq_count;
static bool irq_is_active[IMAGE_IRQ_COUNT_MAX];
static uint16_t irq_of_intid[GIC_INTID_COUNT];

void irq_init(const struct image *image)
{
    irq_table = (const struct image_irq *)image->irqs_paddr;
    irq_count = image->irq_count;
    for (size_t i = 0; i < GIC_INTID_COUNT; i++) {
        irq_of_intid[i] = NO_IRQ;
    }
    for (uint16_t i = 0; i < irq_count; i++) {
        const struct image_irq *irq = &irq_table[i];
        irq_of_intid[irq->intid] = i;
        if (!gic_is_private(irq->intid)) {
            gic_enable(irq->intid, threads[irq->thread].core, irq->trigger == IMAGE_IRQ_EDGE);
        }
    }
}

void irq_init_core(uint32_t core)
{
    for (uint32_t i = 0; i < irq_count; i++) {
        if (gic_is_private(irq_table[i].intid) && threads[irq_table[i].thread].core == core) {
            gic_enable(irq_table[i].intid, core, false);
        }
    }
}

bool irq_is_of(uint32_t intid, const struct thread *pd)
{
    uint16_t index = irq_of_intid[intid];
    return index != NO_IRQ && &threads[irq_table[index].thread] == pd;
}

void irq_deliver(uint32_t intid)
{
    uint16_t index = irq_of_intid[intid];
    if (index == NO_IRQ) {
        gic_disable(intid);
        gic_deactivate(intid);
        report_stray_interrupt(intid);
        return;
    }
    irq_is_active[index] = true;
    ipc_notify(&threads[irq_table[index].thread], irq_table[index].channel);
}

void irq_ack(uint16_t index)
{
    if (irq_is_active[index]) {
        irq_is_active[index] = false;
        gic_deactivate(irq_table[index].intid);
    }
}
