/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a guest pays for its exits, one vCPU. The functions named take_... are what a trace is cut by.
 *
 * Interrupts are masked except while one is waited for: an unrelated pending timer would add to every exit.
 */
#include "gic.h"
#include "psci.h"
#include "sample.h"
#include "spec/pl011.h"
#include "timer.h"

#define SGI_NUMBER 5
#define SPI_NUMBER 40 /* nobody raises it */
#define SERIAL_IRQ 33

#define PL011_BASE 0x9000000

#define TIMER_DELAY 8000 /* ticks; longer than it takes to wait */

#define GICD_SGIR_TO_SELF (GICD_SGIR_FILTER_SELF << 24)

#define UNMASK "msr daifclr, #2\n"
#define MASK   "msr daifset, #2\n"

static bool is_v3;        /* looked up once: asking is an exit */
static uint32_t silenced; /* a store to it silences what needs no silencing */

static struct operands on_register(uintptr_t address, uint64_t value)
{
    return (struct operands){.x12 = address, .x13 = value};
}

static struct operands on_interrupt(uint64_t x12, uint64_t x13)
{
    return (struct operands){.x12 = x12, .x13 = x13, .x14 = (uintptr_t)&silenced, .x15 = GICC_BASE};
}

static void take_read(struct sample *sample)
{
    const struct operands operands = on_register(GICD_BASE + GICD_CTLR, 0);
    SAMPLE(sample, &operands, "ldr w3, [x12]");
}

/* Another register, another frame if there is one, as long as there are others: nothing found last helps. */
static void take_read_elsewhere(struct sample *sample)
{
    static const struct {
        uint32_t irq;
        uint32_t offset;
    } registers[] = {{0, GICD_ISENABLER}, {SPI_NUMBER, GICD_ICFGR + 8}, {0, GICD_ISPENDR}, {SPI_NUMBER, GICD_TYPER}};
    static size_t next;
    const size_t i = next++ % ARRAY_SIZE(registers);
    const struct operands operands = on_register(gic_bank(registers[i].irq) + registers[i].offset, 0);
    SAMPLE(sample, &operands, "ldr w3, [x12]");
}

/* Enables and disables an interrupt in turn. */
static void take_write(struct sample *sample)
{
    static bool enabled;
    const uintptr_t bank = GICD_BASE + (enabled ? GICD_ICENABLER : GICD_ISENABLER);
    const struct operands operands = on_register(bank + SPI_NUMBER / 32 * 4, BIT(SPI_NUMBER % 32));
    enabled = !enabled;
    SAMPLE(sample, &operands, "mov w3, w13\n str w3, [x12]");
}

static void take_write_nothing(struct sample *sample)
{
    const struct operands operands = on_register(GICD_BASE + GICD_ICENABLER + SPI_NUMBER / 32 * 4, 0);
    SAMPLE(sample, &operands, "str wzr, [x12]");
}

static void take_hvc(struct sample *sample)
{
    const struct operands operands = {.x12 = PSCI_VERSION};
    SAMPLE(sample, &operands, "mov x0, x12\n hvc #0");
}

static void take_smc(struct sample *sample)
{
    const struct operands operands = {.x12 = PSCI_VERSION};
    SAMPLE(sample, &operands, "mov x0, x12\n smc #0");
}

static void take_sgi_self(struct sample *sample)
{
    if (is_v3) {
        const struct operands operands = on_interrupt((uint64_t)SGI_NUMBER << 24 | 1, 0);
        SAMPLE(sample, &operands, UNMASK "msr S3_0_C12_C11_5, x12\n isb\n" UNTIL_HANDLED MASK);
    } else {
        const struct operands operands = on_interrupt(GICD_BASE + GICD_SGIR, GICD_SGIR_TO_SELF | SGI_NUMBER);
        SAMPLE(sample, &operands, UNMASK "str w13, [x12]\n" UNTIL_HANDLED MASK);
    }
}

/* From the deadline on. */
static void take_timer(struct sample *sample)
{
    const struct operands operands = on_interrupt(0, 0);
    timer_set(timer_now() + TIMER_DELAY);
    timer_control(CNT_CTL_ENABLE);
    SAMPLE(sample, &operands, UNMASK UNTIL_HANDLED MASK);
    sample->before = READ_SYSREG(cntv_cval_el0);
}

/* From the deadline until the instruction behind the WFI, with interrupts masked. */
static void take_wfi(struct sample *sample)
{
    const struct operands operands = {0};
    timer_set(timer_now() + TIMER_DELAY);
    timer_control(CNT_CTL_ENABLE);
    SAMPLE(sample, &operands, "wfi");
    sample->before = READ_SYSREG(cntv_cval_el0);
    const uint32_t acknowledged = gic_wait();
    timer_control(0);
    gic_end(acknowledged);
}

/* The console's transmitter is idle, so its interrupt comes when it is unmasked. */
static void take_passthrough(struct sample *sample)
{
    struct operands operands = on_interrupt(PL011_BASE + UARTIMSC, UARTINT_TX);
    operands.x14 = PL011_BASE + UARTIMSC;
    SAMPLE(sample, &operands, UNMASK "str w13, [x12]\n" UNTIL_HANDLED MASK);
}

/* Nothing is at the address: an abort is injected. */
static void take_abort(struct sample *sample)
{
    const struct operands operands = on_register(HARNESS_NOTHING, 0);
    SAMPLE(sample, &operands, "ldr w3, [x12]");
}

static const struct path paths[] = {
    {"read", take_read, false},
    {"read_elsewhere", take_read_elsewhere, false},
    {"write", take_write, false},
    {"write_nothing", take_write_nothing, false},
    {"hvc", take_hvc, false},
    {"sgi_self", take_sgi_self, true},
    {"timer", take_timer, true},
    {"wfi_wake", take_wfi, false},
    {"passthrough", take_passthrough, true},
};

/* QEMU's own machine takes no calls by SMC without EL3, and has something that answers at the address. */
static const struct path guest_only_paths[] = {
    {"smc", take_smc, false},
    {"abort", take_abort, true},
};

static void measure(const struct path *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sample_path(&all[i]);
    }
}

static void wait_for_key(void)
{
    harness_put("READY\n");
    while ((read32(PL011_BASE + UARTFR) & UARTFR_RXFE) != 0) {
    }
}

void guest_main(void)
{
    is_v3 = gic_is_v3();
    gic_init();
    gic_enable(SGI_NUMBER);
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    gic_enable(SERIAL_IRQ);
    gic_route(SERIAL_IRQ, 0);
    sample_use_vectors();
    wait_for_key();
    measure(paths, ARRAY_SIZE(paths));
    if (!harness_is_native()) {
        measure(guest_only_paths, ARRAY_SIZE(guest_only_paths));
    }
}
