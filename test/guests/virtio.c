/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio devices on virtio-mmio [VIRTIO 2, 3, 4.2], as a driver finds them: probe, negotiation, rings, interrupts. The
 * VMM (test/system/machine/virtio/vmm.c) has a console that echoes, a disk of 64 KiB and a source of numbers.
 */
#include "spec/virtio/virtio.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/timer.h"
#include "spec/virtio/mmio.h"
#include "spec/virtio/queue.h"

/* As the VMM has them. */
#define CONSOLE     0xb000000
#define BLK         0xb000200
#define RNG         0xb000400
#define CONSOLE_IRQ 48
#define BLK_IRQ     49
#define RNG_IRQ     50
#define SECTORS     128

#define VERSION_1 1 /* of the upper word */

#define SIZE     8
#define TOO_LONG 100000 /* us */

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[SIZE];
    uint16_t used_event;
};

struct used {
    uint16_t flags;
    uint16_t idx;
    struct {
        uint32_t id;
        uint32_t len;
    } ring[SIZE];
    uint16_t avail_event;
};

/* A queue and its bytes, in memory that nobody else uses. */
struct queue {
    _Alignas(16) struct desc desc[SIZE];
    volatile struct avail avail;
    _Alignas(4) volatile struct used used;
    uint16_t next_desc;
    uint16_t seen;
};

#define QUEUE(n)  ((struct queue *)((uintptr_t)HARNESS_FREE_RAM + (uintptr_t)(n)*0x1000))
#define BUFFER(n) ((uint8_t *)((uintptr_t)HARNESS_FREE_RAM + 0x8000 + (uintptr_t)(n)*0x2000))

static void barrier(void)
{
    __asm__ volatile("dmb ish" : : : "memory");
}

