/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The PL011 serial port, revision r1p5 [PL011].
 *
 * Characters go through two FIFOs. The receive FIFO is filled from the line whenever it has room and the guest has
 * switched reception on; the transmit FIFO is emptied into the line as far as that takes it, so that a guest that looks
 * at TXFF before it writes loses nothing. The line has no speed: what it takes is gone at once, and it is idle as soon
 * as it gives nothing more (receive timeout).
 *
 * Left out: errors and break, modem lines (CTS, DSR and DCD read as set), loopback, IrDA, DMA, test registers. The
 * registers of baud rate, IrDA and DMA keep what is written, without effect.
 *
 * Invariants: a FIFO never holds more than its depth, which is PL011_FIFO_BYTES, or 1 with LCR_H.FEN clear; the level
 * of the interrupt is RIS & IMSC after each access and each poll.
 */
#include "devices/pl011.h"

#include <libvmm/util/util.h>
#include <libvmm/virq.h>

#include "spec/pl011.h"
#include "util/field.h"
#include "vm/device.h"
#include "vm/fdt_builder.h"
#include "vm/irq_line.h"
#include "vm/vm.h"

#define PAGE_BYTES 0x1000
#define CLOCK_HZ   24000000

/* PL011 of Arm, revision r1p5. */
static const uint8_t id_registers[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint32_t depth(const struct pl011 *uart)
{
    return (uart->lcr & UARTLCR_H_FEN) != 0 ? PL011_FIFO_BYTES : 1;
}

/* The fill that a field of UARTIFLS stands for: 1/8, 1/4, 1/2, 3/4 or 7/8 of the FIFO; reserved values are as the last.
 */
static uint32_t trigger(const struct pl011 *uart, uint64_t field)
{
    static const uint8_t eighths[] = {1, 2, 4, 6, 7, 7, 7, 7};
    return depth(uart) == 1 ? 1 : PL011_FIFO_BYTES / 8 * eighths[field_get(field, uart->levels)];
}

static void fifo_put(struct pl011_fifo *fifo, uint8_t byte)
{
    fifo->bytes[(fifo->first + fifo->count) % PL011_FIFO_BYTES] = byte;
    fifo->count++;
}

static void fifo_drop(struct pl011_fifo *fifo, uint32_t count)
{
    fifo->first = (fifo->first + count) % PL011_FIFO_BYTES;
    fifo->count -= count;
}

/* The characters that lie in one piece, from the first on. */
static uint32_t fifo_piece(const struct pl011_fifo *fifo)
{
    return MIN(fifo->count, PL011_FIFO_BYTES - fifo->first);
}

/* Empties the transmit FIFO into the line. Its interrupt is for passing the trigger on the way down. */
static void transmit(struct pl011 *uart)
{
    const uint64_t needed = UARTCR_UARTEN | UARTCR_TXE;
    const uint32_t threshold = depth(uart) == 1 ? 0 : trigger(uart, UARTIFLS_TX);
    const uint32_t before = uart->tx.count;

    if ((uart->control & needed) != needed) {
        return;
    }
    while (uart->tx.count != 0) {
        const uint32_t asked = fifo_piece(&uart->tx);
        const size_t taken = uart->line.transmit(uart->line.cookie, &uart->tx.bytes[uart->tx.first], asked);
        fifo_drop(&uart->tx, (uint32_t)MIN(taken, asked));
        if (taken < asked) {
            break;
        }
    }
    if (before != 0 && before != uart->tx.count && uart->tx.count <= threshold) {
        uart->raw |= UARTINT_TX;
    }
}

/* Fills the receive FIFO from the line. */
static void receive(struct pl011 *uart)
{
    const uint64_t needed = UARTCR_UARTEN | UARTCR_RXE;
    uint8_t bytes[PL011_FIFO_BYTES];

    if ((uart->control & needed) != needed || uart->rx.count >= depth(uart)) {
        return;
    }
    const size_t room = depth(uart) - uart->rx.count;
    const size_t answer = uart->line.receive(uart->line.cookie, bytes, room);
    const size_t given = MIN(answer, room);
    for (size_t i = 0; i < given; i++) {
        fifo_put(&uart->rx, bytes[i]);
    }
    if (given != 0) {
        uart->raw |= UARTINT_RT | (uart->rx.count >= trigger(uart, UARTIFLS_RX) ? UARTINT_RX : 0);
    }
}

static void update_level(const struct pl011 *uart)
{
    irq_line_set((const struct irq_line *)(const void *)uart->irq_line, (uart->raw & uart->mask) != 0);
}

static uint32_t read_data(struct pl011 *uart)
{
    if (uart->rx.count == 0) {
        return 0;
    }
    const uint8_t byte = uart->rx.bytes[uart->rx.first];
    fifo_drop(&uart->rx, 1);
    if (uart->rx.count < trigger(uart, UARTIFLS_RX)) {
        uart->raw &= (uint32_t)~UARTINT_RX;
    }
    if (uart->rx.count == 0) {
        uart->raw &= (uint32_t)~UARTINT_RT;
    }
    receive(uart);
    return byte;
}

/* What does not fit is lost, as on a real one. */
static void write_data(struct pl011 *uart, uint32_t value)
{
    if (uart->tx.count < depth(uart)) {
        fifo_put(&uart->tx, (uint8_t)value);
    }
    transmit(uart);
}

static uint32_t read_flags(struct pl011 *uart)
{
    uint64_t flags = UARTFR_CTS | UARTFR_DSR | UARTFR_DCD;
    flags |= uart->tx.count == 0 ? UARTFR_TXFE : UARTFR_BUSY;
    flags |= uart->tx.count >= depth(uart) ? UARTFR_TXFF : 0;
    flags |= uart->rx.count == 0 ? UARTFR_RXFE : 0;
    flags |= uart->rx.count >= depth(uart) ? UARTFR_RXFF : 0;
    return (uint32_t)flags;
}

/* Changing the depth flushes the FIFOs. */
static void write_lcr(struct pl011 *uart, uint32_t value)
{
    if (((uart->lcr ^ value) & UARTLCR_H_FEN) != 0) {
        fifo_drop(&uart->tx, uart->tx.count);
        fifo_drop(&uart->rx, uart->rx.count);
        uart->raw &= (uint32_t) ~(UARTINT_RX | UARTINT_RT);
    }
    uart->lcr = value & 0xff;
}

static void write_control(struct pl011 *uart, uint32_t value)
{
    uart->control = value & 0xffff;
    transmit(uart);
    receive(uart);
}

static uint32_t read_raw(struct pl011 *uart)
{
    return uart->raw;
}

static uint32_t read_masked(struct pl011 *uart)
{
    return uart->raw & uart->mask;
}

static void write_clear(struct pl011 *uart, uint32_t value)
{
    uart->raw &= ~value;
    /* The line is idle: the timeout comes again at once for what has not been read. */
    uart->raw |= uart->rx.count != 0 ? (uint32_t)UARTINT_RT : 0;
}

static uint32_t read_zero(struct pl011 *uart)
{
    (void)uart;
    return 0;
}

static void write_ignored(struct pl011 *uart, uint32_t value)
{
    (void)uart;
    (void)value;
}

/* Registers: either a member of struct pl011 with bits that can be written, or functions. Sorted by offset. */
struct pl011_reg {
    uint16_t offset;
    uint16_t member;
    uint32_t writable;
    uint32_t (*read)(struct pl011 *uart);
    void (*write)(struct pl011 *uart, uint32_t value);
};

#define AT(member) (uint16_t) offsetof(struct pl011, member)

static const struct pl011_reg regs[] = {
    {UARTDR, 0, 0, read_data, write_data},
    {UARTRSR, 0, 0, read_zero, write_ignored},
    {UARTFR, 0, 0, read_flags, NULL},
    {UARTILPR, AT(scratch[2]), 0xff, NULL, NULL},
    {UARTIBRD, AT(scratch[0]), 0xffff, NULL, NULL},
    {UARTFBRD, AT(scratch[1]), 0x3f, NULL, NULL},
    {UARTLCR_H, AT(lcr), 0, NULL, write_lcr},
    {UARTCR, AT(control), 0, NULL, write_control},
    {UARTIFLS, AT(levels), 0x3f, NULL, NULL},
    {UARTIMSC, AT(mask), UARTINT_ALL, NULL, NULL},
    {UARTRIS, 0, 0, read_raw, NULL},
    {UARTMIS, 0, 0, read_masked, NULL},
    {UARTICR, 0, 0, read_zero, write_clear},
    {UARTDMACR, AT(scratch[3]), 0x7, NULL, NULL},
};

static const struct pl011_reg *find(uint64_t offset)
{
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        if (regs[i].offset == offset) {
            return &regs[i];
        }
    }
    return NULL;
}

