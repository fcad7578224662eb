/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/monitor.h>
#include <libvmm/util/util.h>
#include <libvmm/virtio/console.h>

#include "devices/virtio/virtio_device.h"
#include "virtio_driver.h"

#define BASE       UINT64_C(0x0b000000)
#define IRQ        48
#define RING_BYTES 64
#define PORTS      2
#define CHANNEL(p) (10 + 2 * (p)) /* receive; transmit is the next */
#define MULTIPORT  BIT(1)
#define QUEUES     6

static struct {
    struct virtio_console console;
    struct sddf_serial_client_config config[PORTS];
    struct {
        _Alignas(8) struct sddf_serial_queue queue;
    } rings[PORTS][2];
    _Alignas(8) uint8_t data[PORTS][2][RING_BYTES];
    struct sddf_serial rx[PORTS]; /* the virtualiser's ends */
    struct sddf_serial tx[PORTS];
    struct fake_queue queues[QUEUES];
} t;

static void connect(struct sddf_serial_connection *connection, unsigned port, unsigned direction)
{
    t.rings[port][direction].queue.producer_signalled = 1;
    *connection = (struct sddf_serial_connection){
        .queue = {&t.rings[port][direction].queue, sizeof t.rings[port][direction]},
        .data = {t.data[port][direction], RING_BYTES},
        .id = (uint8_t)(CHANNEL(port) + direction),
    };
}

static int setup(void **state)
{
    fixture_setup(state);
    fake_ram_reset();
    memset(&t, 0, sizeof t);
    for (unsigned i = 0; i < PORTS; i++) {
        memcpy(t.config[i].magic, "sDDF\3", 5);
        connect(&t.config[i].rx, i, 0);
        connect(&t.config[i].tx, i, 1);
        assert_true(sddf_serial_open(&t.rx[i], &t.config[i].rx, SDDF_PRODUCER));
        assert_true(sddf_serial_open(&t.tx[i], &t.config[i].tx, SDDF_CONSUMER));
    }
    return 0;
}

static void start(unsigned queue_count, uint64_t features)
{
    assert_true(fake_mmio_negotiate(BASE, features | VIRTIO_F_VERSION_1 | BIT(0)));
    for (uint16_t i = 0; i < queue_count; i++) {
        fake_queue_init(&t.queues[i], 16);
        fake_mmio_set_queue(BASE, i, &t.queues[i]);
    }
    fake_mmio_set_driver_ok(BASE);
}

static void start_one_port(void)
{
    const struct virtio_console_port port = {.serial = &t.config[0], .columns = 80, .rows = 25};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), &port, 1));
    start(2, 0);
}

static void send(unsigned queue, const char *text)
{
    const struct fake_buffer buffer = {fake_ram_put(text, strlen(text)), (uint32_t)strlen(text), false};
    fake_queue_add(&t.queues[queue], &buffer, 1);
    fake_mmio_kick(BASE, (uint16_t)queue);
}

static uint64_t offer(unsigned queue, uint32_t bytes)
{
    const struct fake_buffer buffer = {fake_ram_alloc(bytes, 1), bytes, true};
    fake_queue_add(&t.queues[queue], &buffer, 1);
    fake_mmio_kick(BASE, (uint16_t)queue);
    return buffer.addr;
}

static unsigned take_all(unsigned queue)
{
    struct fake_used used;
    unsigned count = 0;
    while (fake_queue_take(&t.queues[queue], &used)) {
        count++;
    }
    return count;
}

static void assert_sent(unsigned port, const char *text)
{
    char got[RING_BYTES + 1] = "";
    assert_int_equal(sddf_serial_read(&t.tx[port], got, RING_BYTES), strlen(text));
    assert_string_equal(got, text);
}

static void test_transmit(void **state)
{
    (void)state;
    start_one_port();
    send(1, "hello ");
    send(1, "world");
    assert_int_equal(fake.notifies[CHANNEL(0) + 1], 2);
    assert_int_equal(take_all(1), 2);
    assert_sent(0, "hello world");
}

static char last_line[128];

