/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The network device between a driver and a virtualiser, either of which may misbehave.
 */
#include "fixture.h"

#include <libvmm/monitor.h>
#include <libvmm/util/util.h>
#include <libvmm/virtio/net.h>

#include "devices/virtio/virtio_device.h"
#include "virtio_driver.h"

#define BASE       UINT64_C(0x0b000000)
#define IRQ        48
#define RX_CHANNEL 10
#define TX_CHANNEL 11
#define BUFFERS    4
#define HEADER     12
#define MTU        BIT(3)
#define MRG_RXBUF  BIT(15)
#define CTRL_VQ    BIT(17)
#define CONFIG     0x100
#define QUEUES     3

struct queue_memory {
    struct sddf_net_queue queue;
    struct sddf_net_buffer entries[BUFFERS];
};

static struct {
    struct virtio_net net;
    struct sddf_net_client_config config;
    _Alignas(8) struct queue_memory memory[4];
    _Alignas(8) uint8_t rx_data[BUFFERS * SDDF_NET_BUFFER_BYTES];
    _Alignas(8) uint8_t tx_data[BUFFERS * SDDF_NET_BUFFER_BYTES];
    struct sddf_net rx; /* the virtualiser's ends */
    struct sddf_net tx;
    struct fake_queue queues[QUEUES];
} t;

static void connect(struct sddf_net_connection *connection, unsigned first, uint8_t channel)
{
    *connection = (struct sddf_net_connection){
        .free_queue = {&t.memory[first], sizeof t.memory[0]},
        .active_queue = {&t.memory[first + 1], sizeof t.memory[0]},
        .num_buffers = BUFFERS,
        .id = channel,
    };
}

static int setup(void **state)
{
    const uint8_t mac[] = {2, 0, 0, 0, 0, 7};
    fixture_setup(state);
    fake_ram_reset();
    memset(&t, 0, sizeof t);
    memcpy(t.config.magic, "sDDF\5", 5);
    memcpy(t.config.mac, mac, sizeof mac);
    connect(&t.config.rx, 0, RX_CHANNEL);
    connect(&t.config.tx, 2, TX_CHANNEL);
    t.config.rx_data = (struct sddf_region){t.rx_data, sizeof t.rx_data};
    t.config.tx_data = (struct sddf_region){t.tx_data, sizeof t.tx_data};
    assert_true(sddf_net_open(&t.rx, &t.config.rx, SDDF_PRODUCER));
    assert_true(sddf_net_open(&t.tx, &t.config.tx, SDDF_CONSUMER));
    sddf_net_fill(&t.rx.free, t.config.rx_data);
    assert_true(virtio_net_init(&t.net, virtio_at_mmio(BASE, IRQ), &t.config));
    return 0;
}

static void start(uint64_t features)
{
    assert_true(fake_mmio_negotiate(BASE, features | VIRTIO_F_VERSION_1));
    for (uint16_t i = 0; i < QUEUES; i++) {
        fake_queue_init(&t.queues[i], 16);
        fake_mmio_set_queue(BASE, i, &t.queues[i]);
    }
    fake_mmio_set_driver_ok(BASE);
}

static bool needs_reset(void)
{
    return (fake_mmio_read(BASE, 0x70) & VIRTIO_STATUS_NEEDS_RESET) != 0;
}

/* A frame of the guest's, of `bytes` with the header, in two descriptors. */
static void send_with(uint8_t flags, uint8_t gso, uint32_t bytes, uint8_t fill)
{
    static uint8_t frame[4096];
    memset(frame, fill, sizeof frame);
    memset(frame, 0, HEADER);
    frame[0] = flags;
    frame[1] = gso;
    const uint64_t at = fake_ram_put(frame, bytes);
    const uint32_t first = bytes < 20 ? bytes : 20;
    const struct fake_buffer buffers[] = {{at, first, false}, {at + first, bytes - first, false}};
    fake_queue_add(&t.queues[1], buffers, bytes > first ? 2 : 1);
    fake_mmio_kick(BASE, 1);
}

static void send(uint32_t frame_bytes, uint8_t fill)
{
    send_with(0, 0, HEADER + frame_bytes, fill);
}

static unsigned used_count(unsigned queue)
{
    struct fake_used used;
    unsigned count = 0;
    while (fake_queue_take(&t.queues[queue], &used)) {
        count++;
    }
    return count;
}