/* Reset, and up to FEATURES_OK with these features of the lower word. */
static bool negotiate(uintptr_t base, uint32_t features)
{
    write32(base + VIRTIO_MMIO_STATUS, 0);
    write32(base + VIRTIO_MMIO_STATUS, 3);
    write32(base + VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    write32(base + VIRTIO_MMIO_DRIVER_FEATURES, features);
    write32(base + VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    write32(base + VIRTIO_MMIO_DRIVER_FEATURES, VERSION_1);
    write32(base + VIRTIO_MMIO_STATUS, 3 | VIRTIO_STATUS_FEATURES_OK);
    return (read32(base + VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK) != 0;
}

static void write_address(uintptr_t reg, const volatile void *at)
{
    write32(reg, (uint32_t)(uintptr_t)at);
    write32(reg + 4, (uint32_t)((uintptr_t)at >> 32));
}

static void set_queue(uintptr_t base, uint32_t index, struct queue *queue)
{
    for (size_t i = 0; i < sizeof *queue; i++) {
        ((volatile uint8_t *)queue)[i] = 0;
    }
    write32(base + VIRTIO_MMIO_QUEUE_SEL, index);
    write32(base + VIRTIO_MMIO_QUEUE_NUM, SIZE);
    write_address(base + VIRTIO_MMIO_QUEUE_DESC_LOW, queue->desc);
    write_address(base + VIRTIO_MMIO_QUEUE_DRIVER_LOW, &queue->avail);
    write_address(base + VIRTIO_MMIO_QUEUE_DEVICE_LOW, &queue->used);
    write32(base + VIRTIO_MMIO_QUEUE_READY, 1);
}

static void set_running(uintptr_t base)
{
    write32(base + VIRTIO_MMIO_STATUS, 3 | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

static void add_desc(struct queue *queue, const void *at, uint32_t bytes, uint16_t flags)
{
    const uint16_t here = queue->next_desc;
    queue->next_desc = (uint16_t)((here + 1) % SIZE);
    queue->desc[here] = (struct desc){(uintptr_t)at, bytes, flags, queue->next_desc};
}

/* Makes the chain from `head` available. */
static void offer(struct queue *queue, uint16_t head)
{
    queue->avail.ring[queue->avail.idx % SIZE] = head;
    barrier();
    queue->avail.idx++;
    barrier();
}

/* Waits for a used chain; its length, or -1. */
static int64_t take(struct queue *queue)
{
    const uint64_t end = timer_now() + timer_ticks(TOO_LONG);
    while (queue->used.idx == queue->seen) {
        if (timer_now() > end) {
            return -1;
        }
    }
    barrier();
    return queue->used.ring[queue->seen++ % SIZE].len;
}

static int64_t transfer(uintptr_t base, uint32_t index, const void *at, uint32_t bytes, uint16_t flags)
{
    struct queue *queue = QUEUE(index);
    const uint16_t head = queue->next_desc;
    add_desc(queue, at, bytes, flags);
    offer(queue, head);
    write32(base + VIRTIO_MMIO_QUEUE_NOTIFY, index);
    return take(queue);
}

static void probe(uintptr_t base, uint32_t id)
{
    check_equal("magic value", read32(base + VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
    check_equal("version", read32(base + VIRTIO_MMIO_VERSION), 2);
    check_equal("device", read32(base + VIRTIO_MMIO_DEVICE_ID), id);
    write32(base + VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
    check_equal("VERSION_1 is offered", read32(base + VIRTIO_MMIO_DEVICE_FEATURES) & VERSION_1, VERSION_1);
    check_equal("status at first", read32(base + VIRTIO_MMIO_STATUS), 0);
}

/* The device's interrupt comes, is acknowledged, and does not come again. */
static void check_interrupt(const char *name, uintptr_t base, uint32_t irq)
{
    const uint32_t taken = gic_wait();
    check_equal(name, gic_id(taken), irq);
    write32(base + VIRTIO_MMIO_INTERRUPT_ACK, read32(base + VIRTIO_MMIO_INTERRUPT_STATUS));
    gic_end(taken);
    check_equal("no interrupt is left", gic_take(), GIC_INTID_SPURIOUS);
}

static void entropy(void)
{
    uint8_t *bytes = BUFFER(0);
    check("entropy: features", negotiate(RNG, 0));
    set_queue(RNG, 0, QUEUE(0));
    set_running(RNG);
    bytes[0] = 0;
    bytes[99] = 0;
    check_equal("entropy: 100 bytes", (uint64_t)transfer(RNG, 0, bytes, 100, VIRTQ_DESC_F_WRITE), 100);
    check_equal("entropy: last of them", (uint8_t)(bytes[99] - bytes[0]), 99);
    check_interrupt("entropy: interrupt", RNG, RNG_IRQ);
}

/* More than the rings between here and there can hold goes out, while what comes back is read a little at a time. */
static void console(void)
{
    const uint32_t bytes = 0x2000;
    uint32_t done = 0;
    probe(CONSOLE, 3);
    check("console: features", negotiate(CONSOLE, 1));
    check_equal("console: size", read32(CONSOLE + VIRTIO_MMIO_CONFIG), 25u << 16 | 80);
    set_queue(CONSOLE, 0, QUEUE(0));
    set_queue(CONSOLE, 1, QUEUE(1));
    set_running(CONSOLE);
    for (uint32_t i = 0; i < bytes; i++) {
        BUFFER(0)[i] = (uint8_t)(i * 7 + i / 256);
    }
    add_desc(QUEUE(1), BUFFER(0), bytes, 0);
    offer(QUEUE(1), 0);
    write32(CONSOLE + VIRTIO_MMIO_QUEUE_NOTIFY, 1);
    check_equal("console: not all of it finds room", QUEUE(1)->used.idx, 0);
    while (done < bytes) {
        const int64_t got = transfer(CONSOLE, 0, BUFFER(1) + done, 100, VIRTQ_DESC_F_WRITE);
        if (got <= 0) {
            break;
        }
        done += (uint32_t)got;
    }
    check_equal("console: all of it comes back", done, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        check_each("console: each byte", i, BUFFER(1)[i], (uint8_t)(i * 7 + i / 256));
    }
    check_all("console: each byte");
    check_equal("console: it is used", (uint64_t)take(QUEUE(1)), 0);
    check_interrupt("console: interrupt", CONSOLE, CONSOLE_IRQ);
}

/* One request of 512-byte sectors; its status byte. */
static uint32_t request(uint32_t type, uint64_t sector, uint8_t *data, uint32_t bytes)
{
    struct queue *queue = QUEUE(0);
    volatile uint64_t *header = (volatile uint64_t *)BUFFER(2);
    volatile uint8_t *status = BUFFER(2) + 16;
    const uint16_t head = queue->next_desc;
    header[0] = type;
    header[1] = sector;
    *status = 0xff;
    add_desc(queue, BUFFER(2), 16, VIRTQ_DESC_F_NEXT);
    if (bytes != 0) {
        add_desc(queue, data, bytes, (uint16_t)(VIRTQ_DESC_F_NEXT | (type == 0 || type == 8 ? VIRTQ_DESC_F_WRITE : 0)));
    }
    add_desc(queue, BUFFER(2) + 16, 1, VIRTQ_DESC_F_WRITE);
    offer(queue, head);
    write32(BLK + VIRTIO_MMIO_QUEUE_NOTIFY, 0);
    if (take(queue) < 0) {
        return 0xffff;
    }
    return *status;
}

static void fill(uint8_t *bytes, uint32_t count, uint32_t seed)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(i + seed);
    }
}

static void disk(void)
{
    probe(BLK, 2);
    check("disk: features", negotiate(BLK, 1u << 9));
    check_equal("disk: sectors", read32(BLK + VIRTIO_MMIO_CONFIG), SECTORS);
    set_queue(BLK, 0, QUEUE(0));
    set_running(BLK);
    fill(BUFFER(0), 0x1000, 1);
    check_equal("disk: write of a block", request(1, 8, BUFFER(0), 0x1000), 0);
    check_interrupt("disk: interrupt", BLK, BLK_IRQ);
    fill(BUFFER(0), 0x600, 0x55);
    check_equal("disk: write across blocks", request(1, 14, BUFFER(0), 0x600), 0);
    check_equal("disk: read", request(0, 8, BUFFER(1), 0x1200), 0);
    for (uint32_t i = 0; i < 0x1200; i++) {
        const uint32_t want = i < 0xc00 ? i + 1 : i - 0xc00 + 0x55;
        check_each("disk: each byte", i, BUFFER(1)[i], (uint8_t)want);
    }
    check_all("disk: each byte");
    check_equal("disk: flush", request(4, 0, NULL, 0), 0);
    check_equal("disk: serial number", request(8, 0, BUFFER(1), 20), 0);
    check_equal("disk: its first letter", BUFFER(1)[0], 'M');
    check_equal("disk: beyond the end", request(0, SECTORS, BUFFER(1), 0x200), 1);
    check_equal("disk: unknown request", request(99, 0, NULL, 0), 2);
    write32(BLK + VIRTIO_MMIO_STATUS, 0);
    /* One may be on its way already. */
    (void)gic_take();
    check_equal("disk: no interrupt is left after a reset", gic_take(), GIC_INTID_SPURIOUS);
}

/* After a driver's error its device does nothing until it is reset. */
static void driver_errors(void)
{
    check("no features, no FEATURES_OK", !negotiate(RNG, 1u << 5));
    check("entropy: features again", negotiate(RNG, 0));
    set_queue(RNG, 0, QUEUE(0));
    set_running(RNG);
    QUEUE(0)->avail.idx = SIZE + 1;
    barrier();
    write32(RNG + VIRTIO_MMIO_QUEUE_NOTIFY, 0);
    check_equal("a ring that is broken", read32(RNG + VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET,
                VIRTIO_STATUS_NEEDS_RESET);
    check_equal("is told by an interrupt", read32(RNG + VIRTIO_MMIO_INTERRUPT_STATUS), 2);
    entropy();
    QUEUE(0)->desc[QUEUE(0)->next_desc] = (struct desc){HARNESS_NOTHING, 16, VIRTQ_DESC_F_WRITE, 0};
    offer(QUEUE(0), QUEUE(0)->next_desc);
    write32(RNG + VIRTIO_MMIO_QUEUE_NOTIFY, 0);
    check_equal("a buffer outside of memory", read32(RNG + VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET,
                VIRTIO_STATUS_NEEDS_RESET);
    entropy();
}

void guest_main(void)
{
    gic_init();
    gic_enable(CONSOLE_IRQ);
    gic_enable(BLK_IRQ);
    gic_enable(RNG_IRQ);
    probe(RNG, 4);
    entropy();
    console();
    disk();
    driver_errors();
}
