/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The driver of a console device between a mock device and its client: every character passes, in order, whoever is
 * slow; a device that breaks a rule is stopped.
 */
#include "unit.h"

#include "../../../apps/drivers/serial/virtio_console.c"
#include "fake_microkit.h"
#include "hostile.h"

#define RING_BYTES 512
#define IRQ        9
#define CLIENT     1

static struct dma memory;
static struct sddf_serial to_client, from_client; /* the client's ends */
static bool is_offered[2], is_done[2], is_stopped;
static uint32_t lengths[2]; /* of what is offered, or of what the device says that it has written */
static uint8_t sent[2 * RING_BYTES];
static size_t sent_bytes;

bool virtio_start(struct virtio *of, uintptr_t base, uint32_t id, uint64_t wanted, uint64_t *agreed)
{
    (void)of;
    (void)base;
    *agreed = wanted;
    return id == 3;
}

bool virtio_add_queue(struct virtio *of, uint32_t index, struct virtq *made, uint16_t size_min, uint16_t size_max,
                      void *at, uint64_t paddr)
{
    (void)of;
    assert_int_equal(paddr - dma_paddr, (uintptr_t)at - dma_base);
    *made = (struct virtq){.desc = at, .size = size_max};
    return index < 2 && size_min == 1;
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

static unsigned index_of(const struct virtq *queue)
{
    return queue == &receive_queue ? QUEUE_RECEIVE : QUEUE_SEND;
}

void virtq_offer(struct virtq *to, uint16_t head)
{
    const unsigned index = index_of(to);
    assert_false(is_offered[index]);
    is_offered[index] = true;
    lengths[index] = to->desc[head].length;
    assert_int_equal(to->desc[head].flags, index == QUEUE_RECEIVE ? VIRTQ_DESC_WRITE : 0);
    assert_int_equal(to->desc[head].address - dma_paddr,
                     index == QUEUE_RECEIVE ? offsetof(struct dma, received) : offsetof(struct dma, sent));
}

void virtio_kick(struct virtio *of, uint32_t index, const struct virtq *offered)
{
    (void)of;
    assert_int_equal(index, index_of(offered));
}

bool virtq_take(struct virtq *from, uint16_t *head, uint32_t *length)
{
    const unsigned index = index_of(from);
    if (!is_done[index]) {
        return false;
    }
    is_done[index] = false;
    is_offered[index] = false;
    *head = 0;
    *length = lengths[index];
    return true;
}

static void connect(struct sddf_serial_connection *connection, uint8_t id)
{
    *connection = (struct sddf_serial_connection){.queue = make_region(16), .data = make_region(RING_BYTES), .id = id};
    ((struct sddf_serial_queue *)connection->queue.vaddr)->producer_signalled = 1;
}

static int start_up(void **unused)
{
    (void)unused;
    fake_microkit_reset();
    memset(&config, 0, sizeof config);
    memcpy(config.magic, "sDDF\3", 5);
    connect(&config.rx, CLIENT);
    connect(&config.tx, CLIENT);
    assert_true(sddf_serial_open(&to_client, &config.rx, SDDF_CONSUMER));
    assert_true(sddf_serial_open(&from_client, &config.tx, SDDF_PRODUCER));
    dma_base = (uintptr_t)&memory;
    dma_bytes = sizeof memory;
    dma_paddr = 0x50000000;
    irq_channel = IRQ;
    received_bytes = passed_on = 0;
    is_receiving = is_sending = is_stopped = false;
    memset(is_offered, 0, sizeof is_offered);
    memset(is_done, 0, sizeof is_done);
    sent_bytes = 0;
    init();
    return is_usable ? 0 : 1;
}

static int tear_down(void **unused)
{
    (void)unused;
    free_region(config.rx.queue);
    free_region(config.rx.data);
    free_region(config.tx.queue);
    free_region(config.tx.data);
    return 0;
}

/* The device has got characters for the driver. */
static void device_receives(const char *text, uint32_t length)
{
    assert_true(is_offered[QUEUE_RECEIVE]);
    memcpy(memory.received, text, MIN(length, (uint32_t)BUFFER_BYTES));
    lengths[QUEUE_RECEIVE] = length;
    is_done[QUEUE_RECEIVE] = true;
    notified(IRQ);
}

/* The device has sent what it was given. */
static void device_sends(void)
{
    assert_true(is_offered[QUEUE_SEND]);
    memcpy(&sent[sent_bytes], memory.sent, lengths[QUEUE_SEND]);
    sent_bytes += lengths[QUEUE_SEND];
    is_done[QUEUE_SEND] = true;
    notified(IRQ);
}

static void test_both_ways(void **state)
{
    (void)state;
    char got[8] = "";
    device_receives("hello", 5);
    assert_int_equal(fake.notifies[CLIENT], 1);
    assert_int_equal(sddf_serial_read(&to_client, got, sizeof got), 5);
    assert_string_equal(got, "hello");
    assert_true(is_offered[QUEUE_RECEIVE]);
    assert_int_equal(sddf_serial_write(&from_client, "world", 5), 5);
    notified(CLIENT);
    device_sends();
    assert_memory_equal(sent, "world", 5);
    assert_false(is_offered[QUEUE_SEND]);
    assert_int_equal(fake.irq_acks[IRQ], 3);
}

/* More than the client's ring holds: the device waits, and goes on. */
static void test_slow_client(void **state)
{
    (void)state;
    char text[BUFFER_BYTES], got[4 * BUFFER_BYTES];
    size_t length = 0;
    for (unsigned round = 0; round < 3; round++) {
        memset(text, (char)('a' + round), sizeof text);
        device_receives(text, sizeof text);
    }
    assert_false(is_offered[QUEUE_RECEIVE]);
    while (length < 3 * BUFFER_BYTES) {
        const uint32_t bytes = sddf_serial_read(&to_client, &got[length], 100);
        assert_true(bytes != 0);
        length += bytes;
        if (sddf_serial_producer_waits(&to_client)) {
            notified(CLIENT);
        }
    }
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(got[i], 'a' + i / BUFFER_BYTES);
    }
    assert_true(is_offered[QUEUE_RECEIVE]);
}

