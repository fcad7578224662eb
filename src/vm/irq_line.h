/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * An input of the guest's interrupt controller, as a device knows it: a level that it sets, or pulses. It is the
 * device's by device_add, which claims the interrupt. Without an interrupt controller nothing happens.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aarch64/vgic/vgic.h"

struct irq_line {
    struct vgic *vgic;
    uint32_t irq; /* INTID of an SPI */
};

/* The interrupt stays pending while the level is high, if the guest has made it level-sensitive. */
static inline void irq_line_set(const struct irq_line *line, bool high)
{
    (void)!vgic_set_level(line->vgic, 0, line->irq, high);
}

/* As an edge: pending once. */
static inline void irq_line_pulse(const struct irq_line *line)
{
    (void)!vgic_inject(line->vgic, 0, line->irq);
}
