/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See fuzzer_driver.h.
 */
#include "fuzzer_driver.h"

#include "harness/exception.h"
#include "harness/harness.h"
#include "harness/timer.h"
#include "spec/virtio/blk.h"

#define SIZE          8 /* of the queues */
#define BUFFER_BYTES  2048
#define ASK_COUNT_MAX 100
#define ASK_US        200000

/* Printed at a time, and how often while so many answers come. */
#define PRINT       (DRIVER_RAM + 0x100000)
#define PRINT_BYTES 0x100000
#define ANSWERS     20

#define BLK_SECTOR 40   /* not at the beginning of a block of 4096 bytes... */
#define BLK_BYTES  1536 /* ...and no whole one */

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

enum {
    CONSOLE_TX,
    NET_RX,
    NET_TX,
    BLK_REQUESTS,
};

#define QUEUE(n) ((struct queue *)(uintptr_t)DRIVER_RAM + (n))
_Static_assert(DRIVER_RAM + 4 * sizeof(struct queue) <= PRINT, "queues lie below what is printed");

struct blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

const struct question driver_question = {
    .to = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
    .from = {2, 0x6c, 0x76, 0x6d, 0x6d, 2},
    .type = {8, 6},
    .kind = {0, 1, 8, 0, 6, 4, 0, 1},
    .sender_mac = {2, 0x6c, 0x76, 0x6d, 0x6d, 2},
    .sender_ip = {10, 0, 2, 16},
    .target_ip = {10, 0, 2, 15},
};

#define KIND_ANSWER 2

static volatile bool is_time_over;
static bool is_printing;
static uint32_t print_count;

void driver_reset(enum bus_device device)
{
    bus_open(device);
    bus_write_status(device, 0);
}

void driver_negotiate(enum bus_device device, uint32_t low, uint32_t high)
{
    bus_write_status(device, STATUS_DRIVER);
    bus_write_features(device, 0, bus_read_features(device, 0) & low);
    bus_write_features(device, 1, VERSION_1 | (bus_read_features(device, 1) & high));
    bus_write_status(device, STATUS_DRIVER | STATUS_FEATURES_OK);
}

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

void driver_say(const char *text, uint64_t number)
{
    struct queue *queue = QUEUE(CONSOLE_TX);
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
    struct queue *queue = QUEUE(CONSOLE_TX);
    if (is_printing && queue->seen == queue->avail.idx) {
        queue->desc[0] = (struct desc){PRINT, PRINT_BYTES, 0, 0};
        offer_chain(BUS_CONSOLE, 1, queue, 0);
        print_count++;
    }
    (void)take(queue);
}

static bool is_answer(const struct question *frame)
{
    bool is = frame->type[0] == driver_question.type[0] && frame->type[1] == driver_question.type[1] &&
              frame->kind[7] == KIND_ANSWER;
    for (uint32_t i = 0; i < 4; i++) {
        is = is && frame->sender_ip[i] == driver_question.target_ip[i];
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

bool driver_ask(void)
{
    struct queue *rx = QUEUE(NET_RX);
    struct queue *tx = QUEUE(NET_TX);
    for (uint32_t i = 0; i < ASK_COUNT_MAX; i++) {
        *(struct question *)tx->buffers[i % SIZE] = driver_question;
        offer(BUS_NET, 1, tx, (uint16_t)(i % SIZE), sizeof driver_question, 0);
        if (listen(rx)) {
            return true;
        }
    }
    return false;
}

static void begin(enum bus_device device)
{
    driver_reset(device);
    driver_negotiate(device, 0, 0);
}

static void go_on(enum bus_device device)
{
    bus_write_status(device, STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK);
}

void driver_revive(void)
{
    begin(BUS_CONSOLE);
    open_queue(BUS_CONSOLE, 1, QUEUE(CONSOLE_TX));
    go_on(BUS_CONSOLE);
    begin(BUS_BLK);
    open_queue(BUS_BLK, 0, QUEUE(BLK_REQUESTS));
    go_on(BUS_BLK);
    begin(BUS_NET);
    open_queue(BUS_NET, 0, QUEUE(NET_RX));
    open_queue(BUS_NET, 1, QUEUE(NET_TX));
    go_on(BUS_NET);
    for (uint16_t i = 0; i < SIZE; i++) {
        offer(BUS_NET, 0, QUEUE(NET_RX), i, BUFFER_BYTES, DESC_WRITE);
    }
}

/* A request for the data in buffer 1, which is over when this returns; whether it succeeded. */
static bool request(uint32_t type)
{
    struct queue *queue = QUEUE(BLK_REQUESTS);
    volatile uint8_t *status = queue->buffers[2];
    *(struct blk_header *)queue->buffers[0] = (struct blk_header){.type = type, .sector = BLK_SECTOR};
    *status = UINT8_MAX;
    queue->desc[0] = (struct desc){(uintptr_t)queue->buffers[0], sizeof(struct blk_header), DESC_NEXT, 1};
    queue->desc[1] = (struct desc){(uintptr_t)queue->buffers[1], BLK_BYTES,
                                   (uint16_t)(DESC_NEXT | (type == VIRTIO_BLK_T_IN ? DESC_WRITE : 0)), 2};
    queue->desc[2] = (struct desc){(uintptr_t)status, 1, DESC_WRITE, 0};
    offer_chain(BUS_BLK, 0, queue, 0);
    while (take(queue) < 0) {
        timer_yield();
    }
    return *status == VIRTIO_BLK_S_OK;
}

bool driver_check_disk(uint64_t word)
{
    volatile uint64_t *words = (volatile uint64_t *)QUEUE(BLK_REQUESTS)->buffers[1];
    for (uint32_t i = 0; i < BLK_BYTES / 8; i++) {
        words[i] = word + i;
    }
    bool is_right = request(VIRTIO_BLK_T_OUT);
    for (uint32_t i = 0; i < BLK_BYTES / 8; i++) {
        words[i] = 0;
    }
    is_right = request(VIRTIO_BLK_T_IN) && is_right;
    for (uint32_t i = 0; i < BLK_BYTES / 8; i++) {
        is_right = is_right && words[i] == word + i;
    }
    return is_right;
}

bool driver_check_share(uint32_t *printed)
{
    bool is_answered = true;
    for (uint32_t i = 0; i < PRINT_BYTES; i++) {
        *(volatile uint8_t *)(uintptr_t)(PRINT + i) = i % 64 == 63 ? '\n' : '.';
    }
    driver_revive();
    is_printing = true;
    print_count = 0;
    for (uint32_t i = 0; i < ANSWERS; i++) {
        is_answered = driver_ask() && is_answered;
    }
    is_printing = false;
    driver_revive();
    *printed = print_count;
    return is_answered;
}

void driver_time_out(void)
{
    timer_control(0);
    is_time_over = true;
}
