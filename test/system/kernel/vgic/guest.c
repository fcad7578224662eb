/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Takes interrupts and tells its VMM of each before it ends it.
 */
#include "guest_gic.h"
#include "items.h"

static volatile uint64_t taken_count;

void guest_interrupt(void)
{
    uint64_t irq = guest_gic_take();
    guest_report(ITEM_TAKEN, irq);
    taken_count++;
    guest_gic_end(irq);
}

static void take(uint64_t count)
{
    taken_count = 0;
    guest_unmask();
    while (taken_count < count) {
    }
    guest_mask();
}

/* Interrupt 0 with the reset value of its priority and group: all fields of its list register are 0. */
static void take_lowest(unsigned group)
{
    guest_report(ITEM_LOWEST, group);
    uint64_t irq = guest_gic_take_of(group);
    guest_report(ITEM_GOT, irq);
    guest_gic_end_of(group, irq);
}

void guest_main(uint64_t argument)
{
    (void)argument;
    guest_gic_enable();
    guest_report(ITEM_READY, guest_gic_is_v3());
    take(4);
    guest_report(ITEM_ENDED, 0);
    guest_report(ITEM_MASKED, 0);
    take(1);
    guest_gic_enable_groups();
    for (unsigned i = 0; i < 4; i++) {
        take_lowest(i % 2);
    }
    guest_report(ITEM_END, 0);
}
