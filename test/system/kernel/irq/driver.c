/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Two interrupts that the driver can raise and lower itself: of the real-time
 * clock PL031, level, and of the GPIO PL061, edge in the system description
 * though the device holds its line high. One step after the other, each
 * checked when everybody else has come to rest.
 */
#include "harness.h"

#define RTC(offset)  (*(volatile seL4_Uint32 *)(0x20000000 + (offset)))
#define GPIO(offset) (*(volatile seL4_Uint32 *)(0x21000000 + (offset)))

/* [DDI 0224, 3.3] */
#define RTC_DR   0x000
#define RTC_MR   0x004
#define RTC_IMSC 0x010
#define RTC_ICR  0x01c

/* [DDI 0190, 3.3] With these the line is high while IE says so: all inputs are low. */
#define GPIO_IS  0x404
#define GPIO_IEV 0x40c
#define GPIO_IE  0x410

enum channel {
    CHANNEL_LEVEL = 0,
    CHANNEL_EDGE = 61,
    CHANNEL_IDLER = 2,
};

static unsigned level_count;
static unsigned edge_count;

static void raise_level(void)
{
    RTC(RTC_MR) = RTC(RTC_DR);
}

static void lower_level(void)
{
    RTC(RTC_ICR) = 1;
}

static void set_edge_line(bool is_high)
{
    GPIO(GPIO_IE) = is_high ? 1 : 0;
}

static void check_counts(const char *what, unsigned level, unsigned edge)
{
    check_equal(what, (seL4_Word)level_count << 32 | edge_count, (seL4_Word)level << 32 | edge);
    level_count = 0;
    edge_count = 0;
}

static void step_raise(void)
{
    RTC(RTC_IMSC) = 1;
    GPIO(GPIO_IS) = 1;
    GPIO(GPIO_IEV) = 0;
    raise_level();
}

static void step_ack_high(void)
{
    check_counts("level held high: one notification", 1, 0);
    microkit_irq_ack(CHANNEL_LEVEL);
}

static void step_lower_unacked(void)
{
    check_counts("acknowledged while high: another one", 1, 0);
    lower_level();
    raise_level();
    lower_level();
    raise_level();
}

static void step_ack_low(void)
{
    check_counts("not acknowledged: none", 0, 0);
    lower_level();
    microkit_irq_ack(CHANNEL_LEVEL);
}

static void step_ack_twice(void)
{
    check_counts("acknowledged when low: none", 0, 0);
    microkit_irq_ack(CHANNEL_LEVEL);
    microkit_irq_ack(CHANNEL_LEVEL);
    raise_level();
}

static void step_deferred_ack(void)
{
    check_counts("acknowledged more often than needed: the next comes all the same", 1, 0);
    microkit_deferred_irq_ack(CHANNEL_LEVEL);
}

static void step_edge(void)
{
    check_counts("deferred acknowledgement counts", 1, 0);
    lower_level();
    microkit_irq_ack(CHANNEL_LEVEL);
    set_edge_line(true);
}

static void step_edge_ack(void)
{
    check_counts("edge: one notification", 0, 1);
    microkit_irq_ack(CHANNEL_EDGE);
}

static void step_edge_again(void)
{
    check_counts("acknowledged while high: no other one", 0, 0);
    set_edge_line(false);
    set_edge_line(true);
}

static void step_edge_unacked(void)
{
    check_counts("next edge: another one", 0, 1);
    for (int i = 0; i < 3; i++) {
        set_edge_line(false);
        set_edge_line(true);
    }
}

static void step_edge_pending(void)
{
    check_counts("edges before it is acknowledged: none yet", 0, 0);
    microkit_irq_ack(CHANNEL_EDGE);
}

static void step_both(void)
{
    check_counts("acknowledged: one for all those edges", 0, 1);
    microkit_irq_ack(CHANNEL_EDGE);
    set_edge_line(false);
    set_edge_line(true);
    raise_level();
}

static void step_no_such(void)
{
    check_counts("both at once", 1, 1);
    microkit_irq_ack(CHANNEL_IDLER);
    microkit_irq_ack(60);
    lower_level();
    microkit_irq_ack(CHANNEL_LEVEL);
    microkit_irq_ack(CHANNEL_EDGE);
}

static void step_end(void)
{
    check_counts("acknowledging what is no interrupt does nothing", 0, 0);
    harness_done();
}

static void (*const steps[])(void) = {
    step_raise,    step_ack_high,   step_lower_unacked, step_ack_low,      step_ack_twice, step_deferred_ack, step_edge,
    step_edge_ack, step_edge_again, step_edge_unacked,  step_edge_pending, step_both,      step_no_such,      step_end,
};

static void go_on(void)
{
    static unsigned next_step;
    if (next_step < sizeof(steps) / sizeof(steps[0])) {
        microkit_notify(CHANNEL_IDLER);
        steps[next_step++]();
    }
}

void init(void)
{
    go_on();
}

void notified(microkit_channel ch)
{
    if (ch == CHANNEL_LEVEL) {
        level_count++;
    } else if (ch == CHANNEL_EDGE) {
        edge_count++;
    } else {
        go_on();
    }
}
