/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Interrupts that PDs own. From its delivery until the PD acknowledges it, an
 * interrupt stays active in the interrupt controller, which keeps it from
 * being signalled again.
 */
#ifndef KERNEL_CORE_IRQ_H
#define KERNEL_CORE_IRQ_H

#include "kernel/core/thread.h"

void irq_init(const struct image *image);

/* On each core: lets its own (private) interrupts through that a PD there owns. */
void irq_init_core(uint32_t core);

/* Whether `pd` owns `intid`. */
bool irq_is_of(uint32_t intid, const struct thread *pd);

/* Tells the owner of `intid`, which the interrupt controller holds active. */
void irq_deliver(uint32_t intid);

/* The owner of interrupt number `index` of the image acknowledges it. */
void irq_ack(uint16_t index);

#endif
