/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What requests to virtio devices cost: a disk, a network card and a console [VIRTIO 2.7]. Virtual, passed through, or
 * the machine's own: this program is the same.
 *
 * It does what Linux does: indirect descriptors, notifications suppressed by EVENT_IDX, waiting in WFI, the interrupt's
 * cause read and acknowledged where it is no message, all that is used taken before the next notification. No timer
 * runs: while everybody waits, the counter of instructions stands still.
 */
#include "spec/virtio/virtio.h"
#include "../virtio-system/counters.h"
#include "gic.h"
#include "sample.h"
#include "spec/virtio/blk.h"
#include "spec/virtio/net.h"
#include "spec/virtio/queue.h"
#include "timer.h"
#include "virtio_bus.h"

#define SIZE        64 /* of every queue */
#define DEEP        32
#define DEEP_COUNT  1024 /* requests in a sample at that depth */
#define DEEP_SAMPLE 5
#define WARM_UP     4
#define EVENT_COUNT 6

#define BLOCK_BYTES    4096
#define BLOCK_SECTORS  8
#define ETHERNET_BYTES 14
#define FRAME_BYTES    (ETHERNET_BYTES + 1500)
#define BUFFER_BYTES   2048
#define LINE_BYTES     64

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

/* A queue as both sides see it; descriptor i is always used for buffer i. */
struct ring {
    struct desc desc[SIZE];
    volatile struct {
        uint16_t flags;
        uint16_t idx;
        uint16_t ring[SIZE];
        uint16_t used_event;
    } avail;
    _Alignas(8) volatile struct {
        uint16_t flags;
        uint16_t idx;
        struct {
            uint32_t id;
            uint32_t len;
        } ring[SIZE];
        uint16_t avail_event;
    } used;
};

struct blk_header {
    uint32_t type; /* 0: read, 1: write */
    uint32_t reserved;
    uint64_t sector;
};

/* What devices reach. */
struct shared {
    _Alignas(4096) struct ring blk;
    _Alignas(4096) struct ring net_rx;
    _Alignas(4096) struct ring net_tx;
    _Alignas(4096) struct ring console_rx;
    _Alignas(4096) struct ring console_tx;
    struct desc indirect[DEEP][3];
    struct blk_header headers[DEEP];
    uint8_t statuses[DEEP];
    uint8_t line[LINE_BYTES];
    _Alignas(16) uint8_t frame[BUFFER_BYTES];
    _Alignas(4096) uint8_t received[SIZE][BUFFER_BYTES];
    uint8_t blocks[DEEP][BLOCK_BYTES];
};

_Static_assert(sizeof(struct shared) <= HARNESS_FREE_RAM_BYTES, "more than there is");

struct queue {
    struct ring *ring;
    const struct bus_device *device;
    uint32_t index;
    uint16_t seen;   /* of what the device has used */
    uint16_t kicked; /* avail.idx when it was last thought of notifying */
};

/* A kind of request: where it goes, where it comes back, and how many are under way at once. */
struct kind {
    const char *name;
    struct queue *out;
    struct queue *in; /* another than `out`: an answer comes there, and its buffer is given back at once */
    size_t depth;
};

static struct shared *const shared = (struct shared *)HARNESS_FREE_RAM;
static const volatile struct counters *const counters = (const volatile struct counters *)COUNTERS_BASE;

static uint64_t notifications; /* of the devices */
static struct bus_device blk_device;
static struct bus_device net_device;
static struct bus_device console_device;

static struct queue blk = {.ring = &((struct shared *)HARNESS_FREE_RAM)->blk, .device = &blk_device};
static struct queue net_rx = {.ring = &((struct shared *)HARNESS_FREE_RAM)->net_rx, .device = &net_device};
static struct queue net_tx = {.ring = &((struct shared *)HARNESS_FREE_RAM)->net_tx, .device = &net_device, .index = 1};
static struct queue console_rx = {.ring = &((struct shared *)HARNESS_FREE_RAM)->console_rx, .device = &console_device};
static struct queue console_tx = {
    .ring = &((struct shared *)HARNESS_FREE_RAM)->console_tx, .device = &console_device, .index = 1};

