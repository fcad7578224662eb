/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The entropy driver between a mock device and two clients: who gets which bytes, that they are wiped, and that a
 * hostile client disturbs no other.
 */
#include "unit.h"

#include "../../../apps/drivers/entropy/virtio_rng.c"
#include "fake_microkit.h"
#include "hostile.h"

#define RING_BYTES 512
#define COUNT      2
#define ROUNDS     20000
#define IRQ        9

static struct dma memory;
static struct sddf_serial streams[COUNT];
static bool is_offered, is_short, is_stopped;
static uint8_t value; /* what the device fills buffers with: another one each time */

bool virtio_start(struct virtio *of, uintptr_t base, uint32_t id, uint64_t wanted, uint64_t *agreed)
{
    (void)of;
    (void)base;
    *agreed = wanted;
    return id == 4;
}

bool virtio_add_queue(struct virtio *of, uint32_t index, struct virtq *made, uint16_t size_min, uint16_t size_max,
                      void *at, uint64_t paddr)
{
    (void)of;
    (void)paddr;
    *made = (struct virtq){.desc = at, .size = size_max};
    return index == 0 && size_min == 1;
}

bool virtio_stop(struct virtio *of)
{
    (void)of;
    is_stopped = true;
    return true;
}

void virtio_go(struct virtio *of)
{
    (void)of;
}

void virtio_ack_interrupt(struct virtio *of)
{
    (void)of;
}

void virtq_offer(struct virtq *to, uint16_t head)
{
    assert_false(is_offered);
    assert_int_equal(to->desc[head].address, dma_paddr + offsetof(struct dma, bytes));
    assert_in_range(to->desc[head].length, 1, BUFFER_BYTES);
    is_offered = true;
}

void virtio_kick(struct virtio *of, uint32_t index, const struct virtq *offered)
{
    (void)of;
    (void)index;
    (void)offered;
}

/* The device is not trusted with lengths. */
bool virtq_take(struct virtq *from, uint16_t *head, uint32_t *length)
{
    if (!is_offered) {
        return false;
    }
    is_offered = false;
    *head = 0;
    *length = is_short ? 1 : UINT32_MAX;
    memset(memory.bytes, ++value, from->desc[0].length);
    return true;
}

static int start_up(void **unused)
{
    (void)unused;
    memset(&config, 0, sizeof config);
    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = COUNT;
    for (unsigned i = 0; i < COUNT; i++) {
        config.clients[i] =
            (struct sddf_serial_connection){.queue = make_region(16), .data = make_region(RING_BYTES), .id = 1};
        assert_true(sddf_serial_open(&streams[i], &config.clients[i], SDDF_CONSUMER));
    }
    dma_base = (uintptr_t)&memory;
    dma_bytes = sizeof memory;
    dma_paddr = 0x50000000;
    irq_channel = IRQ;
    turn = 0;
    asked_bytes = 0;
    is_offered = false;
    is_short = false;
    value = 0;
    init();
    return is_usable ? 0 : 1;
}

static int tear_down(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < COUNT; i++) {
        free_region(config.clients[i].queue);
        free_region(config.clients[i].data);
    }
    return 0;
}

static void run_dry(void)
{
    while (is_offered) {
        notified(IRQ);
        assert_int_equal(memory.bytes[0], 0);
    }
}

static void test_each_byte_goes_to_one_client(void **unused)
{
    (void)unused;
    uint8_t bytes[RING_BYTES];
    bool is_seen[256] = {false};

    for (unsigned round = 0; round < 20; round++) {
        run_dry();
        for (unsigned i = 0; i < COUNT; i++) {
            bool is_new[256] = {false};
            assert_int_equal(sddf_serial_available(&streams[i]), RING_BYTES);
            assert_int_equal(entropy_take(&streams[i], bytes, RING_BYTES), RING_BYTES);
            notified(1);
            for (unsigned at = 0; at < RING_BYTES; at++) {
                assert_int_not_equal(bytes[at], 0);
                assert_false(is_seen[bytes[at]]);
                is_new[bytes[at]] = true;
            }
            for (unsigned at = 0; at < 256; at++) {
                is_seen[at] = is_seen[at] || is_new[at];
            }
        }
    }
}

static void test_what_is_taken_is_wiped(void **unused)
{
    (void)unused;
    const uint8_t *ring = config.clients[0].data.vaddr;
    uint8_t bytes[100];

    run_dry();
    const unsigned notified_before = (unsigned)fake.notifies[1];
    assert_int_equal(entropy_take(&streams[0], bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(fake.notifies[1], notified_before + 1);
    for (unsigned i = 0; i < RING_BYTES; i++) {
        assert_int_equal(ring[i] == 0, i < sizeof bytes);
    }
    assert_int_equal(entropy_take(&streams[0], bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(fake.notifies[1], notified_before + 1); /* it knows already */
    notified(1);
    run_dry();
    assert_int_equal(sddf_serial_available(&streams[0]), RING_BYTES);
}

static void test_a_device_that_gives_little(void **unused)
{
    (void)unused;
    is_short = true;
    run_dry();
    assert_int_equal(sddf_serial_available(&streams[0]), RING_BYTES);
    assert_int_equal(sddf_serial_available(&streams[1]), RING_BYTES);
}

static void test_a_hostile_client(void **unused)
{
    (void)unused;
    uint8_t bytes[64];
    unsigned taken = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        scribble(config.clients[1].queue, UINT64_MAX);
        notified(i % 2 == 0 ? IRQ : 1);
        notified(IRQ);
        taken += entropy_take(&streams[0], bytes, sizeof bytes);
    }
    assert_true(taken > ROUNDS * sizeof bytes / 2);
}

static void test_a_device_that_breaks_the_rules(void **unused)
{
    (void)unused;
    run_dry();
    queue.is_broken = true;
    notified(IRQ);
    assert_true(is_stopped);
    assert_false(is_usable);
    notified(IRQ);
    assert_false(is_offered);
}

static void test_refuses(void **unused)
{
    (void)unused;
    config.clients[1].data.size = 100;
    init();
    assert_false(is_usable);
    config.clients[1].data.size = RING_BYTES;
    dma_bytes = sizeof memory - 1;
    init();
    assert_false(is_usable);
    notified(IRQ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_byte_goes_to_one_client, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_taken_is_wiped, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_device_that_gives_little, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hostile_client, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_device_that_breaks_the_rules, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses, start_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
