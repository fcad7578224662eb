/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Message-signalled interrupts as a driver finds them: a GICv2m frame [SBSA GICv2m], and MSI-X [PCI 6.8.2] of a virtio
 * entropy device on PCI [VIRTIO 4.1], in slot 1.
 */
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/timer.h"
#include "spec/pci.h"
#include "spec/virtio/pci.h"

/* As the VMM has them (test/system/machine/msix/vmm.c), and QEMU's virt machine. */
#define FUNCTION  (0x3f000000 + (1 << 15))
#define BAR       0x10000000
#define BAR_BYTES 0x100000 /* of addresses for each of the device's */
#define BARS      6
#define FRAME     0x8020000
#define SPI       80
#define SPI_COUNT 64
#define INTX      36

#define VECTORS 2

#define SIZE     8
#define TOO_LONG 100000 /* us */

/* A queue; every request is descriptor 0. */
struct ring {
    struct {
        uint64_t addr;
        uint32_t len;
        uint16_t flags;
        uint16_t next;
    } desc[SIZE];
    volatile struct {
        uint16_t flags;
        uint16_t idx;
        uint16_t ring[SIZE];
    } avail;
    _Alignas(4) volatile struct {
        uint16_t flags;
        uint16_t idx;
        uint32_t ring[SIZE][2];
    } used;
};

static struct ring *const ring = (struct ring *)HARNESS_FREE_RAM;
static uint8_t *const buffer = (uint8_t *)HARNESS_FREE_RAM + 0x1000;
/* Where a message may go wrong. */
static volatile uint32_t *const victim = (uint32_t *)(HARNESS_FREE_RAM + 0x2000);

static uintptr_t common;
static uintptr_t notify;
static uintptr_t isr;
static uintptr_t table;
static uintptr_t pending;
static uintptr_t control;

static void frame(void)
{
    check_equal("frame: its interrupts", read32(FRAME + GICV2M_MSI_TYPER), SPI << 16 | SPI_COUNT);
    for (uint32_t irq = SPI; irq < SPI + SPI_COUNT; irq++) {
        gic_set_edge(irq, true);
        gic_route(irq, 0);
        gic_enable(irq);
        write32(FRAME + GICV2M_MSI_SETSPI_NS, irq);
        check_each("frame: each interrupt", irq, gic_take(), irq);
    }
    check_all("frame: each interrupt");
    gic_set_edge(SPI + SPI_COUNT, true);
    gic_enable(SPI + SPI_COUNT);
    write32(FRAME + GICV2M_MSI_SETSPI_NS, SPI + SPI_COUNT);
    write32(FRAME + GICV2M_MSI_SETSPI_NS, SPI - 1);
    write32(FRAME + GICV2M_MSI_SETSPI_NS, 0);
    check_equal("frame: no others", gic_take(), GIC_INTID_SPURIOUS);
    /* One that comes twice before it is taken comes once; one that comes while it is served, again. */
    write32(FRAME + GICV2M_MSI_SETSPI_NS, SPI);
    write32(FRAME + GICV2M_MSI_SETSPI_NS, SPI);
    const uint32_t taken = gic_wait();
    check_equal("frame: two writes", gic_id(taken), SPI);
    check_equal("frame: one interrupt", gic_acknowledge(), GIC_INTID_SPURIOUS);
    write32(FRAME + GICV2M_MSI_SETSPI_NS, SPI);
    gic_end(taken);
    check_equal("frame: one that came meanwhile", gic_take(), SPI);
    check_equal("frame: nothing is left", gic_take(), GIC_INTID_SPURIOUS);
}

/* BARs at addresses of their own, wide or not; memory and bus master on. */
static void place_bars(void)
{
    for (uintptr_t i = 0; i < BARS; i++) {
        const uintptr_t bar = FUNCTION + 0x10 + 4 * i;
        write32(bar, (uint32_t)(BAR + i * BAR_BYTES));
        if ((read32(bar) & 6) == 4) {
            write32(bar + 4, 0);
            i++;
        }
    }
    write16(FUNCTION + 4, 6);
}

static uintptr_t in_bar(uint32_t bar, uint32_t offset)
{
    return (read32(FUNCTION + 0x10 + 4 * (uintptr_t)bar) & ~UINT32_C(15)) + offset;
}

