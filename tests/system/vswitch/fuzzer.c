/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest in place of one of two: misuses its console and network card by chance, registers and rings, what they sit on
 * too, and resets them, or the whole machine, at any time. After each round it takes both into use as a driver should:
 * it says so on the console, and asks the other guest for its hardware address, which must answer.
 *
 *     round: sessions with each device         revive: reset, print, ask       restart, instead of reviving
 *
 * What a device is given to write to lies in the arena, or is no memory of this guest's: the program itself is safe.
 */
#include "fuzzer_bus.h"
#include "rig/exception.h"
#include "rig/gic.h"
#include "rig/psci.h"
#include "rig/rig.h"
#include "rig/timer.h"

/* As the ready-made VMM has them. */
#define RAM_BASE 0x40000000
#define RAM_END  0x50000000

#define STATUS_DRIVER      3 /* with ACKNOWLEDGE */
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define VERSION_1          1 /* of the upper word */
#define DESC_NEXT          1
#define DESC_WRITE         2

#define ARENA       0x41000000
#define ARENA_BYTES 0x100000
#define FRAME       (ARENA + 0x1000) /* one to be sent, with its virtio header */
#define DRIVER_RAM  0x42000000       /* of the proper driver */

#define SIZE          8 /* of its queues */
#define BUFFER_BYTES  2048
#define HEADER_BYTES  12
#define ASK_COUNT_MAX 100
#define ASK_US        200000

/* Printed at a time, and how often that may be while so many answers come. */
#define PRINT           (DRIVER_RAM + 0x100000)
#define PRINT_BYTES     0x100000
#define PRINT_COUNT_MAX 2
#define ANSWERS         20

#define SESSIONS       20
#define STEPS          40
#define FUZZ_QUEUES    3
#define FUZZ_SIZE_MAX  256
#define FUZZ_BYTES_MAX 0x800
#define RESTART_ONE_IN 4

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

struct avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[FUZZ_SIZE_MAX];
};

struct used {
    uint16_t flags;
    uint16_t idx;
    struct {
        uint32_t id;
        uint32_t len;
    } ring[SIZE];
};

/* Queue n of the proper driver, and its buffers. */
struct queue {
    _Alignas(4096) struct desc desc[SIZE];
    _Alignas(4096) volatile struct avail avail;
    _Alignas(4096) volatile struct used used;
    _Alignas(4096) uint8_t buffers[SIZE][BUFFER_BYTES];
    uint16_t seen;
};

#define QUEUE(n) ((struct queue *)(uintptr_t)DRIVER_RAM + (n))

/* A request for the address of the other guest, behind virtio's header. */
struct question {
    uint8_t header[HEADER_BYTES];
    uint8_t to[6];
    uint8_t from[6];
    uint8_t type[2];
    uint8_t kind[8]; /* of both addresses, and of the message */
    uint8_t sender_mac[6];
    uint8_t sender_ip[4];
    uint8_t target_mac[6];
    uint8_t target_ip[4];
};

static const struct question question = {
    .to = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    .from = {2, 0x6c, 0x76, 0x6d, 0x6d, 2},
    .type = {8, 6},
    .kind = {0, 1, 8, 0, 6, 4, 0, 1},
    .sender_mac = {2, 0x6c, 0x76, 0x6d, 0x6d, 2},
    .sender_ip = {10, 0, 2, 16},
    .target_ip = {10, 0, 2, 15},
};

#define KIND_ANSWER 2

static uint64_t seed;
static volatile bool is_time_over;
static bool is_printing;
static uint32_t print_count;

/* Numbers by chance. */

static uint64_t any(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * 0x2545f4914f6cdd1d;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(any() >> 32) % limit;
}

static bool one_in(uint32_t count)
{
    return below(count) == 0;
}

/* No address in the program, or below the arena. */
static uint32_t spare_program(uint32_t word)
{
    return word >= RAM_BASE && word < ARENA ? word | ARENA : word;
}

static uint32_t any_word(void)
{
    switch (below(8)) {
    case 0:
        return 0;
    case 1:
        return below(16);
    case 2:
        return spare_program(1u << below(32));
    case 3:
        return UINT32_MAX - below(8);
    case 4:
        return RAM_END - below(64);
    case 5:
        return ARENA + below(ARENA_BYTES);
    case 6:
        return ARENA + below(ARENA_BYTES / 16) * 16;
    default:
        return spare_program((uint32_t)any());
    }
}

