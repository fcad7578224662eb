/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Timer driver: the EL1 physical timer of this PD's core [Arm ARM D11.2], for any number of clients, one timeout each.
 *
 * A PD may use that timer's registers on an seL4 that exports it (as Microkit's for QEMU virt does) and, on the
 * built-in kernel, when the system description gives it interrupt 30. The system description sets `irq_channel` by
 * setvar_id. Every other channel is a client's, which makes protected calls on it: see <libvmm/sddf/timer.h>. A client
 * can do no more than set its own timeout.
 */
#include <libvmm/sddf/timer.h>

#define NS_PER_S    UINT64_C(1000000000)
#define NEVER       UINT64_MAX
#define CTL_ENABLE  1
#define CTL_DISABLE 0
#define CHANNELS    62

uint64_t irq_channel;

static uint64_t hz;
static uint64_t deadlines[CHANNELS]; /* by channel; in ticks of the counter, or NEVER */

static uint64_t counter(void)
{
    uint64_t now;
    __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(now) : : "memory");
    return now;
}

static void set_timer(uint64_t at)
{
    uint64_t control = at == NEVER ? CTL_DISABLE : CTL_ENABLE;
    __asm__ volatile("msr cntp_cval_el0, %0\n msr cntp_ctl_el0, %1\n isb" : : "r"(at), "r"(control) : "memory");
}

static uint64_t ns_of(uint64_t ticks)
{
    return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/* Rounded up: a timeout never comes early. */
static uint64_t ticks_of(uint64_t ns)
{
    return ns / NS_PER_S * hz + (ns % NS_PER_S * hz + NS_PER_S - 1) / NS_PER_S;
}

static uint64_t earliest(void)
{
    uint64_t at = NEVER;
    for (unsigned i = 0; i < CHANNELS; i++) {
        at = deadlines[i] < at ? deadlines[i] : at;
    }
    return at;
}

static void set_timeout(microkit_channel channel, uint64_t ns)
{
    uint64_t now = counter();
    uint64_t ticks = ticks_of(ns);

    deadlines[channel] = ticks < NEVER - now ? now + ticks : NEVER;
    set_timer(earliest());
}

void init(void)
{
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    for (unsigned i = 0; i < CHANNELS; i++) {
        deadlines[i] = NEVER;
    }
    set_timer(NEVER);
    microkit_irq_ack((microkit_channel)irq_channel);
}

microkit_msginfo protected(microkit_channel channel, microkit_msginfo msginfo)
{
    switch (microkit_msginfo_get_label(msginfo)) {
    case SDDF_TIMER_NOW:
        microkit_mr_set(0, ns_of(counter()));
        return microkit_msginfo_new(0, 1);
    case SDDF_TIMER_SET_TIMEOUT:
        if (microkit_msginfo_get_count(msginfo) >= 1) {
            set_timeout(channel, microkit_mr_get(0));
        }
        return microkit_msginfo_new(0, 0);
    default:
        return microkit_msginfo_new(0, 0);
    }
}

void notified(microkit_channel channel)
{
    if (channel != irq_channel) {
        return;
    }
    uint64_t now = counter();
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (deadlines[i] <= now) {
            deadlines[i] = NEVER;
            microkit_notify(i);
        }
    }
    set_timer(earliest());
    microkit_deferred_irq_ack((microkit_channel)irq_channel);
}
