/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include <libvmm/util/util.h>

#include "devices/virtio/virtq.h"
#include "virtio_driver.h"
#include "vm/vm.h"

#define QUEUE_SIZE 4

static struct fake_queue queue;
static struct virtq vq;

static void place(uint16_t size)
{
    vq.size = size;
    vq.areas[VIRTQ_AREA_DESC] = gpa(queue.desc);
    vq.areas[VIRTQ_AREA_DRIVER] = gpa(queue.avail);
    vq.areas[VIRTQ_AREA_DEVICE] = gpa(queue.used);
}

static int setup(void **state)
{
    (void)state;
    vm_forget(vm_instance());
    fake_ram_reset();
    fake_queue_init(&queue, QUEUE_SIZE);
    vq = (struct virtq){.size_max = 64};
    virtq_reset(&vq);
    place(QUEUE_SIZE);
    return 0;
}

static enum result enable(bool event_idx)
{
    return virtq_enable(&vq, &vm_instance()->ram, event_idx);
}

static uint16_t add(void)
{
    const struct fake_buffer buffer = {FAKE_RAM_BASE + FAKE_RAM_BYTES - 1, 1, false};
    return fake_queue_add(&queue, &buffer, 1);
}

static void test_reset(void **state)
{
    (void)state;
    assert_int_equal(enable(true), RESULT_OK);
    virtq_reset(&vq);
    assert_false(vq.enabled);
    assert_false(virtq_has_available(&vq));
    assert_int_equal(vq.size, 64);
    assert_int_equal(vq.size_max, 64);
}

static void test_sizes(void **state)
{
    (void)state;
    const uint16_t bad[] = {0, 3, 5, 63, 65, 128, 0x8000, 0xffff};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        place(bad[i]);
        assert_int_equal(enable(false), RESULT_INVALID);
        assert_false(vq.enabled);
    }
    for (uint16_t size = 1; size <= 64; size = (uint16_t)(size * 2)) {
        virtq_reset(&vq);
        place(size);
        assert_int_equal(enable(false), RESULT_OK);
    }
}

static void test_areas(void **state)
{
    (void)state;
    const uint64_t end = FAKE_RAM_BASE + FAKE_RAM_BYTES;
    const struct {
        enum virtq_area area;
        uint64_t addr;
        enum result result;
    } cases[] = {
        {VIRTQ_AREA_DESC, end - 64, RESULT_OK},
        {VIRTQ_AREA_DESC, end - 48, RESULT_RANGE},
        {VIRTQ_AREA_DESC, FAKE_RAM_BASE + 8, RESULT_INVALID},
        {VIRTQ_AREA_DESC, 0, RESULT_RANGE},
        {VIRTQ_AREA_DRIVER, end - 14, RESULT_OK},
        {VIRTQ_AREA_DRIVER, end - 12, RESULT_RANGE},
        {VIRTQ_AREA_DRIVER, FAKE_RAM_BASE + 1, RESULT_INVALID},
        {VIRTQ_AREA_DRIVER, UINT64_MAX - 1, RESULT_RANGE},
        {VIRTQ_AREA_DEVICE, end - 40, RESULT_OK},
        {VIRTQ_AREA_DEVICE, end - 36, RESULT_RANGE},
        {VIRTQ_AREA_DEVICE, FAKE_RAM_BASE + 2, RESULT_INVALID},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        virtq_reset(&vq);
        place(QUEUE_SIZE);
        vq.areas[cases[i].area] = gpa(cases[i].addr);
        assert_int_equal(enable(true), cases[i].result);
        assert_int_equal(vq.enabled, cases[i].result == RESULT_OK);
    }
}

static void test_pop_and_put(void **state)
{
    (void)state;
    struct virtq_chain chain;
    struct fake_used used;
    assert_int_equal(enable(false), RESULT_OK);
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_RANGE);
    for (unsigned round = 0; round < 3 * 65536u / 2; round++) {
        const uint16_t first = add();
        const uint16_t second = add();
        assert_true(virtq_has_available(&vq));
        assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
        assert_int_equal(chain.head, first);
        assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
        assert_int_equal(chain.head, second);
        assert_int_equal(virtq_pop(&vq, &chain), RESULT_RANGE);
        virtq_put(&vq, second, round);
        virtq_put(&vq, first, 7);
        assert_false(fake_queue_take(&queue, &used));
        assert_true(virtq_publish(&vq));
        assert_true(fake_queue_take(&queue, &used));
        assert_int_equal(used.id, second);
        assert_int_equal(used.len, round);
        assert_true(fake_queue_take(&queue, &used));
        assert_int_equal(used.id, first);
        assert_int_equal(used.len, 7);
    }
    assert_false(virtq_publish(&vq));
}

static void test_unpop(void **state)
{
    (void)state;
    struct virtq_chain chain;
    assert_int_equal(enable(false), RESULT_OK);
    const uint16_t first = add();
    const uint16_t second = add();
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
    virtq_unpop(&vq, 2);
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
    assert_int_equal(chain.head, first);
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
    assert_int_equal(chain.head, second);
}

