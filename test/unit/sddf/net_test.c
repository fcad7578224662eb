/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include <libvmm/sddf/net.h>

#define CAPACITY     16
#define MANY_BUFFERS 200000

struct harness {
    uint64_t free_queue[1 + CAPACITY * 2];
    uint64_t active_queue[1 + CAPACITY * 2];
    struct sddf_net sender;
    struct sddf_net receiver;
};

static struct sddf_net_connection connection_of(struct harness *harness)
{
    return (struct sddf_net_connection){
        .free_queue = {harness->free_queue, sizeof(harness->free_queue)},
        .active_queue = {harness->active_queue, sizeof(harness->active_queue)},
        .num_buffers = CAPACITY,
        .id = 61,
    };
}

static void open_at(struct harness *harness, uint16_t start)
{
    struct sddf_net_connection connection = connection_of(harness);
    uint16_t counters[2] = {start, start};
    memset(harness, 0, sizeof(*harness));
    memcpy(harness->free_queue, counters, sizeof(counters));
    memcpy(harness->active_queue, counters, sizeof(counters));
    assert_true(sddf_net_open(&harness->sender, &connection, SDDF_PRODUCER));
    assert_true(sddf_net_open(&harness->receiver, &connection, SDDF_CONSUMER));
}

static void test_open_refuses(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_net net;
    struct sddf_net_connection bad = connection_of(&harness);

    assert_true(sddf_net_open(&net, &bad, SDDF_PRODUCER));
    assert_int_equal(net.channel, 61);
    bad.active_queue.size--;
    assert_false(sddf_net_open(&net, &bad, SDDF_PRODUCER));
    bad = connection_of(&harness);
    bad.num_buffers = CAPACITY / 2 + 1;
    assert_false(sddf_net_open(&net, &bad, SDDF_PRODUCER));
    bad.num_buffers = UINT16_MAX;
    assert_false(sddf_net_open(&net, &bad, SDDF_PRODUCER));
}

/* As at every start: the sender fills its free queue; whoever opened the other end before that goes on all the same. */
static void test_a_buffer_goes_round(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_net_buffer buffer;

    for (uint16_t start = UINT16_MAX - 3 * CAPACITY; start != 5; start++) {
        open_at(&harness, start);
        assert_false(sddf_net_take(&harness.sender.free, &buffer));
        sddf_net_fill(&harness.sender.free, (struct sddf_region){&harness, (CAPACITY - 1) * SDDF_NET_BUFFER_BYTES + 1});
        assert_int_equal(sddf_net_available(&harness.sender.free), CAPACITY - 1);
        for (unsigned i = 0; i < 3 * CAPACITY; i++) {
            assert_true(sddf_net_take(&harness.sender.free, &buffer));
            assert_int_equal(buffer.io_or_offset, i % (CAPACITY - 1) * SDDF_NET_BUFFER_BYTES);
            buffer.len = (uint16_t)(i + 1);
            buffer.oid = 0xffc0; /* bits without meaning */
            assert_true(sddf_net_put(&harness.sender.active, &buffer));
            assert_true(sddf_net_take(&harness.receiver.active, &buffer));
            assert_int_equal(buffer.len, i + 1);
            assert_int_equal(buffer.oid, 0);
            assert_true(sddf_net_put(&harness.receiver.free, &buffer));
        }
        assert_int_equal(sddf_net_available(&harness.sender.free), CAPACITY - 1);
    }
}

static void test_full_queue(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_net_buffer buffer = {0};

    open_at(&harness, UINT16_MAX - 7);
    for (unsigned i = 0; i < CAPACITY; i++) {
        assert_int_equal(sddf_net_available(&harness.sender.active), CAPACITY - i);
        assert_true(sddf_net_put(&harness.sender.active, &buffer));
    }
    assert_false(sddf_net_put(&harness.sender.active, &buffer));
    assert_int_equal(sddf_net_available(&harness.receiver.active), CAPACITY);
}