static void barrier(void)
{
    __asm__ volatile("dmb ish" : : : "memory");
}

static uint64_t dma(const volatile void *at)
{
    return (uintptr_t)at + counters->dma_offset;
}

static void clear(void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((volatile uint8_t *)at)[i] = 0;
    }
}

static void negotiate(struct bus_device *device, uint32_t number, uint64_t features)
{
    bus_find(device, number, counters->is_pci);
    bus_negotiate(device, features | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1);
}

static void set_queue(const struct queue *queue)
{
    const uint64_t areas[] = {dma(queue->ring->desc), dma(&queue->ring->avail), dma(&queue->ring->used)};
    bus_set_queue(queue->device, queue->index, SIZE, areas);
}

static void offer(struct queue *queue, uint16_t id)
{
    const uint16_t idx = queue->ring->avail.idx;
    queue->ring->avail.ring[idx % SIZE] = id;
    barrier();
    queue->ring->avail.idx = (uint16_t)(idx + 1);
}

/* Notifies the device if it wants to be. [VIRTIO 2.7.10] */
static void kick(struct queue *queue)
{
    barrier();
    const uint16_t idx = queue->ring->avail.idx;
    const uint16_t event = queue->ring->used.avail_event;
    if ((uint16_t)(idx - event - 1) < (uint16_t)(idx - queue->kicked)) {
        bus_notify(queue->device, queue->index);
        notifications++;
    }
    queue->kicked = idx;
}

/* Has the device interrupt at the next one that it uses. Answers whether there is one already. */
static bool want_interrupt(struct queue *queue)
{
    queue->ring->avail.used_event = queue->seen;
    barrier();
    return queue->ring->used.idx != queue->seen;
}

/* The next interrupt of a device. */
static void wait_for_interrupt(const struct bus_device *device)
{
    uint32_t acknowledged;
    while (gic_id(acknowledged = gic_acknowledge()) == GIC_INTID_SPURIOUS) {
        __asm__ volatile("wfi" : : : "memory");
    }
    bus_acknowledge(device);
    gic_end(acknowledged);
    barrier();
}

/* Takes what has been used; for each sends another request, as long as there are any. Answers how many it took. */
static size_t take(const struct kind *kind, size_t *left)
{
    size_t done = 0;
    const bool is_echo = kind->in != kind->out;
    while (kind->in->seen != kind->in->ring->used.idx) {
        const uint16_t id = (uint16_t)kind->in->ring->used.ring[kind->in->seen++ % SIZE].id;
        done++;
        if (is_echo) {
            offer(kind->in, id);
        }
        if (*left != 0) {
            offer(kind->out, is_echo ? kind->out->ring->avail.idx % SIZE : id);
            --*left;
        }
    }
    return done;
}

/* Sends `count` requests, as many at a time as the kind says, and waits for them. */
static void run(const struct kind *kind, size_t count)
{
    const size_t first = kind->depth < count ? kind->depth : count;
    size_t left = count - first;
    size_t done = 0;
    for (size_t i = 0; i < first; i++) {
        offer(kind->out, (uint16_t)i);
    }
    kick(kind->out);
    while (done < count) {
        wait_for_interrupt(kind->in->device);
        do {
            done += take(kind, &left);
        } while (want_interrupt(kind->in));
        if (kind->in != kind->out) {
            kick(kind->in);
        }
        kick(kind->out);
    }
}

static void put_values(const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        harness_put(" ");
        harness_put_decimal(values[i]);
    }
}

static void print(const struct kind *kind, uint64_t minimum, uint64_t total, size_t count, const uint64_t *events)
{
    harness_put("\nVIRTIO ");
    harness_put(kind->name);
    const uint64_t values[] = {kind->depth, minimum, total, count};
    put_values(values, ARRAY_SIZE(values));
    put_values(events, EVENT_COUNT);
    harness_put("\n");
}

/* Has somebody type a character, if that is the answer: a little later, when everybody here waits for it. */
static void ask(const struct kind *kind)
{
    if (kind->in == &console_rx) {
        harness_put("\nTYPE\n");
    }
}