static void test_broken_ring(void **state)
{
    (void)state;
    struct virtq_chain chain;
    assert_int_equal(enable(false), RESULT_OK);
    fake_queue_offer(&queue, QUEUE_SIZE);
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_INVALID);
    for (unsigned i = 0; i < QUEUE_SIZE; i++) {
        fake_queue_offer(&queue, 0);
    }
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_INVALID);
}

static bool use_one(void)
{
    struct virtq_chain chain;
    add();
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
    virtq_put(&vq, chain.head, 0);
    return virtq_publish(&vq);
}

static void test_interrupt_by_flag(void **state)
{
    (void)state;
    assert_int_equal(enable(false), RESULT_OK);
    assert_true(use_one());
    fake_queue_set_no_interrupt(&queue, true);
    assert_false(use_one());
    fake_queue_set_no_interrupt(&queue, false);
    assert_true(use_one());
}

static void test_interrupt_by_event(void **state)
{
    (void)state;
    assert_int_equal(enable(true), RESULT_OK);
    fake_queue_set_no_interrupt(&queue, true); /* means nothing here */
    fake_queue_set_used_event(&queue, 0);
    assert_true(use_one());
    assert_false(use_one());
    fake_queue_set_used_event(&queue, 3);
    assert_false(use_one());
    assert_true(use_one());
    assert_false(use_one());
    for (unsigned i = 5; i < 65536; i++) {
        assert_false(use_one());
    }
    fake_queue_set_used_event(&queue, 0);
    assert_true(use_one());
}

static void test_kicks_by_flag(void **state)
{
    (void)state;
    assert_int_equal(enable(false), RESULT_OK);
    virtq_suppress_kicks(&vq);
    assert_int_equal(fake_queue_used_flags(&queue), 1);
    assert_false(virtq_want_kicks(&vq));
    assert_int_equal(fake_queue_used_flags(&queue), 0);
    add();
    assert_true(virtq_want_kicks(&vq));
}

static void test_kicks_by_event(void **state)
{
    (void)state;
    assert_int_equal(enable(true), RESULT_OK);
    use_one();
    use_one();
    assert_int_equal(fake_queue_avail_event(&queue), 0);
    assert_false(virtq_want_kicks(&vq));
    assert_int_equal(fake_queue_avail_event(&queue), 2);
    virtq_suppress_kicks(&vq);
    assert_int_equal(fake_queue_used_flags(&queue), 0);
    add();
    assert_true(virtq_want_kicks(&vq));
}

/* Driver and device at once: each stores, then looks at what the other one has stored; one of them must see it. */
static void turn_interrupts_off(void)
{
    struct fake_used used;
    assert_true(fake_queue_take(&queue, &used));
    fake_queue_set_no_interrupt(&queue, true);
}

static void wait_for_more(void)
{
    struct fake_used used;
    assert_true(fake_queue_take(&queue, &used));
    fake_queue_set_used_event(&queue, queue.used_idx);
}

static void add_without_kick(void)
{
    assert_int_equal(fake_queue_used_flags(&queue), 0);
    add();
}

static void test_driver_at_the_same_time(void **state)
{
    (void)state;
    assert_int_equal(enable(false), RESULT_OK);
    fake_ram_on_fence(turn_interrupts_off);
    assert_false(use_one());
    virtq_suppress_kicks(&vq);
    fake_ram_on_fence(add_without_kick);
    assert_true(virtq_want_kicks(&vq));
    setup(state);
    assert_int_equal(enable(true), RESULT_OK);
    fake_ram_on_fence(wait_for_more);
    assert_false(use_one());
    assert_true(use_one());
}

/* A driver that changes entries and descriptors right after they have been read. */
static void test_memory_that_changes(void **state)
{
    (void)state;
    struct virtq_chain chain;
    struct virtq_piece piece;
    assert_int_equal(enable(true), RESULT_OK);
    const uint16_t heads[] = {add(), add(), add()};
    fake_ram_change_what_is_read(&queue, 1);
    for (unsigned i = 0; i < ARRAY_SIZE(heads); i++) {
        assert_int_equal(virtq_pop(&vq, &chain), RESULT_OK);
        assert_int_equal(chain.head, heads[i]);
        assert_true(virtq_chain_next_readable(&chain, &piece));
        assert_ptr_equal(piece.memory, fake_ram_at(FAKE_RAM_BASE + FAKE_RAM_BYTES - 1));
        assert_int_equal(piece.bytes, 1);
        virtq_put(&vq, chain.head, 0);
    }
    assert_int_equal(virtq_pop(&vq, &chain), RESULT_RANGE);
    assert_true(virtq_publish(&vq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reset, setup),
        cmocka_unit_test_setup(test_sizes, setup),
        cmocka_unit_test_setup(test_areas, setup),
        cmocka_unit_test_setup(test_pop_and_put, setup),
        cmocka_unit_test_setup(test_unpop, setup),
        cmocka_unit_test_setup(test_broken_ring, setup),
        cmocka_unit_test_setup(test_interrupt_by_flag, setup),
        cmocka_unit_test_setup(test_interrupt_by_event, setup),
        cmocka_unit_test_setup(test_kicks_by_flag, setup),
        cmocka_unit_test_setup(test_kicks_by_event, setup),
        cmocka_unit_test_setup(test_driver_at_the_same_time, setup),
        cmocka_unit_test_setup(test_memory_that_changes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
