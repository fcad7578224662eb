/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/virtio/rng.h>

#include "devices/virtio/virtio_device.h"
#include "virtio_driver.h"

#define BASE UINT64_C(0x0b000000)
#define IRQ  48

static struct virtio_rng rng;
static struct fake_queue queue;
static size_t stock; /* bytes that the source has */

static size_t source(void *cookie, uint8_t *to, size_t bytes)
{
    assert_ptr_equal(cookie, &stock);
    const size_t given = bytes < stock ? bytes : stock;
    memset(to, 0xe7, given);
    stock -= given;
    return given;
}

static void start(void)
{
    assert_true(fake_mmio_negotiate(BASE, fake_mmio_features(BASE)));
    fake_queue_init(&queue, 16);
    fake_mmio_set_queue(BASE, 0, &queue);
    fake_mmio_set_driver_ok(BASE);
}

static int setup(void **state)
{
    fixture_setup(state);
    fake_ram_reset();
    stock = 100000;
    assert_true(virtio_rng_init(&rng, virtio_at_mmio(BASE, IRQ), source, &stock));
    start();
    return 0;
}

static uint64_t add(uint32_t bytes)
{
    const struct fake_buffer buffer = {fake_ram_alloc(bytes, 1), bytes, true};
    fake_queue_add(&queue, &buffer, 1);
    return buffer.addr;
}

static void test_fills_buffers(void **state)
{
    (void)state;
    struct fake_used used;
    const uint64_t first = add(64);
    add(5000);
    fake_mmio_kick(BASE, 0);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 64);
    assert_int_equal(*fake_ram_at(first), 0xe7);
    assert_int_equal(*fake_ram_at(first + 63), 0xe7);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 4096); /* bounded */
    assert_false(fake_queue_take(&queue, &used));
    assert_int_equal(fake_mmio_read(BASE, 0x60), 1);
}

static void test_waits_for_the_source(void **state)
{
    (void)state;
    struct fake_used used;
    stock = 10;
    add(64);
    add(64);
    fake_mmio_kick(BASE, 0);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 10);
    assert_false(fake_queue_take(&queue, &used));
    stock = 64;
    virtio_rng_ready(&rng);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 64);
}

static void test_broken_chain(void **state)
{
    (void)state;
    struct fake_used used;
    const struct fake_buffer buffer = {0, 8, true};
    fake_queue_add(&queue, &buffer, 1);
    fake_mmio_kick(BASE, 0);
    assert_int_equal(fake_mmio_read(BASE, 0x70) & 0x40, 0x40);
    assert_false(fake_queue_take(&queue, &used));
    start();
    add(1);
    fake_mmio_kick(BASE, 0);
    assert_true(fake_queue_take(&queue, &used));
}

static void test_readable_buffer_gets_nothing(void **state)
{
    (void)state;
    struct fake_used used;
    const struct fake_buffer buffer = {fake_ram_alloc(8, 1), 8, false};
    fake_queue_add(&queue, &buffer, 1);
    fake_mmio_kick(BASE, 0);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 0);
    assert_int_equal(*fake_ram_at(buffer.addr), 0);
}

static void test_memory_that_changes(void **state)
{
    (void)state;
    struct fake_used used;
    const uint64_t first = add(64);
    const uint64_t second = add(10);
    fake_ram_change_what_is_read(&queue, 1);
    fake_mmio_kick(BASE, 0);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 64);
    assert_int_equal(*fake_ram_at(first + 63), 0xe7);
    assert_true(fake_queue_take(&queue, &used));
    assert_int_equal(used.len, 10);
    assert_int_equal(*fake_ram_at(second + 9), 0xe7);
    assert_int_equal(*fake_ram_at(second + 10), 0);
}

static bool is_kick_due;

/* The driver gets its buffers back while the device is at work, and gives them again. [VIRTIO 2.7.10] */
static void give_again(uint64_t addr, size_t bytes)
{
    struct fake_used used;
    const uint16_t before = queue.avail_idx;
    (void)bytes;
    while (addr == queue.avail + 4 + 2 * 16 && queue.avail_idx < 100 && fake_queue_take(&queue, &used)) {
        add(8);
    }
    const uint16_t added = (uint16_t)(queue.avail_idx - before);
    is_kick_due |= (uint16_t)(queue.avail_idx - fake_queue_avail_event(&queue) - 1) < added;
}

static void test_no_buffer_is_forgotten(void **state)
{
    (void)state;
    struct fake_used used;
    for (unsigned i = 0; i < 16; i++) {
        add(8);
    }
    fake_ram_on_read(give_again);
    for (is_kick_due = true; is_kick_due;) {
        is_kick_due = false;
        fake_mmio_kick(BASE, 0);
    }
    while (fake_queue_take(&queue, &used)) {
    }
    assert_int_equal(queue.avail_idx, 100);
    assert_int_equal(queue.used_idx, 100);
}

static unsigned source_calls;

static size_t empty_source(void *cookie, uint8_t *to, size_t bytes)
{
    (void)cookie;
    (void)to;
    (void)bytes;
    source_calls++;
    return 0;
}

static void test_an_empty_source_is_asked_once(void **state)
{
    (void)state;
    source_calls = 0;
    fixture_setup(state);
    fake_ram_reset();
    assert_true(virtio_rng_init(&rng, virtio_at_mmio(BASE, IRQ), empty_source, NULL));
    start();
    add(8);
    fake_mmio_kick(BASE, 0);
    assert_int_equal(source_calls, 1);
    add(8);
    fake_mmio_kick(BASE, 0);
    assert_int_equal(source_calls, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_fills_buffers, setup),
        cmocka_unit_test_setup(test_waits_for_the_source, setup),
        cmocka_unit_test_setup(test_broken_chain, setup),
        cmocka_unit_test_setup(test_readable_buffer_gets_nothing, setup),
        cmocka_unit_test_setup(test_memory_that_changes, setup),
        cmocka_unit_test_setup(test_no_buffer_is_forgotten, setup),
        cmocka_unit_test_setup(test_an_empty_source_is_asked_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
