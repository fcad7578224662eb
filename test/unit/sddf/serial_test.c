/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include <libvmm/sddf/serial.h>

#define CAPACITY   64
#define MANY_BYTES 400000

struct harness {
    struct sddf_serial_queue queue __attribute__((aligned(8)));
    uint32_t padding;
    uint8_t data[CAPACITY] __attribute__((aligned(8)));
    struct sddf_serial producer;
    struct sddf_serial consumer;
};

static struct sddf_serial_connection connection_of(struct harness *harness)
{
    return (struct sddf_serial_connection){
        .queue = {&harness->queue, sizeof(harness->queue) + sizeof(harness->padding)},
        .data = {harness->data, CAPACITY},
        .id = 7,
    };
}

static void open_at(struct harness *harness, uint32_t start)
{
    struct sddf_serial_connection connection = connection_of(harness);
    memset(harness, 0, sizeof(*harness));
    harness->queue.head = start;
    harness->queue.tail = start;
    assert_true(sddf_serial_open(&harness->producer, &connection, SDDF_PRODUCER));
    assert_true(sddf_serial_open(&harness->consumer, &connection, SDDF_CONSUMER));
    assert_int_equal(harness->producer.channel, 7);
}

static void test_config_layout_and_magic(void **state)
{
    (void)state;
    assert_true(sddf_magic_is("sDDF\3", SDDF_SERIAL_VERSION));
    assert_false(sddf_magic_is("sDDF\2", SDDF_SERIAL_VERSION));
    assert_false(sddf_magic_is("\0\0\0\0\0", SDDF_SERIAL_VERSION));
}

static void test_open_refuses(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_serial ring;
    struct sddf_serial_connection good = connection_of(&harness), bad;

    assert_true(sddf_serial_open(&ring, &good, SDDF_CONSUMER));
    bad = good;
    bad.data.size = CAPACITY - 1; /* no power of two */
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
    bad.data.size = 0;
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
    bad.data.size = UINT64_C(1) << 32;
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
    bad = good;
    bad.queue.size = 11;
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
    bad = good;
    bad.queue.vaddr = NULL;
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
    bad = good;
    bad.data.vaddr = NULL;
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
    bad = good;
    bad.queue.vaddr = (uint8_t *)good.queue.vaddr + 4;
    assert_false(sddf_serial_open(&ring, &bad, SDDF_CONSUMER));
}

static void test_full_and_empty_across_the_wrap(void **state)
{
    (void)state;
    static struct harness harness;
    uint8_t out[CAPACITY + 10], in[CAPACITY + 10];

    for (uint32_t back = 0; back < CAPACITY + 3; back++) {
        open_at(&harness, UINT32_MAX - back);
        for (unsigned i = 0; i < sizeof(out); i++) {
            out[i] = (uint8_t)(i + back);
        }
        assert_int_equal(sddf_serial_read(&harness.consumer, in, sizeof(in)), 0);
        assert_int_equal(sddf_serial_available(&harness.producer), CAPACITY);
        assert_int_equal(sddf_serial_write(&harness.producer, out, sizeof(out)), CAPACITY);
        assert_int_equal(sddf_serial_write(&harness.producer, out, 1), 0);
        assert_int_equal(sddf_serial_available(&harness.consumer), CAPACITY);
        assert_int_equal(sddf_serial_read(&harness.consumer, in, 5), 5);
        assert_int_equal(sddf_serial_write(&harness.producer, &out[CAPACITY], 10), 5);
        assert_int_equal(sddf_serial_read(&harness.consumer, &in[5], sizeof(in)), CAPACITY);
        assert_memory_equal(in, out, CAPACITY + 5);
        assert_int_equal(harness.queue.head, (uint32_t)(UINT32_MAX - back + CAPACITY + 5));
        assert_int_equal(harness.queue.tail, harness.queue.head);
    }
}

static void test_a_broken_consumer_is_a_full_ring(void **state)
{
    (void)state;
    static struct harness harness;

    open_at(&harness, 10);
    harness.queue.head = 11; /* has taken what was never put */
    assert_int_equal(sddf_serial_write(&harness.producer, "x", 1), 0);
    assert_true(sddf_serial_is_broken(&harness.producer));
    harness.queue.head = UINT32_MAX - CAPACITY;
    assert_int_equal(sddf_serial_write(&harness.producer, "x", 1), 0);
    assert_int_equal(harness.queue.tail, 10);
    assert_int_equal(harness.data[10], 0);
    harness.queue.head = 10;
    assert_int_equal(sddf_serial_write(&harness.producer, "x", 1), 1);
    assert_false(sddf_serial_is_broken(&harness.producer));
}

static void test_a_broken_producer_is_an_empty_ring(void **state)
{
    (void)state;
    static struct harness harness;
    uint8_t in[4];

    open_at(&harness, 10);
    harness.queue.tail = 10 + CAPACITY + 1;
    assert_int_equal(sddf_serial_read(&harness.consumer, in, 4), 0);
    assert_true(sddf_serial_is_broken(&harness.consumer));
    harness.queue.tail = 9;
    assert_int_equal(sddf_serial_read(&harness.consumer, in, 4), 0);
    assert_int_equal(harness.queue.head, 10);
    harness.queue.tail = 10 + CAPACITY;
    assert_int_equal(sddf_serial_read(&harness.consumer, in, 4), 4);
    assert_false(sddf_serial_is_broken(&harness.consumer));
}