static void remember(void *cookie, const char *line)
{
    (void)cookie;
    strcpy(last_line, line);
}

static void test_transmit_to_a_full_ring(void **state)
{
    (void)state;
    char text[3 * RING_BYTES + 1];
    char got[4 * RING_BYTES] = "";
    size_t done = 0;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] = (char)('!' + i % 90);
    }
    text[sizeof text - 1] = '\0';
    start_one_port();
    send(1, text);
    send(1, "the end");
    assert_int_equal(take_all(1), 0);
    assert_int_equal(t.rings[0][1].queue.producer_signalled, 0);
    assert_int_equal(fake_queue_used_flags(&t.queues[1]), 1);
    assert_true(monitor_command("devices", remember, NULL));
    assert_string_equal(last_line, "  port 0: 0 characters wait for the guest, room for 0 at the virtualiser; what the "
                                   "guest sends waits for room");
    while (done < sizeof text - 1 + strlen("the end")) {
        const uint32_t bytes = sddf_serial_read(&t.tx[0], &got[done], 10);
        assert_true(bytes != 0);
        done += bytes;
        if (sddf_serial_producer_waits(&t.tx[0])) {
            assert_true(virtio_notified(CHANNEL(0) + 1));
        }
    }
    assert_memory_equal(got, text, sizeof text - 1);
    assert_string_equal(&got[sizeof text - 1], "the end");
    assert_int_equal(take_all(1), 2);
    assert_int_equal(fake_queue_used_flags(&t.queues[1]), 0);
}

/* Lines of the log, in a ring of 64 characters. */
static void test_log(void **state)
{
    (void)state;
    start_one_port();
    log_set_output(virtio_console_log, &t.console);
    LOG_VMM("one\n");
    assert_sent(0, "FAKE|INFO: one\r\n");
    assert_int_equal(fake.notifies[CHANNEL(0) + 1], 1);
    send(1, "half a line");
    LOG_VMM("two\n");
    send(1, "a whole line\n");
    assert_sent(0, "half a line\r\nFAKE|INFO: two\r\na whole line\n");
    LOG_VMM("three\n");
    assert_sent(0, "FAKE|INFO: three\r\n");
    assert_string_equal(fake.log, "");
    send(1, "there is no room behind these characters");
    LOG_VMM("four and more\n");
    assert_string_equal(fake.log, "FAKE|INFO: four and more\n");
    assert_sent(0, "there is no room behind these characters");
    log_set_output(NULL, NULL);
}

/* Not set up: the debug console has the line. */
static void test_log_without_a_console(void **state)
{
    (void)state;
    assert_false(virtio_console_log(&t.console, "x\n", 2));
}

static void test_receive(void **state)
{
    (void)state;
    struct fake_used used;
    start_one_port();
    const uint64_t first = offer(0, 4);
    const uint64_t second = offer(0, 4);
    assert_int_equal(sddf_serial_write(&t.rx[0], "abcdef", 6), 6);
    assert_true(virtio_notified(CHANNEL(0)));
    assert_true(fake_queue_take(&t.queues[0], &used));
    assert_int_equal(used.len, 4);
    assert_true(fake_queue_take(&t.queues[0], &used));
    assert_int_equal(used.len, 2);
    assert_memory_equal(fake_ram_at(first), "abcd", 4);
    assert_memory_equal(fake_ram_at(second), "ef", 2);
    assert_int_equal(fake_mmio_read(BASE, 0x60), 1);
    assert_int_equal(fake.notifies[CHANNEL(0)], 0);
    assert_false(virtio_notified(40));
}

static void test_receive_without_buffers(void **state)
{
    (void)state;
    struct fake_used used;
    start_one_port();
    for (unsigned i = 0; i < RING_BYTES; i++) {
        assert_int_equal(sddf_serial_write(&t.rx[0], "x", 1), 1);
    }
    assert_true(sddf_serial_wait_for_room(&t.rx[0]));
    assert_true(virtio_notified(CHANNEL(0)));
    assert_int_equal(fake.notifies[CHANNEL(0)], 0);
    offer(0, 100);
    assert_true(fake_queue_take(&t.queues[0], &used));
    assert_int_equal(used.len, RING_BYTES);
    assert_int_equal(fake.notifies[CHANNEL(0)], 1);
}