static uint32_t *member_of(struct pl011 *uart, const struct pl011_reg *reg)
{
    return (uint32_t *)((uint8_t *)uart + reg->member);
}

static enum mmio_result access_id(struct mmio_access *access)
{
    const uint64_t index = (access->offset - UARTPeriphID0) / sizeof(uint32_t);
    if (access->is_write || access->offset < UARTPeriphID0 || access->offset % sizeof(uint32_t) != 0) {
        return MMIO_GUEST_ERROR;
    }
    access->value = id_registers[index];
    return MMIO_HANDLED;
}

static enum mmio_result access_reg(struct pl011 *uart, const struct pl011_reg *reg, struct mmio_access *access)
{
    if (!access->is_write) {
        access->value = reg->read != NULL ? reg->read(uart) : *member_of(uart, reg);
    } else if (reg->write != NULL) {
        reg->write(uart, (uint32_t)access->value);
    } else if (reg->writable != 0) {
        *member_of(uart, reg) = (uint32_t)access->value & reg->writable;
    } else {
        return MMIO_GUEST_ERROR;
    }
    return MMIO_HANDLED;
}

enum mmio_result pl011_access(void *dev, struct mmio_access *access)
{
    struct pl011 *uart = dev;
    const struct pl011_reg *reg = find(access->offset);

