/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest with a device that holds its interrupt line high and does with it what storm.h says: the machine's PL031,
 * whose alarm stays until it is cleared [PL031 3.3]. It prints nothing: the console is the witness's.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"

#include "storm.h"

#define RTC_IRQ  34
#define RTC_DR   0x9010000
#define RTC_MR   0x9010004
#define RTC_IMSC 0x9010010
#define RTC_RIS  0x9010014
#define RTC_ICR  0x901001c

static uint32_t unended = GIC_INTID_SPURIOUS;
/* What the guest does in this boot; in the first, nothing. The line may still be high from the boot before. */
static uint32_t doing = UINT32_MAX;

static void line_high(void)
{
    /* The second may pass between reading the time and setting the alarm to it. */
    while ((read32(RTC_RIS) & 1) == 0) {
        write32(RTC_MR, read32(RTC_DR));
    }
    write32(RTC_IMSC, 1);
}

static void line_low(void)
{
    write32(RTC_IMSC, 0);
    write32(RTC_ICR, 1);
}

static void end_unended(void)
{
    if (unended != GIC_INTID_SPURIOUS) {
        gic_end(unended);
        unended = GIC_INTID_SPURIOUS;
    }
}

/* Takes up what is to be done. A storm leaves the program no time, so the interrupt handler does this. */
static void change(uint32_t mode)
{
    if (mode == STORM_CALM) {
        line_low();
        end_unended();
    } else {
        line_high();
    }
    doing = mode;
    storm->running = mode;
}

static void serve(void)
{
    const uint32_t taken = gic_acknowledge();
    const uint32_t mode = storm->mode;
    if (taken == GIC_INTID_SPURIOUS) {
        return;
    }
    storm->taken++;
    if (mode == STORM_RESET) {
        storm->running = mode;
        (void)psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
    }
    if (mode != doing) {
        change(mode);
    }
    if (mode == STORM_UNENDED) {
        unended = taken;
    } else {
        gic_end(taken);
    }
}

void guest_main(void)
{
    storm->boots++;
    gic_init();
    gic_set_edge(RTC_IRQ, false);
    gic_set_priority(RTC_IRQ, 0x80);
    gic_route(RTC_IRQ, 0);
    gic_enable(RTC_IRQ);
    interrupt_set_handler(serve);
    for (;;) {
        const uint32_t mode = storm->mode;
        if (mode == STORM_MASKED) {
            interrupt_mask();
        } else {
            interrupt_unmask();
        }
        if (mode != doing) {
            /* Or the handler changes to what comes next in the midst of it, and is undone. */
            interrupt_mask();
            change(mode);
        }
        __asm__ volatile("yield");
    }
}