static uint64_t any_address(void)
{
    return any_word() | (one_in(8) ? (uint64_t)any_word() << 32 : 0);
}

/* Misuse. */

/* What narrow writes make up in the end is no address in the program either. */
static uint32_t any_part(uint32_t width)
{
    const uint32_t word = any_word();
    return width < 4 && (word >> (8 * width - 8) & 0xff) == RAM_BASE >> 24 ? 0 : word;
}

static void poke(enum bus_device device)
{
    size_t count;
    const struct bus_range *ranges = bus_ranges(device, &count);
    const struct bus_range range = ranges[below((uint32_t)count)];
    const uint32_t width = one_in(4) ? 1u << below(4) : 4;
    const uintptr_t at = range.base + below(range.bytes / width) * width;
    const uint32_t value = any_part(width);
    const bool is_read = one_in(3);
    switch (width) {
    case 1:
        is_read ? (void)read8(at) : write8(at, value);
        break;
    case 2:
        is_read ? (void)read16(at) : write16(at, value);
        break;
    case 4:
        is_read ? (void)read32(at) : write32(at, value);
        break;
    default:
        is_read ? (void)read64(at) : write64(at, value);
        break;
    }
}

static void reset(enum bus_device device)
{
    bus_open(device);
    bus_write_status(device, 0);
}

static void negotiate(enum bus_device device, uint32_t mask)
{
    bus_write_status(device, STATUS_DRIVER);
    bus_write_features(device, 0, bus_read_features(device, 0) & mask);
    bus_write_features(device, 1, VERSION_1 | (mask == 0 ? 0 : bus_read_features(device, 1) & (uint32_t)any()));
    bus_write_status(device, STATUS_DRIVER | STATUS_FEATURES_OK);
}

struct fuzzed {
    struct desc *desc;
    volatile struct avail *avail;
    uint32_t size;
};

static void fill_desc(struct desc *desc)
{
    const bool is_frame = one_in(2);
    desc->addr = is_frame ? FRAME : any_address();
    desc->len = one_in(16) ? any_word() : HEADER_BYTES + below(FUZZ_BYTES_MAX);
    desc->flags = (uint16_t)(one_in(4) ? below(8) : below(2) * DESC_WRITE);
    desc->next = (uint16_t)(one_in(64) ? any() : below(FUZZ_SIZE_MAX));
}

/* Something new in the ring; mostly there is as much of it as the ring says. */
static void feed(enum bus_device device, const struct fuzzed *queue, uint32_t index)
{
    const uint32_t count = below(8);
    for (uint32_t i = 0; i < count; i++) {
        fill_desc(&queue->desc[below(queue->size)]);
        queue->avail->ring[(queue->avail->idx + i) % queue->size] = (uint16_t)(one_in(64) ? any() : below(queue->size));
    }
    queue->avail->idx = (uint16_t)(one_in(64) ? any() : queue->avail->idx + count);
    queue->avail->flags = (uint16_t)below(2);
    __asm__ volatile("dmb ish" : : : "memory");
    bus_notify(device, one_in(16) ? any_word() : index);
}