/* What the virtualiser gets; the buffer goes back. */
static void assert_sent(uint16_t bytes, uint8_t fill)
{
    struct sddf_net_buffer buffer;
    assert_true(sddf_net_take(&t.tx.active, &buffer));
    assert_int_equal(buffer.len, bytes);
    assert_int_equal(t.tx_data[buffer.io_or_offset], fill);
    assert_int_equal(t.tx_data[buffer.io_or_offset + bytes - 1u], fill);
    buffer.len = 0;
    assert_true(sddf_net_put(&t.tx.free, &buffer));
}

static bool is_nothing_sent(void)
{
    struct sddf_net_buffer buffer;
    return !sddf_net_take(&t.tx.active, &buffer);
}

static void test_configuration(void **state)
{
    (void)state;
    const uint64_t offered = BIT(3) | BIT(5) | MRG_RXBUF | BIT(16) | CTRL_VQ | BIT(18);
    assert_int_equal(fake_mmio_features(BASE) & 0xffffff, offered);
    assert_int_equal(fake_mmio_read(BASE, 8), 1);
    assert_int_equal(fake_mmio_read(BASE, CONFIG), 2);
    assert_int_equal(fake_mmio_read(BASE, CONFIG + 4), 0x10700);
    assert_int_equal(fake_mmio_read(BASE, CONFIG + 8), 1 | 1500u << 16);
}

static void test_transmit(void **state)
{
    (void)state;
    start(0);
    send(60, 0xa1);
    send(1514, 0xa2);
    assert_int_equal(used_count(1), 2);
    assert_int_equal(fake.notifies[TX_CHANNEL], 1); /* the virtualiser has not looked yet */
    assert_sent(60, 0xa1);
    assert_sent(1514, 0xa2);
    assert_true(is_nothing_sent());
}

static void test_what_is_no_frame(void **state)
{
    (void)state;
    start(0);
    send(13, 1);
    send(0, 1);
    send_with(0, 0, 5, 1);
    send_with(1, 0, 80, 1); /* wants a checksum */
    send_with(0, 1, 80, 1); /* wants to be cut up */
    send(2049, 1);
    assert_int_equal(used_count(1), 6);
    assert_true(is_nothing_sent());
    assert_int_equal(fake.notifies[TX_CHANNEL], 1);
    assert_false(needs_reset());
    send(14, 0xa1);
    send(2048, 0xa2);
    send_with(0xfe, 0, HEADER + 80, 0xa3); /* flags that mean nothing here */
    assert_sent(14, 0xa1);
    assert_sent(2048, 0xa2);
    assert_sent(80, 0xa3);
}

static void test_no_free_buffer(void **state)
{
    (void)state;
    start(0);
    for (uint8_t i = 0; i < BUFFERS + 3; i++) {
        send(100, i);
    }
    assert_int_equal(used_count(1), BUFFERS);
    assert_int_equal(t.memory[2].queue.consumer_signalled, 0); /* asks to be told */
    assert_int_equal(fake_queue_used_flags(&t.queues[1]), 1);  /* and the guest not to kick */
    for (uint8_t i = 0; i < BUFFERS; i++) {
        assert_sent(100, i);
    }
    assert_true(virtio_notified(TX_CHANNEL));
    assert_int_equal(used_count(1), 3);
    for (uint8_t i = BUFFERS; i < BUFFERS + 3; i++) {
        assert_sent(100, i);
    }
}

/* Buffers of the virtualiser that lie elsewhere are never written to. */
static void test_wild_free_buffers(void **state)
{
    (void)state;
    const uint64_t wild[] = {sizeof t.tx_data, sizeof t.tx_data - 1, UINT64_MAX, UINT64_MAX - 2047};
    for (unsigned i = 0; i < BUFFERS; i++) {
        t.memory[2].entries[i].io_or_offset = wild[i];
    }
    start(0);
    send(100, 1);
    assert_int_equal(used_count(1), 0);
    assert_true(is_nothing_sent());
    t.memory[2].queue.tail = 0x4321;
    assert_true(virtio_notified(TX_CHANNEL));
    assert_int_equal(used_count(1), 0);
}

/* The virtualiser delivers a frame. */
static void deliver(uint16_t bytes, uint8_t fill)
{
    struct sddf_net_buffer buffer;
    assert_true(sddf_net_take(&t.rx.free, &buffer));
    memset(&t.rx_data[buffer.io_or_offset], fill, bytes);
    buffer.len = bytes;
    assert_true(sddf_net_put(&t.rx.active, &buffer));
    if (sddf_net_consumer_waits(&t.rx.active)) {
        assert_true(virtio_notified(RX_CHANNEL));
    }
}

static uint64_t offer(uint32_t bytes)
{
    const struct fake_buffer buffer = {fake_ram_alloc(bytes, 1), bytes, true};
    fake_queue_add(&t.queues[0], &buffer, 1);
    fake_mmio_kick(BASE, 0);
    return buffer.addr;
}