/* Buffers are asked for while there is something to put into them, and only then. */
static void test_kicks_of_the_receive_queue(void **state)
{
    (void)state;
    start_one_port();
    sddf_serial_write(&t.rx[0], "abc", 3);
    offer(0, 2);
    assert_int_equal(fake_queue_used_flags(&t.queues[0]), 0);
    offer(0, 2);
    assert_int_equal(fake_queue_used_flags(&t.queues[0]), 1);
    sddf_serial_write(&t.rx[0], "d", 1);
    assert_true(virtio_notified(CHANNEL(0)));
    assert_int_equal(fake_queue_used_flags(&t.queues[0]), 0);
}

/* A driver on another vCPU gives a buffer right after the device has seen that there is none. */
static void give_a_receive_buffer(void)
{
    const struct fake_buffer buffer = {fake_ram_alloc(8, 1), 8, true};
    fake_queue_add(&t.queues[0], &buffer, 1);
}

static void test_a_buffer_that_comes_late(void **state)
{
    (void)state;
    start_one_port();
    sddf_serial_write(&t.rx[0], "abc", 3);
    fake_ram_on_fence(give_a_receive_buffer);
    assert_true(virtio_notified(CHANNEL(0)));
    assert_int_equal(take_all(0), 1);
}

static void test_broken_virtualiser(void **state)
{
    (void)state;
    start_one_port();
    t.rings[0][0].queue.tail = 1000;
    t.rings[0][1].queue.head = 77;
    offer(0, 100);
    send(1, "hello");
    assert_true(virtio_notified(CHANNEL(0)));
    assert_int_equal(take_all(0) + take_all(1), 0);
}

static void test_reset_forgets_a_chain(void **state)
{
    (void)state;
    char text[2 * RING_BYTES + 1];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    start_one_port();
    send(1, text);
    start(2, 0);
    sddf_serial_advance(&t.tx[0], RING_BYTES);
    assert_true(virtio_notified(CHANNEL(0) + 1));
    send(1, "new");
    assert_sent(0, "new");
    assert_int_equal(take_all(1), 1);
}

/* A chain that has been read in part when its queue is reset is not gone on with. [VIRTIO 2.6.1] */
static void test_queue_reset_forgets_a_chain(void **state)
{
    (void)state;
    char text[2 * RING_BYTES + 1];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    start_one_port();
    start(2, VIRTIO_F_RING_RESET);
    send(1, text);
    fake_mmio_write(BASE, 0x30, 0);
    fake_mmio_write(BASE, 0xc0, 1); /* the other queue: nothing changes for this one */
    sddf_serial_advance(&t.tx[0], 1);
    assert_true(virtio_notified(CHANNEL(0) + 1));
    assert_int_equal(sddf_serial_available(&t.tx[0]), RING_BYTES);
    fake_mmio_write(BASE, 0x30, 1);
    fake_mmio_write(BASE, 0xc0, 1);
    sddf_serial_advance(&t.tx[0], RING_BYTES);
    fake_queue_init(&t.queues[1], 16);
    fake_mmio_set_queue(BASE, 1, &t.queues[1]);
    send(1, "new");
    assert_sent(0, "new");
    assert_int_equal(take_all(1), 1);
}

static void test_size(void **state)
{
    (void)state;
    start_one_port();
    assert_int_equal(fake_mmio_read(BASE, 0x100), 25u << 16 | 80);
    assert_int_equal(fake_mmio_features(BASE) & 3, 1);
    assert_true(virtio_console_resize(&t.console, 0, 132, 50));
    assert_int_equal(fake_mmio_read(BASE, 0x100), 50u << 16 | 132);
    assert_int_equal(fake_mmio_read(BASE, 0xfc), 1);
    assert_int_equal(fake_mmio_read(BASE, 0x60), 2);
    assert_false(virtio_console_resize(&t.console, 1, 1, 1));
}