static void take_into_use(enum bus_device device, struct fuzzed queues[FUZZ_QUEUES])
{
    reset(device);
    negotiate(device, (uint32_t)any());
    for (uint32_t i = 0; i < FUZZ_QUEUES; i++) {
        const uint64_t at = ARENA + 0x10000 + (uint64_t)below(ARENA_BYTES / 0x10000 - 1) * 0x10000;
        const uint64_t areas[] = {one_in(64) ? any_address() : at, one_in(64) ? any_address() : at + 0x2000,
                                  one_in(64) ? any_address() : at + 0x4000};
        queues[i] = (struct fuzzed){(struct desc *)at, (volatile struct avail *)(at + 0x2000), 1u << below(9)};
        queues[i].avail->idx = (uint16_t)(one_in(8) ? any() : 0);
        bus_set_queue(device, i, one_in(64) ? any_word() : queues[i].size, areas);
    }
    bus_write_status(device, STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

/* A frame that gets past the switch: to the other guest or to all, of any content. */
static void write_frame(void)
{
    struct question *frame = (struct question *)(uintptr_t)FRAME;
    uint64_t *words = (uint64_t *)(uintptr_t)FRAME;
    for (uint32_t i = 0; i < BUFFER_BYTES / 8; i++) {
        words[i] = any();
    }
    for (uint32_t i = 0; i < HEADER_BYTES; i++) {
        frame->header[i] = (uint8_t)(one_in(64) ? any() : 0);
    }
    for (uint32_t i = 0; i < 6; i++) {
        frame->to[i] = question.to[i];
        frame->from[i] = question.from[i];
    }
    if (one_in(2)) {
        for (uint32_t i = 0; i < 6; i++) {
            frame->to[i] = i == 5 ? 1 : question.from[i];
        }
    }
}

static void run_session(enum bus_device device)
{
    struct fuzzed queues[FUZZ_QUEUES];
    const bool is_wild = one_in(3);
    if (!is_wild) {
        take_into_use(device, queues);
    }
    for (uint32_t i = 0; i < STEPS; i++) {
        if (is_wild || one_in(16)) {
            poke(device);
        } else {
            const uint32_t index = below(FUZZ_QUEUES);
            feed(device, &queues[index], index);
        }
    }
}

/* Use. */

static void open_queue(enum bus_device device, uint32_t index, struct queue *queue)
{
    const uint64_t areas[] = {(uintptr_t)queue->desc, (uintptr_t)&queue->avail, (uintptr_t)&queue->used};
    for (size_t i = 0; i < sizeof *queue; i += 8) {
        *(volatile uint64_t *)((uintptr_t)queue + i) = 0;
    }
    bus_set_queue(device, index, SIZE, areas);
}

/* The chain that begins with a descriptor. */
static void offer_chain(enum bus_device device, uint32_t index, struct queue *queue, uint16_t head)
{
    queue->avail.ring[queue->avail.idx % SIZE] = head;
    __asm__ volatile("dmb ish" : : : "memory");
    queue->avail.idx++;
    __asm__ volatile("dmb ish" : : : "memory");
    bus_notify(device, index);
}

static void offer(enum bus_device device, uint32_t index, struct queue *queue, uint16_t buffer, uint32_t bytes,
                  uint16_t flags)
{
    queue->desc[buffer] = (struct desc){(uintptr_t)queue->buffers[buffer], bytes, flags, 0};
    offer_chain(device, index, queue, buffer);
}

/* A used buffer; -1 if there is none. */
static int32_t take(struct queue *queue)
{
    if (queue->used.idx == queue->seen) {
        return -1;
    }
    __asm__ volatile("dmb ish" : : : "memory");
    return (int32_t)queue->used.ring[queue->seen++ % SIZE].id;
}

static void say(const char *text, uint64_t number)
{
    struct queue *queue = QUEUE(0);
    uint32_t bytes = 0;
    for (const char *c = text; *c != '\0'; c++) {
        queue->buffers[0][bytes++] = (uint8_t)*c;
    }
    for (int shift = 60; shift >= 0; shift -= 4) {
        queue->buffers[0][bytes++] = (uint8_t) "0123456789abcdef"[number >> shift & 15];
    }
    queue->buffers[0][bytes++] = '\n';
    offer(BUS_CONSOLE, 1, queue, 0, bytes, 0);
    while (take(queue) < 0) {
        timer_yield();
    }
}

/* Gives the console more to print as soon as it has taken what there was. */
static void print_more(void)
{
    struct queue *queue = QUEUE(0);
    if (is_printing && queue->seen == queue->avail.idx) {
        queue->desc[0] = (struct desc){PRINT, PRINT_BYTES, 0, 0};
        offer_chain(BUS_CONSOLE, 1, queue, 0);
        print_count++;
    }
    (void)take(queue);
}

static bool is_answer(const struct question *frame)
{
    bool is = frame->type[0] == question.type[0] && frame->type[1] == question.type[1] && frame->kind[7] == KIND_ANSWER;
    for (uint32_t i = 0; i < 4; i++) {
        is = is && frame->sender_ip[i] == question.target_ip[i];
    }
    return is;
}

/* Whether an answer comes for some time to come; rests meanwhile. */
static bool listen(struct queue *rx)
{
    bool is_answered = false;
    is_time_over = false;
    timer_start(ASK_US);
    while (!is_answered && !is_time_over) {
        const int32_t buffer = take(rx);
        if (buffer >= 0) {
            is_answered = is_answer((const struct question *)rx->buffers[buffer % SIZE]);
            offer(BUS_NET, 0, rx, (uint16_t)(buffer % SIZE), BUFFER_BYTES, DESC_WRITE);
            continue;
        }
        print_more();
        interrupt_mask();
        if (!is_time_over && rx->used.idx == rx->seen) {
            __asm__ volatile("wfi" : : : "memory");
        }
        interrupt_unmask();
    }
    timer_control(0);
    return is_answered;
}

static bool ask(void)
{
    struct queue *rx = QUEUE(1);
    struct queue *tx = QUEUE(2);
    for (uint32_t i = 0; i < ASK_COUNT_MAX; i++) {
        *(struct question *)tx->buffers[i % SIZE] = question;
        offer(BUS_NET, 1, tx, (uint16_t)(i % SIZE), sizeof question, 0);
        if (listen(rx)) {
            return true;
        }
    }
    return false;
}

/* Both devices as a driver has them. */
static void revive(void)
{
    reset(BUS_CONSOLE);
    negotiate(BUS_CONSOLE, 0);
    open_queue(BUS_CONSOLE, 1, QUEUE(0));
    bus_write_status(BUS_CONSOLE, STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    reset(BUS_NET);
    negotiate(BUS_NET, 0);
    open_queue(BUS_NET, 0, QUEUE(1));
    open_queue(BUS_NET, 1, QUEUE(2));
    bus_write_status(BUS_NET, STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
    for (uint16_t i = 0; i < SIZE; i++) {
        offer(BUS_NET, 0, QUEUE(1), i, BUFFER_BYTES, DESC_WRITE);
    }
}

/* Prints without an end while it asks: the other guest must get the core for its answers all the same. */
static void check_share(void)
{
    bool is_answered = true;
    for (uint32_t i = 0; i < PRINT_BYTES; i++) {
        *(volatile uint8_t *)(uintptr_t)(PRINT + i) = i % 64 == 63 ? '\n' : '.';
    }
    revive();
    is_printing = true;
    print_count = 0;
    for (uint32_t i = 0; i < ANSWERS; i++) {
        is_answered = ask() && is_answered;
    }
    is_printing = false;
    revive();
    const bool is_right = is_answered && print_count <= PRINT_COUNT_MAX;
    say(is_right ? "\nfuzzer: answered while it printed " : "\nWRONG: no answers while it printed ", print_count);
}

static void take_interrupt(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == TIMER_INTID) {
        timer_control(0);
        is_time_over = true;
    }
    if (gic_id(taken) != GIC_SPURIOUS) {
        bus_acknowledge(BUS_CONSOLE);
        bus_acknowledge(BUS_NET);
        gic_end(taken);
    }
}

static void begin(void)
{
    const bool is_fresh[] = {bus_is_fresh(BUS_CONSOLE), bus_is_fresh(BUS_NET)};
    gic_init();
    gic_enable(bus_irqs[BUS_CONSOLE]);
    gic_enable(bus_irqs[BUS_NET]);
    gic_enable(TIMER_INTID);
    interrupt_set_handler(take_interrupt);
    interrupt_unmask();
    exception_expect();
    seed = timer_now() | 1;
    revive();
    if (!is_fresh[BUS_CONSOLE] || !is_fresh[BUS_NET]) {
        say("\nWRONG: a device as it was before the reset: ", is_fresh[BUS_CONSOLE]);
    }
    say("\nfuzzer: a life begins, seed ", seed);
    while (!ask()) {
        /* The other guest has only begun. */
    }
    check_share();
}

void guest_main(void)
{
    begin();
    for (uint64_t round = 1;; round++) {
        for (uint32_t i = 0; i < SESSIONS; i++) {
            write_frame();
            run_session(one_in(2) ? BUS_NET : BUS_CONSOLE);
        }
        if (one_in(RESTART_ONE_IN)) {
            (void)psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
        }
        revive();
        const bool is_answered = ask();
        say(is_answered ? "\nfuzzer: answered in round " : "\nWRONG: no answer in round ", round);
    }
}
