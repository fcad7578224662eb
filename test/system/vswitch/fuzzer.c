/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest in place of one of two: misuses its console, disk and network card by chance, registers and rings, what they
 * sit on too, and resets them, or the whole machine, at any time. After each round it takes all into use as a driver
 * should: it writes to its disk and reads that back, asks the other guest for its hardware address, which must answer,
 * and says so on the console.
 *
 *     round: sessions with each device      revive: reset, write and read, ask, print      restart, instead of reviving
 *
 * What a device is given to write to lies in the arena, or is no memory of this guest's: the program itself is safe.
 */
#include "fuzzer_bus.h"
#include "fuzzer_driver.h"
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "harness/timer.h"

/* As the ready-made VMM has them. */
#define RAM_BASE 0x40000000
#define RAM_END  0x50000000

#define ARENA       0x41000000
#define ARENA_BYTES 0x100000
#define FRAME       (ARENA + 0x1000) /* what half of all buffers are: something that a device may take */
#define FRAME_BYTES 2048

#define SESSIONS        20
#define STEPS           40
#define FUZZ_QUEUES     3
#define FUZZ_BYTES_MAX  0x800
#define RESTART_ONE_IN  4
#define PRINT_COUNT_MAX 2
#define DISK_SECTORS    0x8000 /* 16 MiB */

static uint64_t seed;

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
    const struct bus_range range = bus_range(device, (uint32_t)any());
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

struct fuzzed {
    struct desc *desc;
    volatile struct avail *avail;
    uint32_t size;
};

static void fill_desc(struct desc *desc)
{
    const bool is_frame = one_in(2);
    desc->addr = is_frame ? FRAME : any_address();
    desc->len = one_in(16) ? any_word() : NET_HEADER_BYTES + below(FUZZ_BYTES_MAX);
    desc->flags = (uint16_t)(one_in(4) ? below(8) : below(2) * DESC_WRITE);
    desc->next = (uint16_t)(one_in(64) ? any() : below(RING_SIZE_MAX));
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
    driver_reset(device);
    driver_negotiate(device, (uint32_t)any(), (uint32_t)any());
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

static void fill_frame(void)
{
    uint64_t *words = (uint64_t *)(uintptr_t)FRAME;
    for (uint32_t i = 0; i < FRAME_BYTES / 8; i++) {
        words[i] = any();
    }
}

/* One that gets past the switch: to the other guest or to all, of any content. */
static void write_packet(void)
{
    struct question *frame = (struct question *)(uintptr_t)FRAME;
    for (uint32_t i = 0; i < NET_HEADER_BYTES; i++) {
        frame->header[i] = (uint8_t)(one_in(64) ? any() : 0);
    }
    for (uint32_t i = 0; i < 6; i++) {
        frame->to[i] = driver_question.to[i];
        frame->from[i] = driver_question.from[i];
    }
    if (one_in(2)) {
        for (uint32_t i = 0; i < 6; i++) {
            frame->to[i] = i == 5 ? 1 : driver_question.from[i];
        }
    }
}

/* The head of a request of the disk: mostly of a type that there is, within the disk or not. */
static void write_request(void)
{
    *(volatile uint32_t *)(uintptr_t)FRAME = one_in(8) ? (uint32_t)any() : below(16);
    *(volatile uint64_t *)(uintptr_t)(FRAME + 8) = one_in(8) ? any() : below(DISK_SECTORS + 64);
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

/* Rounds. */

static void take_interrupt(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == GIC_INTID_TIMER_VIRTUAL) {
        driver_time_out();
    }
    if (gic_id(taken) != GIC_INTID_SPURIOUS) {
        for (uint32_t i = 0; i < BUS_DEVICE_COUNT; i++) {
            bus_acknowledge((enum bus_device)i);
        }
        gic_end(taken);
    }
}

/* Prints without an end while it asks: the other guest must get the core for its answers all the same. */
static void check_share(void)
{
    uint32_t print_count;
    const bool is_right = driver_check_share(&print_count) && print_count <= PRINT_COUNT_MAX;
    driver_say(is_right ? "\nfuzzer: answered while it printed " : "\nWRONG: no answers while it printed ",
               print_count);
}

static void begin(void)
{
    uint32_t fresh_count = 0;
    for (uint32_t i = 0; i < BUS_DEVICE_COUNT; i++) {
        fresh_count += bus_is_fresh((enum bus_device)i);
    }
    gic_init();
    for (uint32_t i = 0; i < BUS_DEVICE_COUNT; i++) {
        gic_enable(bus_irqs[i]);
    }
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    interrupt_set_handler(take_interrupt);
    interrupt_unmask();
    exception_expect();
    seed = timer_now() | 1;
    driver_revive();
    if (fresh_count != BUS_DEVICE_COUNT) {
        driver_say("\nWRONG: devices as after a reset: ", fresh_count);
    }
    driver_say("\nfuzzer: a life begins, seed ", seed);
    while (!driver_ask()) {
        /* The other guest has only begun. */
    }
    check_share();
}

static void misuse(void)
{
    for (uint32_t i = 0; i < SESSIONS; i++) {
        const enum bus_device device = (enum bus_device)below(BUS_DEVICE_COUNT);
        fill_frame();
        device == BUS_BLK ? write_request() : write_packet();
        run_session(device);
    }
}

void guest_main(void)
{
    begin();
    for (uint64_t round = 1;; round++) {
        misuse();
        if (one_in(RESTART_ONE_IN)) {
            (void)psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
        }
        driver_revive();
        if (!driver_check_disk(any())) {
            driver_say("\nWRONG: the disk in round ", round);
        }
        const bool is_answered = driver_ask();
        driver_say(is_answered ? "\nfuzzer: answered in round " : "\nWRONG: no answer in round ", round);
    }
}