static void control(uint32_t id, uint16_t event, uint16_t value)
{
    uint8_t message[8];
    memcpy(message, &id, 4);
    memcpy(message + 4, &event, 2);
    memcpy(message + 6, &value, 2);
    const struct fake_buffer buffer = {fake_ram_put(message, sizeof message), sizeof message, false};
    fake_queue_add(&t.queues[3], &buffer, 1);
    fake_mmio_kick(BASE, 3);
}

/* The next control message of the device; `more` is what follows its header. */
static void assert_told(uint64_t at, uint32_t id, uint16_t event, uint16_t value, const char *more)
{
    struct fake_used used;
    uint16_t got[2];
    assert_true(fake_queue_take(&t.queues[2], &used));
    assert_int_equal(used.len, 8 + strlen(more));
    assert_int_equal(*fake_ram_at(at), id);
    memcpy(got, fake_ram_at(at + 4), 4);
    assert_int_equal(got[0], event);
    assert_int_equal(got[1], value);
    assert_memory_equal(fake_ram_at(at + 8), more, strlen(more));
}

static void test_ports(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0], .columns = 0x4142, .rows = 0x4344},
                                                {.serial = &t.config[1], .name = "log"}};
    uint64_t at[8];
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(QUEUES, MULTIPORT);
    assert_int_equal(fake_mmio_read(BASE, 0x104), 2);
    control(0, 0, 1);
    control(0, 3, 1);
    control(7, 3, 1); /* no such port */
    for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
        at[i] = offer(2, 32);
    }
    assert_told(at[0], 0, 1, 0, "");
    assert_told(at[1], 0, 4, 1, "");
    assert_told(at[2], 0, 5, 0, "BADC");
    assert_told(at[3], 0, 6, 1, "");
    assert_told(at[4], 1, 1, 0, "");
    sddf_serial_write(&t.rx[1], "in", 2);
    const uint64_t in = offer(4, 8);
    assert_true(virtio_notified(CHANNEL(1)));
    assert_int_equal(take_all(4), 0); /* the port is not ready */
    control(1, 3, 1);
    assert_told(at[5], 1, 7, 1, "log");
    assert_told(at[6], 1, 6, 1, "");
    assert_int_equal(take_all(4), 1);
    assert_memory_equal(fake_ram_at(in), "in", 2);
    send(5, "out");
    assert_sent(1, "out");
    assert_int_equal(take_all(3), 4);
}

static void give_a_control_buffer(void)
{
    const struct fake_buffer buffer = {fake_ram_alloc(8, 1), 8, true};
    fake_queue_add(&t.queues[2], &buffer, 1);
}

/* The only thing to say is about the second port, and its buffer comes right after the device has seen none. */
static void test_a_control_buffer_that_comes_late(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1]}};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(QUEUES, MULTIPORT);
    control(0, 0, 1);
    offer(2, 8);
    assert_int_equal(take_all(2), 1);
    fake_ram_on_fence(give_a_control_buffer);
    fake_mmio_kick(BASE, 2);
    assert_int_equal(take_all(2), 1);
    assert_int_equal(*fake_ram_at(fake_ram_alloc(0, 1) - 8), 1);
}

static void test_ports_not_negotiated(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1]}};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(QUEUES, 0);
    control(0, 0, 1);
    offer(2, 32);
    send(5, "out");
    send(1, "main");
    assert_int_equal(take_all(2) + take_all(3) + take_all(5), 0);
    assert_sent(0, "main");
    assert_sent(1, "");
}

static void test_control_buffer_too_small(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1]}};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(QUEUES, MULTIPORT);
    offer(2, 7);
    control(0, 0, 1);
    assert_int_equal(fake_mmio_read(BASE, 0x70) & 0x40, 0x40);
}

static void test_broken_chain(void **state)
{
    (void)state;
    const struct fake_buffer buffer = {0, 100, false};
    start_one_port();
    fake_queue_add(&t.queues[1], &buffer, 1);
    fake_mmio_kick(BASE, 1);
    assert_int_equal(fake_mmio_read(BASE, 0x70) & 0x40, 0x40);
    send(1, "x");
    assert_sent(0, "");
}