static void find_part(uintptr_t cap)
{
    const uintptr_t at = in_bar(read8(cap + 4), read32(cap + 8));
    switch (read8(cap + 3)) {
    case VIRTIO_PCI_CAP_COMMON_CFG:
        common = at;
        break;
    case VIRTIO_PCI_CAP_NOTIFY_CFG:
        notify = at;
        break;
    case VIRTIO_PCI_CAP_ISR_CFG:
        isr = at;
        break;
    default:
        break;
    }
}

static void find(void)
{
    check_equal("device: virtio entropy", read32(FUNCTION), 0x10441af4);
    place_bars();
    for (uintptr_t at = read8(FUNCTION + 0x34); at != 0; at = read8(FUNCTION + at + 1)) {
        const uintptr_t cap = FUNCTION + at;
        if (read8(cap) == PCI_CAPABILITY_VENDOR) {
            find_part(cap);
        } else if (read8(cap) == PCI_CAPABILITY_MSIX) {
            control = cap + 2;
            table = in_bar(read32(cap + 4) & 7, read32(cap + 4) & ~UINT32_C(7));
            pending = in_bar(read32(cap + 8) & 7, read32(cap + 8) & ~UINT32_C(7));
        }
    }
    check("device: all parts are there", common != 0 && notify != 0 && isr != 0 && control != 0);
    check_equal("MSI-X: vectors, off", read16(control), VECTORS - 1);
    for (uintptr_t i = 0; i < VECTORS; i++) {
        check_equal("MSI-X: masked at first", read32(table + 16 * i + 12), 1);
    }
    check_equal("vectors: none at first", read16(common + VIRTIO_PCI_CONFIG_MSIX_VECTOR), VIRTIO_PCI_NO_VECTOR);
}

/* Entry n of the table is SPI + n, not masked. */
static void fill_table(void)
{
    for (uint32_t i = 0; i < VECTORS; i++) {
        write32(table + 16 * (uintptr_t)i, FRAME + GICV2M_MSI_SETSPI_NS);
        write32(table + 16 * (uintptr_t)i + 4, 0);
        write32(table + 16 * (uintptr_t)i + 8, SPI + i);
        write32(table + 16 * (uintptr_t)i + 12, 0);
    }
    check_equal("table: reads back", read32(table + 16 + 8), SPI + 1);
}

static void write_address(uintptr_t at, const volatile void *area)
{
    write32(at, (uint32_t)(uintptr_t)area);
    write32(at + 4, 0);
}

/* From a reset to DRIVER_OK, with this vector for the queue. */
static void start(uint32_t vector)
{
    for (size_t i = 0; i < sizeof *ring; i++) {
        ((volatile uint8_t *)ring)[i] = 0;
    }
    write8(common + VIRTIO_PCI_DEVICE_STATUS, 0);
    write8(common + VIRTIO_PCI_DEVICE_STATUS, 3);
    write32(common + VIRTIO_PCI_DRIVER_FEATURE_SELECT, 1);
    write32(common + VIRTIO_PCI_DRIVER_FEATURE, 1);
    write8(common + VIRTIO_PCI_DEVICE_STATUS, 0xb);
    write16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR, vector);
    write16(common + VIRTIO_PCI_QUEUE_SIZE, SIZE);
    write_address(common + VIRTIO_PCI_QUEUE_DESC, ring->desc);
    write_address(common + VIRTIO_PCI_QUEUE_DRIVER, &ring->avail);
    write_address(common + VIRTIO_PCI_QUEUE_DEVICE, &ring->used);
    write16(common + VIRTIO_PCI_QUEUE_ENABLE, 1);
    write8(common + VIRTIO_PCI_DEVICE_STATUS, 0xf);
}

/* Asks for some bytes, and waits until they are there. */
static void request(void)
{
    const uint64_t end = timer_now() + timer_ticks(TOO_LONG);
    const uint16_t idx = ring->avail.idx;
    ring->desc[0].addr = (uintptr_t)buffer;
    ring->desc[0].len = 16;
    ring->desc[0].flags = 2;
    ring->avail.ring[idx % SIZE] = 0;
    __asm__ volatile("dmb ish" : : : "memory");
    ring->avail.idx = (uint16_t)(idx + 1);
    __asm__ volatile("dmb ish" : : : "memory");
    write16(notify, 0);
    while (ring->used.idx == idx && timer_now() < end) {
    }
    check_equal("a request is used", ring->used.idx, (uint16_t)(idx + 1));
}