static void read_events(uint64_t events[EVENT_COUNT])
{
    const volatile uint64_t *now = &counters->exits;
    for (size_t i = 0; i < EVENT_COUNT - 1; i++) {
        events[i] = now[i];
    }
    events[EVENT_COUNT - 1] = notifications;
}

/*
 * Prints depth, instructions of the best sample, of all, requests, exits: all, accesses, waits, ends; notifications of
 * the VMM by others, and of devices.
 */
static void measure(const struct kind *kind)
{
    const size_t count = kind->depth == 1 ? 1 : DEEP_COUNT;
    const size_t samples = kind->depth == 1 ? SAMPLE_COUNT : DEEP_SAMPLE;
    uint64_t minimum = UINT64_MAX;
    uint64_t total = 0;
    uint64_t before_events[EVENT_COUNT];
    uint64_t events[EVENT_COUNT];
    for (size_t i = 0; i < WARM_UP; i++) {
        ask(kind);
        run(kind, count);
    }
    read_events(before_events);
    for (size_t i = 0; i < samples; i++) {
        ask(kind);
        const uint64_t before = timer_now();
        run(kind, count);
        const uint64_t instructions = timer_now() - before;
        total += instructions;
        minimum = instructions < minimum ? instructions : minimum;
    }
    read_events(events);
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        events[i] -= before_events[i];
    }
    print(kind, minimum, total, samples * count, events);
}

static void set_up_blk(void)
{
    negotiate(&blk_device, 0, VIRTIO_BLK_F_FLUSH);
    set_queue(&blk);
    bus_start(&blk_device, 1, !counters->is_virtual);
}

/* Requests that read, or that write. */
static void prepare_blk(uint32_t type)
{
    for (size_t i = 0; i < DEEP; i++) {
        struct desc *table = shared->indirect[i];
        shared->headers[i] = (struct blk_header){type, 0, i * BLOCK_SECTORS};
        table[0] = (struct desc){dma(&shared->headers[i]), sizeof(struct blk_header), VIRTQ_DESC_F_NEXT, 1};
        table[1] = (struct desc){dma(shared->blocks[i]), BLOCK_BYTES,
                                 (uint16_t)(VIRTQ_DESC_F_NEXT | (type == 0 ? VIRTQ_DESC_F_WRITE : 0)), 2};
        table[2] = (struct desc){dma(&shared->statuses[i]), 1, VIRTQ_DESC_F_WRITE, 0};
        shared->blk.desc[i] = (struct desc){dma(table), sizeof shared->indirect[i], VIRTQ_DESC_F_INDIRECT, 0};
        shared->statuses[i] = 0xff;
    }
}

static void measure_blk(const char *name, uint32_t type)
{
    prepare_blk(type);
    measure(&(struct kind){name, &blk, &blk, 1});
    measure(&(struct kind){name, &blk, &blk, DEEP});
    for (size_t i = 0; i < DEEP; i++) {
        check_each("requests succeed", i, shared->statuses[i], 0);
    }
    check_all("requests succeed");
}

/* One request for all blocks: what a sequential reader's are. */
static void measure_blk_run(void)
{
    prepare_blk(0);
    shared->indirect[0][1].len = sizeof shared->blocks;
    measure(&(struct kind){"blk_run", &blk, &blk, 1});
    check_equal("a run of blocks is read", shared->statuses[0], 0);
}

static void put_be16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The Internet checksum. [RFC 1071] */
static uint32_t checksum(const uint8_t *bytes, size_t count)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(sum + (sum >> 16)) & 0xffff;
}

/* An Ethernet header from this card, behind the device's. Answers where it is. */
static uint8_t *begin_frame(uint8_t to, uint32_t type)
{
    uint8_t *frame = shared->frame + VIRTIO_NET_HDR_BYTES;
    clear(shared->frame, BUFFER_BYTES);
    for (size_t i = 0; i < 6; i++) {
        frame[i] = to;
        frame[6 + i] = read8(net_device.config + i);
    }
    put_be16(frame + 12, type);
    return frame;
}