static void assert_received(uint64_t at, uint16_t bytes, uint8_t fill, uint8_t num_buffers)
{
    struct fake_used used;
    const uint8_t header[HEADER] = {[10] = num_buffers};
    assert_true(fake_queue_take(&t.queues[0], &used));
    assert_int_equal(used.len, HEADER + bytes);
    assert_memory_equal(fake_ram_at(at), header, HEADER);
    assert_int_equal(*fake_ram_at(at + HEADER), fill);
    assert_int_equal(*fake_ram_at(at + HEADER + bytes - 1), fill);
}

static void test_receive(void **state)
{
    (void)state;
    start(0);
    const uint64_t first = offer(HEADER + 1514), second = offer(2048);
    deliver(64, 0xb1);
    deliver(1514, 0xb2);
    assert_received(first, 64, 0xb1, 1);
    assert_received(second, 1514, 0xb2, 1);
    assert_int_equal(sddf_net_available(&t.rx.free), BUFFERS);
}

static char said[2048];

static void remember(void *cookie, const char *line)
{
    (void)cookie;
    strcat(said, line);
}

static void test_receive_waits_for_room(void **state)
{
    (void)state;
    start(0);
    deliver(64, 0xb1);
    deliver(65, 0xb2);
    assert_true(monitor_command("devices", remember, NULL));
    assert_non_null(strstr(said, "  2 frames wait for the guest, which has given no buffer that is large enough"));
    assert_non_null(strstr(said, "  4 free buffers for what it sends"));
    const uint64_t first = offer(2048);
    assert_received(first, 64, 0xb1, 1);
    const uint64_t second = offer(2048);
    assert_received(second, 65, 0xb2, 1);
    assert_int_equal(used_count(0), 0);
}

static void test_merged_buffers(void **state)
{
    (void)state;
    start(MRG_RXBUF);
    const uint64_t first = offer(HEADER + 100), second = offer(150), third = offer(1000);
    struct fake_used used;
    deliver(300, 0xb1);
    assert_received(first, 100, 0xb1, 3);
    assert_true(fake_queue_take(&t.queues[0], &used));
    assert_int_equal(used.len, 150);
    assert_true(fake_queue_take(&t.queues[0], &used));
    assert_int_equal(used.len, 50);
    assert_int_equal(*fake_ram_at(second + 149), 0xb1);
    assert_int_equal(*fake_ram_at(third + 49), 0xb1);
    assert_int_equal(*fake_ram_at(third + 50), 0);
}

/* The header may be split anywhere. */
static void test_split_header(void **state)
{
    (void)state;
    start(MRG_RXBUF);
    const uint64_t at = fake_ram_alloc(100, 1);
    const struct fake_buffer buffers[] = {{at, 1, true}, {at + 1, 10, true}, {at + 11, 1, true}, {at + 12, 88, true}};
    fake_queue_add(&t.queues[0], buffers, 4);
    deliver(60, 0xb1);
    assert_received(at, 60, 0xb1, 1);
}

/* Room that is too small: the frame is lost, the room is not. Buffers that can be merged wait for more of them. */
static void test_too_little_room(void **state)
{
    (void)state;
    start(0);
    const uint64_t at = offer(100);
    deliver(89, 0xb1);
    assert_int_equal(used_count(0), 0);
    deliver(88, 0xb2);
    assert_received(at, 88, 0xb2, 1);
    fake_mmio_write(BASE, 0x70, 0);
    start(MRG_RXBUF);
    const uint64_t small = offer(50);
    deliver(100, 0xb3);
    assert_int_equal(used_count(0), 0);
    const uint64_t more = offer(62);
    assert_int_equal(used_count(0), 2);
    assert_int_equal(*fake_ram_at(small + 10), 2);
    assert_int_equal(*fake_ram_at(more + 61), 0xb3);
    for (unsigned i = 0; i < 16; i++) {
        offer(HEADER + 2);
    }
    deliver(2000, 0xb5);
    assert_int_equal(used_count(0), 0);
    assert_int_equal(sddf_net_available(&t.rx.free), BUFFERS);
    assert_false(needs_reset());
}

static void test_wild_frames(void **state)
{
    (void)state;
    const struct sddf_net_buffer wild[] = {
        {sizeof t.rx_data, 64, 0},
        {UINT64_MAX, 64, 0},
        {0, 2049, 0},
        {2048, 13, 0},
    };
    start(0);
    const uint64_t at = offer(2048);
    struct sddf_net_buffer buffer;
    for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
        assert_true(sddf_net_take(&t.rx.free, &buffer));
        assert_true(sddf_net_put(&t.rx.active, &wild[i]));
        assert_true(virtio_notified(RX_CHANNEL));
    }
    assert_int_equal(used_count(0), 0);
    assert_int_equal(sddf_net_available(&t.rx.free), 2); /* those that could be given back were */
    deliver(64, 0xb1);
    assert_received(at, 64, 0xb1, 1);
}

