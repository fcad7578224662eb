/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The driver's side of virtio over MMIO, with a device whose registers are plain memory. */
#include "unit.h"

#include "../../../apps/drivers/virtio/virtio.c"
#include "fake_microkit.h"

static uint32_t registers[0x200 / 4];
static uint8_t memory[VIRTQ_BYTES(VIRTQ_SIZE_MAX)] __attribute__((aligned(16)));
static struct virtio device;
static struct virtq queue;

static int set_up(void **unused)
{
    (void)unused;
    memset(registers, 0, sizeof registers);
    memset(memory, 0, sizeof memory);
    memset(&fake, 0, sizeof fake);
    registers[MAGIC_VALUE / 4] = MAGIC;
    registers[VERSION / 4] = 2;
    registers[DEVICE_ID / 4] = VIRTIO_ID_BLK;
    registers[DEVICE_FEATURES / 4] = 1; /* of both halves: VERSION_1 and bit 0 */
    device.base = (uintptr_t)registers;
    return 0;
}

/* What a device is refused for, with the value in the log. */
static void test_a_device_that_is_not_usable(void **unused)
{
    static const struct {
        enum virtio_register offset;
        uint32_t value;
        const char *line;
    } cases[] = {
        {MAGIC_VALUE, 0xffffffff, "magic value is 0xffffffff"},
        {VERSION, 1, "version 1: must be 2"},
        {DEVICE_ID, 1, "of kind 1: must be 2"},
        {DEVICE_FEATURES, 2, "does not agree to features 0x0"},
    };
    uint64_t features;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(unused);
        registers[cases[i].offset / 4] = cases[i].value;
        assert_false(virtio_start(&device, (uintptr_t)registers, VIRTIO_ID_BLK, 0, &features));
        assert_true(fake_log_has(cases[i].line));
    }
    (void)set_up(unused);
    assert_true(virtio_start(&device, (uintptr_t)registers, VIRTIO_ID_BLK, 0, &features));
    assert_int_equal(features, VIRTIO_F_VERSION_1);
}

/* Any size that a device offers, in powers of two, if the longest chain fits. */
static void test_sizes_of_a_virtqueue(void **unused)
{
    static const struct {
        uint32_t offered;
        uint16_t size_min, size_max, size;
    } cases[] = {
        {0, 1, 16, 0},
        {1, 1, 16, 1},
        {1, 2, 16, 0},
        {2, 2, 16, 2},
        {2, 3, 256, 0},
        {3, 3, 256, 0},
        {4, 3, 256, 4},
        {7, 3, 256, 4},
        {8, 1, 16, 8},
        {100, 3, 256, 64},
        {128, 3, 256, 128},
        {255, 2, 256, 128},
        {256, 2, 256, 256},
        {257, 2, 256, 256},
        {1024, 3, 256, 256},
        {32768, 1, 16, 16},
        {UINT32_MAX, 3, 256, 256},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(unused);
        registers[QUEUE_NUM_MAX / 4] = cases[i].offered;
        bool is_added =
            virtio_add_queue(&device, 3, &queue, cases[i].size_min, cases[i].size_max, memory, 0x5000000000);
        assert_int_equal(is_added, cases[i].size != 0);
        assert_int_equal(registers[QUEUE_READY / 4], is_added);
        assert_int_equal(registers[QUEUE_NUM / 4], cases[i].size);
        if (!is_added) {
            assert_true(fake_log_has("virtqueue 3 can have"));
            continue;
        }
        assert_int_equal(queue.size, cases[i].size);
        assert_ptr_equal(queue.desc, memory);
        assert_int_equal((uint8_t *)queue.avail - memory, 16 * cases[i].size);
        assert_true((uint8_t *)queue.used >= (uint8_t *)&queue.avail->ring[cases[i].size] + 2);
        assert_int_equal((uintptr_t)queue.used % 4, 0);
        assert_true((uint8_t *)&queue.used->ring[cases[i].size] + 2 <= memory + VIRTQ_BYTES(cases[i].size));
        assert_int_equal(registers[QUEUE_DEVICE_LOW / 4], (uint32_t)((uint8_t *)queue.used - memory));
        assert_int_equal(registers[QUEUE_DEVICE_LOW / 4 + 1], 0x50);
    }
}

static void add_queue(uint16_t size)
{
    (void)set_up(NULL);
    registers[QUEUE_NUM_MAX / 4] = size;
    assert_true(virtio_add_queue(&device, 0, &queue, 1, size, memory, 0));
}

static void device_returns(uint32_t id)
{
    const uint16_t index = queue.used->index;
    queue.used->ring[index % queue.size] = (struct virtq_used_element){id, 5};
    queue.used->index = (uint16_t)(index + 1);
}

/* Round the ring and past the wrap of its index, in any order. */
static void test_chains_come_back(void **unused)
{
    (void)unused;
    uint16_t head;
    uint32_t length;

    add_queue(4);
    for (unsigned i = 0; i < 70000; i++) {
        assert_false(virtq_take(&queue, &head, &length));
        virtq_offer(&queue, 1);
        virtq_offer(&queue, 3);
        device_returns(3);
        device_returns(1);
        assert_true(virtq_take(&queue, &head, &length));
        assert_int_equal(head, 3);
        assert_int_equal(length, 5);
        assert_true(virtq_take(&queue, &head, &length));
        assert_int_equal(head, 1);
    }
    assert_int_equal(fake.log_bytes, 0);
}

/* A chain that the device does not have breaks the queue: one line, and nothing more is taken. */
static void test_a_device_that_returns_what_it_does_not_have(void **unused)
{
    static const uint32_t ids[] = {0, 2, 4, 5, 0x10001, 0x80000001, UINT32_MAX};
    (void)unused;
    uint16_t head;
    uint32_t length;

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        add_queue(4);
        virtq_offer(&queue, 1);
        device_returns(ids[i]);
        device_returns(1);
        for (unsigned n = 0; n < 3; n++) {
            assert_false(virtq_take(&queue, &head, &length));
        }
        assert_true(queue.is_broken);
        assert_int_equal(fake_log_count("which it does not have"), 1);
    }
    add_queue(4);
    virtq_offer(&queue, 1);
    device_returns(1);
    device_returns(1);
    assert_true(virtq_take(&queue, &head, &length));
    assert_false(virtq_take(&queue, &head, &length));
    assert_true(queue.is_broken);
    add_queue(4);
    virtq_offer(&queue, 1);
    queue.used->index = 5; /* more than there are */
    assert_false(virtq_take(&queue, &head, &length));
    assert_true(queue.is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_device_that_is_not_usable, set_up),
        cmocka_unit_test_setup(test_sizes_of_a_virtqueue, set_up),
        cmocka_unit_test(test_chains_come_back),
        cmocka_unit_test(test_a_device_that_returns_what_it_does_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
