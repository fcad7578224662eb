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

void guest_main(uint64_t argument)
{
    (void)argument;
    guest_gic_enable();
    guest_report(ITEM_READY, guest_gic_is_v3());
    take(4);
    guest_report(ITEM_ENDED, 0);
    guest_report(ITEM_MASKED, 0);
    take(1);
    guest_report(ITEM_END, 0);
}