static void test_nobody_receives(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * BUFFERS; i++) {
        deliver(64, 0xb1);
    }
    assert_int_equal(sddf_net_available(&t.rx.free), BUFFERS);
    start(0);
    offer(2048);
    assert_int_equal(used_count(0), 0);
}

/* A virtualiser that has run out of buffers is told when it gets one back, once, and only if it waits for that. */
static void test_buffers_that_are_waited_for(void **state)
{
    (void)state;
    start(0);
    for (unsigned i = 0; i < BUFFERS; i++) {
        deliver(64, 0xb1);
    }
    sddf_net_do_not_signal(&t.rx.free);
    offer(2048);
    assert_int_equal(fake.notifies[RX_CHANNEL], 0);
    sddf_net_take(&t.rx.free, &(struct sddf_net_buffer){0});
    assert_true(sddf_net_wait(&t.rx.free));
    fake_mmio_kick(BASE, 0); /* nothing goes back */
    assert_int_equal(fake.notifies[RX_CHANNEL], 0);
    offer(2048);
    assert_int_equal(fake.notifies[RX_CHANNEL], 1);
    fake_mmio_kick(BASE, 0);
    assert_int_equal(fake.notifies[RX_CHANNEL], 1);
    device_reset_all(vm_instance()); /* discards the other two */
    assert_int_equal(fake.notifies[RX_CHANNEL], 1);
}

/* A frame that waits when the guest restarts does not reach the restarted guest. */
static void test_reset(void **state)
{
    (void)state;
    start(0);
    deliver(64, 0xb1);
    deliver(64, 0xb1);
    device_reset_all(vm_instance());
    assert_int_equal(sddf_net_available(&t.rx.free), BUFFERS);
    start(0);
    const uint64_t at = offer(2048);
    assert_int_equal(used_count(0), 0);
    deliver(65, 0xb2);
    assert_received(at, 65, 0xb2, 1);
}

static uint8_t call(const uint8_t *bytes, uint32_t count)
{
    const uint64_t answer = fake_ram_alloc(1, 1);
    const struct fake_buffer buffers[] = {{fake_ram_put(bytes, count), count, false}, {answer, 1, true}};
    *fake_ram_at(answer) = 0xff;
    fake_queue_add(&t.queues[2], buffers, 2);
    fake_mmio_kick(BASE, 2);
    assert_int_equal(used_count(2), 1);
    return *fake_ram_at(answer);
}

static void test_control(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[24];
        uint8_t count;
        uint8_t answer;
    } calls[] = {
        {{0, 0, 1}, 3, 0},
        {{0, 1, 0}, 3, 0},
        {{0, 0, 2}, 3, 1},
        {{0, 2, 1}, 3, 1},
        {{0, 0}, 2, 1},
        {{0}, 1, 1},
        {{1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 9, 0, 0, 0, 0}, 16, 0},
        {{1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3}, 13, 1}, /* a table that ends early */
        {{1, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 10, 1},
        {{1, 1, 2, 0, 0, 0, 0, 9}, 8, 1},
        {{4, 0, 1, 0}, 4, 1},
    };
    start(CTRL_VQ);
    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
        assert_int_equal(call(calls[i].bytes, calls[i].count), calls[i].answer);
    }
}

static void test_broken_chains(void **state)
{
    (void)state;
    const struct fake_buffer nowhere = {FAKE_RAM_BASE - 1, 100, false};
    const struct fake_buffer nowhere_writable = {FAKE_RAM_BASE - 1, 100, true};
    start(0);
    fake_queue_add(&t.queues[1], &nowhere, 1);
    fake_mmio_kick(BASE, 1);
    assert_true(needs_reset());
    assert_true(is_nothing_sent());
    start(MRG_RXBUF);
    fake_queue_add(&t.queues[0], &nowhere_writable, 1);
    fake_mmio_kick(BASE, 0);
    deliver(64, 1);
    assert_true(needs_reset());
    start(CTRL_VQ);
    const struct fake_buffer no_answer = {fake_ram_alloc(3, 1), 3, false};
    fake_queue_add(&t.queues[2], &no_answer, 1);
    fake_mmio_kick(BASE, 2);
    assert_true(needs_reset());
}