    if (!access->is_write) {
        access->value = 0;
    }
    const enum mmio_result result = reg != NULL ? access_reg(uart, reg, access) : access_id(access);
    /* Narrow reads get the low part; narrow writes come zero-extended. */
    if (access->width_bytes < sizeof(uint32_t)) {
        access->value &= BIT(8 * access->width_bytes) - 1;
    }
    if (access->offset != UARTFR) {
        update_level(uart);
    }
    return result;
}

void pl011_reset(struct pl011 *uart)
{
    uart->lcr = (uint32_t)(UARTLCR_H_FEN | UARTLCR_H_8BIT);
    uart->control = (uint32_t)(UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
    uart->levels = UARTIFLS_RESET;
    uart->mask = 0;
    uart->raw = 0;
    memset(uart->scratch, 0, sizeof(uart->scratch));
    uart->tx.count = 0;
    uart->rx.count = 0;
}

static void reset(void *ctx)
{
    pl011_reset(ctx);
}

/* As Linux's binding serial/pl011.yaml has it. The clocks drive nothing, but a driver wants to know them. */
static void describe(void *ctx, struct fdt_builder *tree)
{
    static const char kinds[] = "arm,pl011\0arm,primecell";
    static const char clock_names[] = "uartclk\0apb_pclk";
    static const uint32_t clock_hz = CLOCK_HZ;
    static const uint32_t no_cells = 0;
    const struct pl011 *uart = ctx;
    char clock_name[sizeof "clock-ffffffffffffffff"];
    if (!uart->is_described) {
        return;
    }
    (void)snprintf(clock_name, sizeof clock_name, "clock-%lx", (unsigned long)uart->base);
    tree->ops->begin_node(tree, clock_name); /* no address: there are no registers */
    fdt_builder_string(tree, "compatible", "fixed-clock");
    fdt_builder_cells(tree, "#clock-cells", &no_cells, 1);
    fdt_builder_cells(tree, "clock-frequency", &clock_hz, 1);
    const uint32_t clock = fdt_builder_phandle(tree);
    fdt_builder_end(tree);
    fdt_builder_begin(tree, "serial", uart->base);
    tree->ops->property(tree, "compatible", kinds, sizeof kinds);
    fdt_builder_reg(tree, uart->base, PL011_BYTES);
    fdt_builder_interrupt(tree, (uint32_t)uart->irq);
    fdt_builder_cells(tree, "clocks", (const uint32_t[]){clock, clock}, 2);
    tree->ops->property(tree, "clock-names", clock_names, sizeof clock_names);
    fdt_builder_end(tree);
}

static const struct device_ops ops = {.reset = reset, .describe = describe};
_Static_assert(sizeof(struct device) <= sizeof(((struct pl011 *)NULL)->listed), "a place in the list of devices");
_Static_assert(sizeof(struct irq_line) <= sizeof(((struct pl011 *)NULL)->irq_line), "its interrupt");

void pl011_poll(struct pl011 *uart)
{
    transmit(uart);
    receive(uart);
    update_level(uart);
}

bool pl011_init(struct pl011 *uart, uint64_t base, size_t irq, const struct pl011_line *line)
{
    struct vm *vm = vm_instance();
    const struct device_claims claims = {
        .regions = {{gpa(base), PL011_BYTES, 1 | 2 | 4, pl011_access, uart}},
        .irqs = {{irq, 1}},
    };

    if (base % PAGE_BYTES != 0) {
        LOG_VMM_ERR("pl011_init: base 0x%lx is not a multiple of 0x%x\n", base, PAGE_BYTES);
        return false;
    }
    *uart = (struct pl011){.line = *line, .base = base, .irq = irq, .is_described = !vm->virq.initialised};
    *(struct irq_line *)(void *)uart->irq_line = (struct irq_line){&vm->vgic, (uint32_t)irq};
    pl011_reset(uart);
    return device_add(vm, (struct device *)uart->listed, "pl011_init", &ops, uart, &claims) == RESULT_OK;
}