static void copy(uint8_t *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static const uint8_t own_address[] = {10, 0, 2, 15};
static const uint8_t host_address[] = {10, 0, 2, 2};

/* Asks for the host's address, and thereby tells it this card's. [RFC 826] */
static void prepare_arp(void)
{
    static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1};
    uint8_t *frame = begin_frame(0xff, 0x0806);
    uint8_t *arp = frame + ETHERNET_BYTES;
    copy(arp, request, sizeof request);
    copy(arp + 8, frame + 6, 6);
    copy(arp + 14, own_address, 4);
    copy(arp + 24, host_address, 4);
}

/* An echo request that is 1,500 bytes long. [RFC 791, RFC 792] */
static void prepare_ping(void)
{
    uint8_t host[6];
    copy(host, shared->received[0] + VIRTIO_NET_HDR_BYTES + 6, sizeof host);
    uint8_t *frame = begin_frame(0, 0x0800);
    uint8_t *ip = frame + ETHERNET_BYTES;
    const size_t bytes = FRAME_BYTES - ETHERNET_BYTES;
    copy(frame, host, sizeof host);
    ip[0] = 0x45;
    put_be16(ip + 2, (uint32_t)bytes);
    ip[8] = 64;
    ip[9] = 1;
    copy(ip + 12, own_address, 4);
    copy(ip + 16, host_address, 4);
    put_be16(ip + 10, checksum(ip, 20));
    ip[20] = 8;
    put_be16(ip + 22, checksum(ip + 20, bytes - 20));
}

static void set_up_net(void)
{
    negotiate(&net_device, 1, VIRTIO_NET_F_MAC);
    set_queue(&net_rx);
    set_queue(&net_tx);
    bus_start(&net_device, 2, !counters->is_virtual);
    for (size_t i = 0; i < SIZE; i++) {
        shared->net_rx.desc[i] = (struct desc){dma(shared->received[i]), BUFFER_BYTES, VIRTQ_DESC_F_WRITE, 0};
        shared->net_tx.desc[i] = (struct desc){dma(shared->frame), VIRTIO_NET_HDR_BYTES + FRAME_BYTES, 0, 0};
        offer(&net_rx, (uint16_t)i);
    }
    kick(&net_rx);
}

/* Frames of a type that nobody knows, and pings, whose frames out are not waited for. */
static void measure_net(void)
{
    prepare_arp();
    net_tx.ring->avail.used_event = UINT16_MAX; /* of the last before it begins anew */
    run(&(struct kind){"arp", &net_tx, &net_rx, 1}, 1);
    prepare_ping();
    for (size_t depth = 1; depth <= DEEP; depth += DEEP - 1) {
        measure(&(struct kind){"net_round", &net_tx, &net_rx, depth});
    }
}

static void measure_net_out(void)
{
    (void)begin_frame(0x02, 0x88b5);
    net_tx.seen = net_tx.ring->used.idx;
    check("nothing is under way", !want_interrupt(&net_tx));
    measure(&(struct kind){"net_out", &net_tx, &net_tx, 1});
    measure(&(struct kind){"net_out", &net_tx, &net_tx, DEEP});
}

static void measure_console(void)
{
    negotiate(&console_device, 2, 0);
    set_queue(&console_rx);
    set_queue(&console_tx);
    bus_start(&console_device, 2, !counters->is_virtual);
    for (size_t i = 0; i < LINE_BYTES; i++) {
        shared->line[i] = i == LINE_BYTES - 1 ? '\n' : '.';
    }
    shared->console_tx.desc[0] = (struct desc){dma(shared->line), 1, 0, 0};
    measure(&(struct kind){"console_byte", &console_tx, &console_tx, 1});
    shared->console_tx.desc[0].len = LINE_BYTES;
    measure(&(struct kind){"console_line", &console_tx, &console_tx, 1});
    shared->console_rx.desc[0] = (struct desc){dma(shared->line), LINE_BYTES, VIRTQ_DESC_F_WRITE, 0};
    measure(&(struct kind){"console_in", &console_rx, &console_rx, 1});
    check_equal("what is typed comes", shared->line[0], 'x');
}

void guest_main(void)
{
    clear(shared, sizeof *shared);
    gic_init();
    set_up_blk();
    measure_blk("blk_read", 0);
    measure_blk("blk_write", 1);
    measure_blk_run();
    set_up_net();
    measure_net();
    measure_net_out();
    measure_console();
}
