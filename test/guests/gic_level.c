/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A device with a level-sensitive interrupt: the PL011, whose transmit interrupt is raised by every byte sent and
 * stays until it is cleared [PL011 3.3.10 to 3.3.13]. It is the machine's own, passed through.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/timer.h"
#include "spec/pl011.h"

#define UART_IRQ  33
#define UART_BASE 0x9000000

#define ROUND_COUNT 200

static void line_high(void)
{
    write32(UART_BASE + UARTDR, '.');
    write32(UART_BASE + UARTIMSC, UARTINT_TX);
}

static void line_low(void)
{
    write32(UART_BASE + UARTIMSC, 0);
    write32(UART_BASE + UARTICR, UARTINT_ALL);
}

static void end_of_line(void)
{
    harness_put("\n");
    line_low();
}

/* High until it is served, then low. */
static void served(void)
{
    line_high();
    const uint32_t taken = gic_wait();
    line_low();
    gic_end(taken);
    end_of_line();
    check_equal("served: taken", gic_id(taken), UART_IRQ);
    check_equal("served: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

/* A level that is still high comes again after the end. */
static void unserved(void)
{
    line_high();
    const uint32_t first = gic_take();
    const uint32_t second = gic_take();
    const uint32_t third = gic_wait();
    line_low();
    gic_end(third);
    end_of_line();
    check_equal("unserved: taken", first, UART_IRQ);
    check_equal("unserved: taken again", second, UART_IRQ);
    check_equal("unserved: and again", gic_id(third), UART_IRQ);
    check_equal("served at last: taken no more", gic_take(), GIC_INTID_SPURIOUS);
}

/* High while the interrupt is disabled: taken when enabled. */
static void while_disabled(void)
{
    gic_disable(UART_IRQ);
    line_high();
    const uint32_t none = gic_take();
    const bool is_pending = gic_is_pending(UART_IRQ);
    gic_enable(UART_IRQ);
    const uint32_t taken = gic_wait();
    line_low();
    gic_end(taken);
    end_of_line();
    check_equal("disabled: not taken", none, GIC_INTID_SPURIOUS);
    check("disabled: pending", is_pending);
    check_equal("enabled: taken", gic_id(taken), UART_IRQ);
    check_equal("enabled: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

/* High and low again while disabled: a level leaves nothing behind. */
static void gone_while_disabled(void)
{
    gic_disable(UART_IRQ);
    line_high();
    timer_spin(1000);
    line_low();
    end_of_line();
    gic_enable(UART_IRQ);
    const uint32_t taken = gic_take();
    check_equal("gone before it was enabled: not taken", taken, GIC_INTID_SPURIOUS);
}

/* ICPENDR does not clear a level that is high. */
static void cleared_while_high(void)
{
    gic_disable(UART_IRQ);
    line_high();
    timer_spin(1000);
    gic_clear_pending(UART_IRQ);
    timer_spin(1000);
    const bool is_pending = gic_is_pending(UART_IRQ);
    gic_enable(UART_IRQ);
    const uint32_t taken = gic_wait();
    line_low();
    gic_end(taken);
    end_of_line();
    check("ICPENDR while high: still pending", is_pending);
    check_equal("ICPENDR while high: taken when enabled", gic_id(taken), UART_IRQ);
    check_equal("ICPENDR while high: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

/* Rises again in the middle of its service. */
static void again_in_service(void)
{
    line_high();
    const uint32_t first = gic_wait();
    line_low();
    line_high();
    gic_end(first);
    const uint32_t second = gic_wait();
    line_low();
    gic_end(second);
    end_of_line();
    check_equal("again in service: taken", gic_id(first), UART_IRQ);
    check_equal("again in service: taken after the end", gic_id(second), UART_IRQ);
    check_equal("again in service: no more", gic_take(), GIC_INTID_SPURIOUS);
}

/* Many times by exception: one each, none lost, none too many. */
static volatile uint64_t served_count;

static void serve(void)
{
    const uint32_t taken = gic_acknowledge();
    if (taken == GIC_INTID_SPURIOUS) {
        return;
    }
    line_low();
    served_count++;
    gic_end(taken);
}

static void many(void)
{
    interrupt_set_handler(serve);
    interrupt_unmask();
    for (uint64_t i = 0; i < ROUND_COUNT; i++) {
        line_high();
        const uint64_t end = timer_now() + timer_ticks(20000);
        while (served_count == i && timer_now() < end) {
        }
    }
    interrupt_mask();
    end_of_line();
    check_equal("many: one each", served_count, ROUND_COUNT);
}

void guest_main(void)
{
    gic_init();
    gic_set_edge(UART_IRQ, false);
    gic_set_priority(UART_IRQ, 0x80);
    gic_route(UART_IRQ, 0);
    gic_enable(UART_IRQ);
    served();
    unserved();
    while_disabled();
    gone_while_disabled();
    cleared_while_high();
    again_in_service();
    many();
}