static void test_configurations_that_are_refused(void **state)
{
    (void)state;
    struct virtio_console_port port = {.serial = &t.config[0]};
    const struct virtio_place place = virtio_at_mmio(BASE, IRQ);
    assert_false(virtio_console_init(&t.console, place, &port, 0));
    assert_false(virtio_console_init(&t.console, place, &port, 5));
    t.config[0].magic[4] = 2;
    assert_false(virtio_console_init(&t.console, place, &port, 1));
    t.config[0].magic[4] = 3;
    t.config[0].tx.data.size = 63;
    assert_false(virtio_console_init(&t.console, place, &port, 1));
    port.serial = NULL;
    assert_false(virtio_console_init(&t.console, place, &port, 1));
}

/* What the driver changes right after it has been read changes nothing, and nothing is read twice. */
static void test_memory_that_changes(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1], .name = "log"}};
    char text[RING_BYTES + 9];
    uint64_t at[6];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(QUEUES, MULTIPORT);
    fake_ram_change_what_is_read(t.queues, QUEUES);
    for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
        at[i] = offer(2, 32);
    }
    control(0, 0, 1);
    assert_told(at[0], 0, 1, 0, "");
    assert_told(at[1], 1, 1, 0, "");
    control(1, 3, 1);
    assert_told(at[2], 1, 7, 1, "log");
    assert_told(at[3], 1, 6, 1, "");
    send(1, text);
    assert_sent(0, &text[8]);
    assert_true(virtio_notified(CHANNEL(0) + 1));
    assert_sent(0, "xxxxxxxx");
    const uint64_t in = offer(4, 8);
    sddf_serial_write(&t.rx[1], "in", 2);
    assert_true(virtio_notified(CHANNEL(1)));
    assert_memory_equal(fake_ram_at(in), "in", 2);
    assert_int_equal(fake_mmio_read(BASE, 0x70) & 0x40, 0);
}

/* A driver that makes a chain available and takes it back, each time that the device looks. */
static void withdraw(uint64_t addr, size_t bytes)
{
    for (unsigned i = 0; i < QUEUES; i++) {
        if (addr == t.queues[i].avail + 2 && bytes == 2) {
            *fake_ram_at(addr) ^= 1;
        }
    }
}

static void test_chains_that_are_withdrawn(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1]}};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(QUEUES, MULTIPORT);
    control(0, 0, 1);
    control(0, 3, 1);
    sddf_serial_write(&t.rx[0], "in", 2);
    fake_ram_on_read(withdraw);
    for (uint16_t i = 0; i < QUEUES; i++) {
        fake_mmio_kick(BASE, i);
    }
}

static char shown[4096];
static uint32_t shown_bytes;
static bool is_owed; /* a notification to the device */

/* The virtualiser reads what there is. */
static void show(void)
{
    const uint32_t bytes = sddf_serial_read(&t.tx[0], &shown[shown_bytes], (uint32_t)sizeof shown - shown_bytes);
    shown_bytes += bytes;
    is_owed |= bytes != 0 && sddf_serial_producer_waits(&t.tx[0]);
}

/* It does so on another core, each time that the device has seen the ring full. */
static void show_if_full(const volatile void *at)
{
    if (at == &t.rings[0][1].queue.head && sddf_serial_available(&t.tx[0]) == RING_BYTES) {
        show();
    }
}

static void test_a_virtualiser_as_fast_as_the_device(void **state)
{
    (void)state;
    char text[sizeof shown];
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] = (char)('!' + i % 90);
    }
    text[sizeof text - 1] = '\0';
    shown_bytes = 0;
    start_one_port();
    fake_shared_on_read(show_if_full);
    send(1, text);
    for (is_owed = true; is_owed;) {
        is_owed = false;
        assert_true(virtio_notified(CHANNEL(0) + 1));
        show();
    }
    assert_int_equal(shown_bytes, sizeof text - 1);
    assert_memory_equal(shown, text, shown_bytes);
    assert_int_equal(take_all(1), 1);
}