static void test_bad_configuration(void **state)
{
    (void)state;
    static struct virtio_net other;
    assert_false(virtio_net_init(&other, virtio_at_mmio(BASE + 0x200, IRQ + 1), NULL));
    t.config.magic[4] = 4;
    assert_false(virtio_net_init(&other, virtio_at_mmio(BASE + 0x200, IRQ + 1), &t.config));
    t.config.magic[4] = 5;
    t.config.rx.num_buffers = 3;
    assert_false(virtio_net_init(&other, virtio_at_mmio(BASE + 0x200, IRQ + 1), &t.config));
    assert_true(fake_log_has("virtio net: its client configuration is not one of sDDF 0.7's"));
    assert_false(virtio_notified(30));
}

/* What the driver changes right after it has been read changes nothing, and nothing is read twice. */
static void test_memory_that_changes(void **state)
{
    (void)state;
    static const uint8_t promiscuous[] = {0, 0, 1};
    static const uint8_t table[] = {1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 9, 0, 0, 0, 0};
    start(MRG_RXBUF | CTRL_VQ);
    const uint64_t first = offer(HEADER + 100), second = offer(200);
    fake_ram_change_what_is_read(t.queues, QUEUES);
    send(1514, 0xa1);
    send(60, 0xa2);
    assert_sent(1514, 0xa1);
    assert_sent(60, 0xa2);
    deliver(300, 0xb1);
    assert_received(first, 100, 0xb1, 2);
    assert_int_equal(*fake_ram_at(second + 199), 0xb1);
    assert_int_equal(call(promiscuous, sizeof promiscuous), 0);
    assert_int_equal(call(table, sizeof table), 0);
    assert_false(needs_reset());
}

/* A driver that has taken the MTU gets no frame that exceeds it, with a VLAN tag and without. */
static void test_mtu(void **state)
{
    (void)state;
    start(MTU);
    const uint64_t first = offer(4096), second = offer(4096);
    deliver(1518, 0xb1);
    deliver(1519, 0xb2);
    deliver(64, 0xb3);
    assert_received(first, 1518, 0xb1, 1);
    assert_received(second, 64, 0xb3, 1);
    assert_int_equal(sddf_net_available(&t.rx.free), BUFFERS);
    start(0);
    const uint64_t third = offer(4096);
    deliver(2048, 0xb4);
    assert_received(third, 2048, 0xb4, 1);
}

/* A driver that makes a chain available and takes it back, each time that the device looks. */
static unsigned withdrawals[QUEUES];

static void withdraw(uint64_t addr, size_t bytes)
{
    for (unsigned i = 0; i < QUEUES; i++) {
        if (addr == t.queues[i].avail + 2 && bytes == 2) {
            *fake_ram_at(addr) ^= 1;
            withdrawals[i]++;
        }
    }
}

static void test_chains_that_are_withdrawn(void **state)
{
    (void)state;
    start(CTRL_VQ);
    fake_ram_on_read(withdraw);
    deliver(64, 0xb1);
    for (uint16_t i = 0; i < QUEUES; i++) {
        fake_mmio_kick(BASE, i);
        assert_int_not_equal(withdrawals[i], 0);
    }
    /* The device has looked, and has stopped looking; it works after a reset. */
    fake_ram_on_read(NULL);
    start(0);
    const uint64_t at = offer(4096);
    deliver(64, 0xb2);
    assert_received(at, 64, 0xb2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_configuration, setup),
        cmocka_unit_test_setup(test_transmit, setup),
        cmocka_unit_test_setup(test_what_is_no_frame, setup),
        cmocka_unit_test_setup(test_no_free_buffer, setup),
        cmocka_unit_test_setup(test_wild_free_buffers, setup),
        cmocka_unit_test_setup(test_receive, setup),
        cmocka_unit_test_setup(test_receive_waits_for_room, setup),
        cmocka_unit_test_setup(test_merged_buffers, setup),
        cmocka_unit_test_setup(test_split_header, setup),
        cmocka_unit_test_setup(test_too_little_room, setup),
        cmocka_unit_test_setup(test_wild_frames, setup),
        cmocka_unit_test_setup(test_nobody_receives, setup),
        cmocka_unit_test_setup(test_buffers_that_are_waited_for, setup),
        cmocka_unit_test_setup(test_reset, setup),
        cmocka_unit_test_setup(test_control, setup),
        cmocka_unit_test_setup(test_broken_chains, setup),
        cmocka_unit_test_setup(test_bad_configuration, setup),
        cmocka_unit_test_setup(test_memory_that_changes, setup),
        cmocka_unit_test_setup(test_mtu, setup),
        cmocka_unit_test_setup(test_chains_that_are_withdrawn, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