/* More than the device takes at once: the client is told when there is room again. */
static void test_slow_device(void **state)
{
    (void)state;
    char text[RING_BYTES];
    memset(text, 'x', sizeof text);
    assert_int_equal(sddf_serial_write(&from_client, text, sizeof text), RING_BYTES);
    assert_true(sddf_serial_wait_for_room(&from_client));
    notified(CLIENT);
    assert_int_equal(fake.notifies[CLIENT], 1);
    device_sends();
    device_sends();
    assert_int_equal(sent_bytes, RING_BYTES);
    assert_false(is_offered[QUEUE_SEND]);
}

static void test_hostile_device(void **state)
{
    (void)state;
    char text[BUFFER_BYTES] = "";
    device_receives(text, UINT32_MAX);
    assert_int_equal(sddf_serial_available(&to_client), BUFFER_BYTES);
    receive_queue.is_broken = true;
    notified(IRQ);
    assert_true(is_stopped);
    assert_false(is_usable);
    notified(IRQ);
    notified(CLIENT);
}

static void test_configurations_that_are_refused(void **state)
{
    (void)state;
    dma_bytes = sizeof memory - 1;
    init();
    assert_false(is_usable);
    assert_true(fake_log_has("the DMA region has"));
    dma_bytes = sizeof memory;
    config.magic[0] = '\0';
    init();
    assert_true(fake_log_has("section .console_driver_config is not filled in"));
    config.magic[0] = 's';
    config.rx.data.size = 100;
    init();
    assert_false(is_usable);
    config.rx.data.size = RING_BYTES;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_ways, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_client, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_device, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_device, start_up, tear_down),
        cmocka_unit_test_setup_teardown(test_configurations_that_are_refused, start_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