/* A driver on another vCPU, which gives one more buffer each time that the device has found none, sixteen in all. */
static void give_one_more(uint64_t addr, size_t bytes)
{
    static unsigned taken;
    struct fake_queue *queue = &t.queues[1];
    taken = queue->avail_idx == 0 ? 0 : taken;
    taken += addr >= queue->desc && addr < queue->desc + 16 * 16 && (addr - queue->desc) % 16 == 0;
    if (addr == queue->avail + 2 && bytes == 2 && queue->avail_idx == taken && taken < 16) {
        const struct fake_buffer buffer = {fake_ram_put("x", 1), 1, false};
        fake_queue_add(queue, &buffer, 1);
    }
}

static void test_a_driver_as_fast_as_the_device(void **state)
{
    (void)state;
    start_one_port();
    fake_ram_on_read(give_one_more);
    fake_mmio_kick(BASE, 1);
    assert_int_equal(t.queues[1].avail_idx, 16);
    assert_int_equal(take_all(1), 16);
    assert_sent(0, "xxxxxxxxxxxxxxxx");
}

/* A port that there is already is not added again. */
static void test_ready_twice(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1]}};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    for (unsigned boot = 0; boot < 2; boot++) {
        start(QUEUES, MULTIPORT);
        control(0, 0, 1);
        for (unsigned i = 0; i < 4; i++) {
            offer(2, 32);
        }
        control(0, 0, 1);
        assert_int_equal(take_all(2), 2);
    }
}

/* A port that becomes ready though its receive queue does not exist. */
static void test_ready_without_a_queue(void **state)
{
    (void)state;
    const struct virtio_console_port ports[] = {{.serial = &t.config[0]}, {.serial = &t.config[1]}};
    assert_true(virtio_console_init(&t.console, virtio_at_mmio(BASE, IRQ), ports, 2));
    start(4, MULTIPORT);
    control(0, 0, 1);
    sddf_serial_write(&t.rx[1], "in", 2);
    control(1, 3, 1);
    assert_int_equal(t.rings[1][0].queue.head, 0);
    assert_int_equal(fake_mmio_read(BASE, 0x70) & VIRTIO_STATUS_NEEDS_RESET, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_transmit, setup),
        cmocka_unit_test_setup(test_transmit_to_a_full_ring, setup),
        cmocka_unit_test_setup(test_log, setup),
        cmocka_unit_test_setup(test_log_without_a_console, setup),
        cmocka_unit_test_setup(test_receive, setup),
        cmocka_unit_test_setup(test_receive_without_buffers, setup),
        cmocka_unit_test_setup(test_kicks_of_the_receive_queue, setup),
        cmocka_unit_test_setup(test_a_buffer_that_comes_late, setup),
        cmocka_unit_test_setup(test_broken_virtualiser, setup),
        cmocka_unit_test_setup(test_reset_forgets_a_chain, setup),
        cmocka_unit_test_setup(test_queue_reset_forgets_a_chain, setup),
        cmocka_unit_test_setup(test_size, setup),
        cmocka_unit_test_setup(test_ports, setup),
        cmocka_unit_test_setup(test_a_control_buffer_that_comes_late, setup),
        cmocka_unit_test_setup(test_ports_not_negotiated, setup),
        cmocka_unit_test_setup(test_control_buffer_too_small, setup),
        cmocka_unit_test_setup(test_broken_chain, setup),
        cmocka_unit_test_setup(test_configurations_that_are_refused, setup),
        cmocka_unit_test_setup(test_memory_that_changes, setup),
        cmocka_unit_test_setup(test_ready_twice, setup),
        cmocka_unit_test_setup(test_ready_without_a_queue, setup),
        cmocka_unit_test_setup(test_a_virtualiser_as_fast_as_the_device, setup),
        cmocka_unit_test_setup(test_a_driver_as_fast_as_the_device, setup),
        cmocka_unit_test_setup(test_chains_that_are_withdrawn, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