static void test_ones_own_counter_is_not_read_back(void **state)
{
    (void)state;
    static struct harness harness;
    uint8_t in[4];

    open_at(&harness, 0);
    assert_int_equal(sddf_serial_write(&harness.producer, "abcd", 4), 4);
    harness.queue.head = 3; /* the producer writes over the consumer's */
    assert_int_equal(sddf_serial_read(&harness.consumer, in, 1), 1);
    assert_int_equal(in[0], 'a');
    assert_int_equal(harness.queue.head, 1);
    harness.queue.tail = 1000;
    assert_int_equal(sddf_serial_write(&harness.producer, "e", 1), 1);
    assert_int_equal(harness.queue.tail, 5);
}

static void test_signals(void **state)
{
    (void)state;
    static struct harness harness;
    uint8_t byte;

    open_at(&harness, 0);
    sddf_signal_cancel(&harness.queue.producer_signalled);
    assert_false(sddf_serial_producer_waits(&harness.consumer));
    assert_false(sddf_serial_wait_for_room(&harness.producer)); /* there is room */
    assert_int_equal(harness.queue.producer_signalled, 1);
    while (sddf_serial_write(&harness.producer, "x", 1) != 0) {
    }
    assert_true(sddf_serial_wait_for_room(&harness.producer));
    assert_int_equal(harness.queue.producer_signalled, 0);
    assert_int_equal(sddf_serial_read(&harness.consumer, &byte, 1), 1);
    assert_true(sddf_serial_producer_waits(&harness.consumer));
    assert_false(sddf_serial_producer_waits(&harness.consumer)); /* once */
}

/* Two threads. A notification is a flag that the sleeper spins on: a lost one is a hang, which the time limit ends. */
static struct harness shared;
static bool room_notified;
static bool data_notified;

static void await(bool *notified)
{
    while (!__atomic_exchange_n(notified, false, __ATOMIC_SEQ_CST)) {
        sched_yield();
    }
}

static void *produce(void *unused)
{
    uint32_t done = 0;

    while (done < MANY_BYTES) {
        uint8_t chunk[7];
        uint32_t want = 1 + done % sizeof(chunk);
        want = want < MANY_BYTES - done ? want : MANY_BYTES - done;
        for (uint32_t i = 0; i < want; i++) {
            chunk[i] = (uint8_t)((done + i) * 7);
        }
        uint32_t wrote = sddf_serial_write(&shared.producer, chunk, want);
        done += wrote;
        if (wrote != 0) {
            __atomic_store_n(&data_notified, true, __ATOMIC_SEQ_CST);
        }
        if (wrote < want && sddf_serial_wait_for_room(&shared.producer)) {
            await(&room_notified);
        }
    }
    return unused;
}

static void test_room_besides_what_is_kept(void **state)
{
    enum {
        KEPT = 10
    };
    (void)state;
    static struct harness harness;
    uint8_t bytes[CAPACITY] = {0};

    open_at(&harness, UINT32_MAX - 5);
    harness.queue.producer_signalled = 1;
    assert_int_equal(sddf_serial_room_besides(&harness.producer, KEPT), CAPACITY - KEPT);
    assert_int_equal(sddf_serial_write(&harness.producer, bytes, CAPACITY - KEPT - 1), CAPACITY - KEPT - 1);
    assert_int_equal(sddf_serial_room_besides(&harness.producer, KEPT), 1);
    assert_false(sddf_serial_producer_waits(&harness.consumer));
    assert_int_equal(sddf_serial_write(&harness.producer, bytes, 1), 1);
    assert_int_equal(sddf_serial_room_besides(&harness.producer, KEPT), 0);
    assert_true(sddf_serial_producer_waits(&harness.consumer));
    assert_int_equal(sddf_serial_write(&harness.producer, bytes, 1), 1);
    assert_int_equal(sddf_serial_room_besides(&harness.producer, KEPT), 0);
}

static void test_two_threads_lose_nothing(void **state)
{
    (void)state;
    pthread_t thread;
    uint32_t done = 0;

    open_at(&shared, UINT32_MAX - MANY_BYTES / 2);
    assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
    while (done < MANY_BYTES) {
        uint8_t chunk[11];
        uint32_t got = sddf_serial_read(&shared.consumer, chunk, sizeof(chunk));
        for (uint32_t i = 0; i < got; i++) {
            assert_int_equal(chunk[i], (uint8_t)((done + i) * 7));
        }
        done += got;
        if (got != 0 && sddf_serial_producer_waits(&shared.consumer)) {
            __atomic_store_n(&room_notified, true, __ATOMIC_SEQ_CST);
        } else if (got == 0) {
            await(&data_notified);
        }
    }
    pthread_join(thread, NULL);
    assert_int_equal(sddf_serial_available(&shared.consumer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_layout_and_magic),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_full_and_empty_across_the_wrap),
        cmocka_unit_test(test_a_broken_consumer_is_a_full_ring),
        cmocka_unit_test(test_a_broken_producer_is_an_empty_ring),
        cmocka_unit_test(test_ones_own_counter_is_not_read_back),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_room_besides_what_is_kept),
        cmocka_unit_test(test_two_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