static void vectors(void)
{
    static const uint16_t values[] = {0, 1, VECTORS, VECTORS + 1, 0x7ff, 0xfffe};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        const uint32_t want = values[i] < VECTORS ? values[i] : VIRTIO_PCI_NO_VECTOR;
        write16(common + VIRTIO_PCI_CONFIG_MSIX_VECTOR, values[i]);
        check_each("vectors: what reads back", values[i], read16(common + VIRTIO_PCI_CONFIG_MSIX_VECTOR), want);
        write16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR, values[i]);
        check_each("vectors: what reads back", values[i], read16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR), want);
    }
    check_all("vectors: what reads back");
    write8(common + VIRTIO_PCI_DEVICE_STATUS, 0);
    check_equal("vectors: a reset takes them back", read16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR),
                VIRTIO_PCI_NO_VECTOR);
}

static void messages(void)
{
    start(1);
    request();
    check_equal("message: the queue's", gic_take(), SPI + 1);
    write16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR, 0);
    request();
    check_equal("message: another vector", gic_take(), SPI);
    write16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR, VIRTIO_PCI_NO_VECTOR);
    request();
    check_equal("message: no vector", gic_take(), GIC_INTID_SPURIOUS);
    write32(table + 8, SPI + 40);
    write16(common + VIRTIO_PCI_QUEUE_MSIX_VECTOR, 0);
    request();
    check_equal("message: another number", gic_take(), SPI + 40);
    write32(table + 8, SPI);
}

static void masks(void)
{
    start(1);
    write32(table + 16 + 12, 1);
    request();
    request();
    check_equal("mask: nothing comes", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("mask: it is pending", read32(pending), 2);
    write32(table + 16 + 12, 0);
    check_equal("mask: comes when it is gone", gic_take(), SPI + 1);
    check_equal("mask: pending no more", read32(pending), 0);
    write16(control, PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL);
    request();
    check_equal("function mask: nothing comes", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("function mask: it is pending", read32(pending), 2);
    write16(control, PCI_MSIX_ENABLE);
    check_equal("function mask: comes when it is gone", gic_take(), SPI + 1);
    check_equal("masks: nothing is left", gic_take(), GIC_INTID_SPURIOUS);
    write16(control, PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL);
    request();
    write8(common + VIRTIO_PCI_DEVICE_STATUS, 0);
    check_equal("mask: a reset of the device takes back what is pending", read32(pending), 0);
    write16(control, PCI_MSIX_ENABLE);
    check_equal("mask: and it does not come", gic_take(), GIC_INTID_SPURIOUS);
}

/* Natively a message is a write like any other, wherever it goes. */
static void wrong_messages(void)
{
    static const uint32_t numbers[] = {0, 27, INTX, SPI - 1, SPI + SPI_COUNT, 1023};
    if (harness_is_native()) {
        return;
    }
    start(1);
    *victim = 0;
    write32(table + 16, (uint32_t)(uintptr_t)victim);
    request();
    check_equal("a message to memory writes nothing", *victim, 0);
    write32(table + 16, (uint32_t)notify);
    request();
    check_equal("one to a device reaches none", gic_take(), GIC_INTID_SPURIOUS);
    write32(table + 16, FRAME + GICV2M_MSI_SETSPI_NS);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        write32(table + 16 + 8, numbers[i]);
        request();
        check_each("one of another's interrupt is none", numbers[i], gic_take(), GIC_INTID_SPURIOUS);
    }
    check_all("one of another's interrupt is none");
    fill_table();
}

/* Without MSI-X there is the line, and its cause. */
static void line(void)
{
    write16(control, 0);
    start(1);
    gic_set_edge(INTX, false);
    gic_route(INTX, 0);
    gic_enable(INTX);
    request();
    const uint32_t taken = gic_wait();
    check_equal("line: the interrupt", gic_id(taken), INTX);
    check_equal("line: its cause", read8(isr), 1);
    gic_end(taken);
    check_equal("line: nothing is left", gic_take(), GIC_INTID_SPURIOUS);
    request();
    write16(control, PCI_MSIX_ENABLE);
    check_range("line: low when messages are on, but for one on its way", gic_take(), INTX, GIC_INTID_SPURIOUS);
    check_equal("line: low", gic_take(), GIC_INTID_SPURIOUS);
    request();
    check_equal("line: a message instead", gic_take(), SPI + 1);
    check_equal("line: it stays low", gic_take(), GIC_INTID_SPURIOUS);
}

void guest_main(void)
{
    gic_init();
    frame();
    find();
    write16(control, PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL);
    fill_table();
    write16(control, PCI_MSIX_ENABLE);
    vectors();
    messages();
    masks();
    wrong_messages();
    line();
}