static void test_broken_counters(void **state)
{
    (void)state;
    static struct harness harness;
    struct sddf_net_buffer buffer = {0};

    open_at(&harness, 5);
    harness.receiver.active.queue->tail = 5 + CAPACITY + 1;
    assert_false(sddf_net_take(&harness.receiver.active, &buffer));
    assert_true(sddf_net_is_broken(&harness.receiver.active));
    harness.receiver.active.queue->tail = 4;
    assert_int_equal(sddf_net_available(&harness.receiver.active), 0);
    harness.sender.active.queue->head = 6;
    assert_false(sddf_net_put(&harness.sender.active, &buffer));
    assert_true(sddf_net_is_broken(&harness.sender.active));
    /* A sender that leaves nonsense in its free queue's counters gets no buffers back, no more. */
    harness.receiver.free.queue->tail = 12345;
    assert_false(sddf_net_put(&harness.receiver.free, &buffer));
    assert_true(sddf_net_is_broken(&harness.receiver.free));
}

static void test_region_has(void **state)
{
    (void)state;
    struct sddf_region region = {NULL, 4096};
    assert_true(sddf_region_has(region, 0, 4096));
    assert_true(sddf_region_has(region, 2048, 2048));
    assert_true(sddf_region_has(region, 4096, 0));
    assert_false(sddf_region_has(region, 2049, 2048));
    assert_false(sddf_region_has(region, 0, 4097));
    assert_false(sddf_region_has(region, UINT64_MAX, 2));
    assert_false(sddf_region_has(region, UINT64_MAX - 1, UINT64_MAX));
}

/* Two threads; both sides sleep on the flags. A lost wake-up is a hang, which the time limit ends. */
static struct harness shared;
static bool notified[2];

static void await(bool *flag)
{
    while (!__atomic_exchange_n(flag, false, __ATOMIC_SEQ_CST)) {
        sched_yield();
    }
}

static void take_waiting(struct sddf_net_end *end, struct sddf_net_buffer *buffer, bool *flag)
{
    while (!sddf_net_take(end, buffer)) {
        if (sddf_net_wait(end)) {
            await(flag);
        }
    }
}

static void put_notifying(struct sddf_net_end *end, const struct sddf_net_buffer *buffer, bool *flag)
{
    assert_true(sddf_net_put(end, buffer));
    if (sddf_net_consumer_waits(end)) {
        __atomic_store_n(flag, true, __ATOMIC_SEQ_CST);
    }
}

static void *receive(void *unused)
{
    for (uint32_t i = 0; i < MANY_BUFFERS; i++) {
        struct sddf_net_buffer buffer;
        take_waiting(&shared.receiver.active, &buffer, &notified[0]);
        assert_int_equal(buffer.len, (uint16_t)i);
        put_notifying(&shared.receiver.free, &buffer, &notified[1]);
    }
    return unused;
}

static void test_two_threads_lose_nothing(void **state)
{
    (void)state;
    pthread_t thread;

    open_at(&shared, 0);
    sddf_net_fill(&shared.sender.free, (struct sddf_region){NULL, CAPACITY * SDDF_NET_BUFFER_BYTES});
    assert_int_equal(pthread_create(&thread, NULL, receive, NULL), 0);
    for (uint32_t i = 0; i < MANY_BUFFERS; i++) {
        struct sddf_net_buffer buffer;
        take_waiting(&shared.sender.free, &buffer, &notified[1]);
        buffer.len = (uint16_t)i;
        put_notifying(&shared.sender.active, &buffer, &notified[0]);
    }
    pthread_join(thread, NULL);
    assert_int_equal(sddf_net_available(&shared.sender.free), CAPACITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_refuses), cmocka_unit_test(test_a_buffer_goes_round),
        cmocka_unit_test(test_full_queue),   cmocka_unit_test(test_broken_counters),
        cmocka_unit_test(test_region_has),   cmocka_unit_test(test_two_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
