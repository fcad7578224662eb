/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The register model, seen through virtio-mmio, with a device that only records.
 */
#include "fixture.h"

#include <libvmm/monitor.h>

#include "devices/virtio/virtio_device.h"
#include "virtio_driver.h"

#define BASE       UINT64_C(0x0b000000)
#define IRQ        48
#define QUEUES     3
#define QUEUE_SIZE 8

#define FEATURE_A BIT(0)
#define FEATURE_B BIT(35)
#define GOOD      (VIRTIO_F_VERSION_1 | FEATURE_A)

#define STATUS          0x70
#define INTERRUPT       0x60
#define QUEUE_READY     0x44
#define CONFIG          0x100
#define READY_TO_CONFIG 0xb /* ACKNOWLEDGE, DRIVER, FEATURES_OK */

static struct {
    struct virtio_device dev;
    struct virtq queues[QUEUES];
    struct fake_queue driver[QUEUES];
    uint8_t config[10];
    unsigned resets;
    unsigned queue_resets;
    unsigned kicks[QUEUES];
    unsigned config_writes;
    uint32_t config_offset;
    uint32_t config_value;
    uint32_t config_bytes;
    bool refuses;
} t;

static void on_reset(void *ctx)
{
    assert_ptr_equal(ctx, &t);
    t.resets++;
}

static void on_queue_reset(void *ctx, uint16_t queue)
{
    (void)ctx;
    assert_true(t.queues[queue].enabled);
    t.queue_resets |= 1u << queue;
}

static void on_kick(void *ctx, uint16_t queue)
{
    (void)ctx;
    assert_true(t.dev.is_running);
    t.kicks[queue]++;
}

static bool on_accepts(void *ctx, uint64_t features)
{
    (void)ctx;
    assert_int_equal(features & ~t.dev.features, 0);
    return !t.refuses;
}

static void on_write_config(void *ctx, uint32_t offset, uint32_t value, uint32_t bytes)
{
    (void)ctx;
    t.config_writes++;
    t.config_offset = offset;
    t.config_value = value;
    t.config_bytes = bytes;
}

static const struct virtio_device_ops ops = {
    .reset = on_reset,
    .queue_reset = on_queue_reset,
    .kick = on_kick,
    .accepts = on_accepts,
    .write_config = on_write_config,
};

static bool init(struct virtio_place place)
{
    const struct virtio_device_type type = {
        .id = VIRTIO_ID_RNG,
        .name = "test",
        .ops = &ops,
        .features = FEATURE_A | FEATURE_B,
        .queues = t.queues,
        .queue_count = QUEUES,
        .config = t.config,
        .config_bytes = sizeof t.config,
    };
    for (unsigned i = 0; i < QUEUES; i++) {
        t.queues[i] = (struct virtq){.size_max = QUEUE_SIZE};
    }
    return virtio_device_init(&t.dev, &type, &t, &place);
}

static int setup(void **state)
{
    fixture_setup(state);
    memset(&t, 0, sizeof t);
    fake_ram_reset();
    assert_true(init(virtio_at_mmio(BASE, IRQ)));
    for (unsigned i = 0; i < QUEUES; i++) {
        fake_queue_init(&t.driver[i], QUEUE_SIZE);
    }
    for (unsigned i = 0; i < sizeof t.config; i++) {
        t.config[i] = (uint8_t)(0x10 + i);
    }
    return 0;
}

static uint32_t get(uint32_t offset)
{
    return fake_mmio_read(BASE, offset);
}

static void set(uint32_t offset, uint32_t value)
{
    fake_mmio_write(BASE, offset, value);
}

static bool line(void)
{
    return (vm_instance()->vgic.shared[IRQ / 32].line & BIT(IRQ % 32)) != 0;
}

static void run(void)
{
    assert_true(fake_mmio_negotiate(BASE, GOOD));
    for (uint16_t i = 0; i < QUEUES; i++) {
        fake_mmio_set_queue(BASE, i, &t.driver[i]);
    }
    fake_mmio_set_driver_ok(BASE);
    assert_true(t.dev.is_running);
}

static void test_identity(void **state)
{
    (void)state;
    assert_int_equal(get(0x00), 0x74726976);
    assert_int_equal(get(0x04), 2);
    assert_int_equal(get(0x08), 4);
    assert_int_equal(get(0x0c), VIRTIO_VENDOR_ID);
    assert_int_equal(get(0xb0), UINT32_MAX);
    assert_int_equal(get(0xb4), UINT32_MAX);
    assert_int_equal(fake_mmio_features(BASE), FEATURE_A | FEATURE_B | VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX |
                                                   VIRTIO_F_INDIRECT_DESC | VIRTIO_F_RING_RESET);
    set(0x14, 2);
    assert_int_equal(get(0x10), 0);
}

static enum mmio_result access(uint64_t offset, uint8_t width, bool is_write, uint64_t *value)
{
    struct mmio_access what = {.width_bytes = width, .is_write = is_write, .value = *value};
    const enum mmio_result result = mmio_dispatch(&fixture_vm()->mmio, gpa(BASE + offset), &what);
    *value = what.value;
    return result;
}

static void test_every_access_is_answered(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < VIRTIO_MMIO_BYTES; offset++) {
        for (uint8_t width = 1; width <= 8 && offset % width == 0; width = (uint8_t)(width * 2)) {
            uint64_t value = 0;
            const enum mmio_result result = access(offset, width, false, &value);
            const bool is_register = offset < CONFIG && width == 4;
            const bool is_config = offset >= CONFIG && width < 8 && offset - CONFIG + width <= sizeof t.config;
            assert_true(result == MMIO_HANDLED || result == MMIO_GUEST_ERROR);
            assert_true(is_register || is_config || (result == MMIO_GUEST_ERROR && value == 0));
            assert_true(!is_config || result == MMIO_HANDLED);
            value = 0xff;
            assert_true(access(offset, width, true, &value) != MMIO_UNHANDLED);
        }
    }
}

static void test_config_space(void **state)
{
    (void)state;
    uint64_t value = 0;
    assert_int_equal(access(CONFIG + 1, 1, false, &value), MMIO_HANDLED);
    assert_int_equal(value, 0x11);
    assert_int_equal(access(CONFIG + 2, 2, false, &value), MMIO_HANDLED);
    assert_int_equal(value, 0x1312);
    assert_int_equal(access(CONFIG + 4, 4, false, &value), MMIO_HANDLED);
    assert_int_equal(value, 0x17161514);
    assert_int_equal(access(CONFIG + 8, 4, false, &value), MMIO_GUEST_ERROR);
    assert_int_equal(value, 0);
    value = 0x55;
    assert_int_equal(access(CONFIG, 8, false, &value), MMIO_GUEST_ERROR);
    assert_int_equal(value, 0);
    assert_int_equal(access(CONFIG + 8, 2, false, &value), MMIO_HANDLED);
    assert_int_equal(value, 0x1918);
    value = 0xabcd;
    assert_int_equal(access(CONFIG + 6, 2, true, &value), MMIO_HANDLED);
    assert_int_equal(t.config_offset, 6);
    assert_int_equal(t.config_value, 0xabcd);
    assert_int_equal(t.config_bytes, 2);
    assert_int_equal(access(CONFIG + 10, 1, true, &value), MMIO_GUEST_ERROR);
    assert_int_equal(t.config_writes, 1);
}

static void test_features(void **state)
{
    (void)state;
    assert_false(fake_mmio_negotiate(BASE, 0));
    assert_false(fake_mmio_negotiate(BASE, FEATURE_A));
    assert_false(fake_mmio_negotiate(BASE, GOOD | BIT(1)));
    assert_false(fake_mmio_negotiate(BASE, GOOD | BIT(63)));
    t.refuses = true;
    assert_false(fake_mmio_negotiate(BASE, GOOD));
    t.refuses = false;
    assert_true(fake_mmio_negotiate(BASE, GOOD | FEATURE_B));
    /* Now they stand. */
    set(0x24, 0);
    set(0x20, 0);
    assert_true(virtio_device_has(&t.dev, FEATURE_A));
    set(STATUS, 0);
    assert_false(virtio_device_has(&t.dev, FEATURE_A));
    assert_false(fake_mmio_negotiate(BASE, FEATURE_A));
    /* A driver may think again. */
    set(0x24, 1);
    set(0x20, 1);
    set(STATUS, READY_TO_CONFIG);
    assert_int_equal(get(STATUS), READY_TO_CONFIG);
}

static void test_status(void **state)
{
    (void)state;
    assert_int_equal(get(STATUS), 0);
    set(STATUS, 1);
    set(STATUS, 2);
    assert_int_equal(get(STATUS), 3);
    set(STATUS, 4);
    assert_int_equal(get(STATUS), 3); /* not without FEATURES_OK */
    set(STATUS, 0x40);
    assert_int_equal(get(STATUS), 3); /* the device's own bit */
    assert_true(fake_mmio_negotiate(BASE, GOOD));
    fake_mmio_set_driver_ok(BASE);
    assert_int_equal(get(STATUS), 0xf);
    set(STATUS, 0x80);
    assert_int_equal(get(STATUS), 0x8f);
    assert_false(t.dev.is_running);
    const unsigned resets = t.resets;
    set(STATUS, 0);
    assert_int_equal(get(STATUS), 0);
    assert_int_equal(t.resets, resets + 1);
}

static void test_queues(void **state)
{
    (void)state;
    set(0x30, QUEUES);
    assert_int_equal(get(0x34), 0);
    assert_int_equal(get(QUEUE_READY), 0);
    set(QUEUE_READY, 1);
    set(0x30, 0x10000);
    assert_int_equal(get(0x34), 0);
    set(0x30, 2);
    assert_int_equal(get(0x34), QUEUE_SIZE);
    assert_true(fake_mmio_negotiate(BASE, GOOD));
    fake_mmio_set_queue(BASE, 1, &t.driver[1]);
    assert_int_equal(get(QUEUE_READY), 1);
    /* It does not change under way. */
    set(0x38, 2);
    set(0x80, 0);
    assert_int_equal(t.queues[1].size, QUEUE_SIZE);
    assert_int_equal(t.queues[1].areas[VIRTQ_AREA_DESC].value, t.driver[1].desc);
    assert_int_equal(get(STATUS), READY_TO_CONFIG);
    set(QUEUE_READY, 0);
    assert_int_equal(get(QUEUE_READY), 0);
    assert_int_equal(t.queue_resets, 1u << 1);
    set(STATUS, 0);
    assert_false(t.queues[1].enabled);
}

static void test_queue_that_is_invalid(void **state)
{
    (void)state;
    t.driver[0].desc = 0;
    assert_true(fake_mmio_negotiate(BASE, GOOD));
    fake_mmio_set_queue(BASE, 0, &t.driver[0]);
    assert_int_equal(get(QUEUE_READY), 0);
    assert_int_equal(get(STATUS), READY_TO_CONFIG | 0x40);
    assert_int_equal(get(INTERRUPT), 0); /* not before DRIVER_OK */
    fake_mmio_set_driver_ok(BASE);
    assert_false(t.dev.is_running);
    set(STATUS, 0);
    assert_int_equal(get(STATUS), 0);
    set(0x30, 0);
    set(QUEUE_READY, 1);
    assert_int_equal(get(STATUS), 0x40); /* before FEATURES_OK */
    set(STATUS, 0);
    assert_true(fake_mmio_negotiate(BASE, GOOD));
    set(0x30, 0);
    set(0x38, 0x10008);
    set(QUEUE_READY, 1);
    assert_int_equal(get(STATUS), READY_TO_CONFIG | 0x40);
}

/* Where the rings are has 64 bits: each high word counts. */
static void test_high_words_of_addresses(void **state)
{
    (void)state;
    static const uint32_t high_words[] = {0x84, 0x94, 0xa4};
    for (size_t i = 0; i < sizeof high_words / sizeof high_words[0]; i++) {
        set(STATUS, 0);
        assert_true(fake_mmio_negotiate(BASE, GOOD));
        fake_mmio_set_queue(BASE, 0, &t.driver[0]);
        assert_int_equal(get(QUEUE_READY), 1);
        set(QUEUE_READY, 0);
        set(high_words[i], 1);
        set(QUEUE_READY, 1);
        assert_int_equal(get(QUEUE_READY), 0);
        assert_int_equal(get(STATUS), READY_TO_CONFIG | 0x40);
    }
}

static void test_kicks(void **state)
{
    (void)state;
    fake_mmio_kick(BASE, 0);
    assert_true(fake_mmio_negotiate(BASE, GOOD));
    fake_mmio_set_queue(BASE, 0, &t.driver[0]);
    fake_mmio_kick(BASE, 0);
    assert_int_equal(t.kicks[0], 0);
    fake_mmio_set_driver_ok(BASE);
    assert_int_equal(t.kicks[0], 1);
    assert_int_equal(t.kicks[1], 0);
    fake_mmio_kick(BASE, 0);
    fake_mmio_kick(BASE, 1);
    fake_mmio_kick(BASE, QUEUES);
    set(0x50, UINT32_MAX);
    assert_int_equal(t.kicks[0], 2);
    assert_int_equal(t.kicks[1], 0);
    fake_mmio_set_queue(BASE, 1, &t.driver[1]);
    assert_int_equal(t.kicks[1], 1);
}

static void test_interrupt(void **state)
{
    (void)state;
    struct virtq_chain chain;
    const struct fake_buffer buffer = {fake_ram_alloc(4, 1), 4, true};
    run();
    fake_queue_add(&t.driver[1], &buffer, 1);
    assert_true(virtio_device_pop(&t.dev, 1, &chain));
    virtq_put(&t.queues[1], chain.head, 4);
    assert_false(line());
    virtio_device_signal(&t.dev, 1);
    assert_true(line());
    assert_int_equal(get(INTERRUPT), 1);
    virtio_device_config_changed(&t.dev);
    assert_int_equal(get(INTERRUPT), 3);
    (void)get(0x100);
    assert_int_equal(get(0xfc), 1);
    set(0x64, 1);
    assert_true(line());
    set(0x64, 2);
    assert_false(line());
    assert_int_equal(get(INTERRUPT), 0);
    virtio_device_signal(&t.dev, 1);
    assert_false(line()); /* nothing new */
}

static void test_reset_lowers_interrupt(void **state)
{
    (void)state;
    run();
    virtio_device_config_changed(&t.dev);
    assert_true(line());
    set(STATUS, 0);
    assert_false(line());
    assert_int_equal(get(INTERRUPT), 0);
    virtio_device_config_changed(&t.dev);
    assert_false(line()); /* nobody to tell */
}

static void test_failure(void **state)
{
    (void)state;
    struct virtq_chain chain;
    run();
    fake_queue_offer(&t.driver[0], QUEUE_SIZE);
    assert_false(virtio_device_pop(&t.dev, 0, &chain));
    assert_int_equal(get(STATUS), 0x4f);
    assert_int_equal(get(INTERRUPT), 2);
    assert_true(line());
    const unsigned kicks = t.kicks[1];
    fake_mmio_kick(BASE, 1);
    assert_int_equal(t.kicks[1], kicks);
    assert_int_equal(fake_log_count("driver of test"), 1);
    for (unsigned i = 0; i < 100; i++) {
        run();
        virtio_device_fail(&t.dev, "does it again");
    }
    assert_int_equal(fake_log_count("driver of test"), VIRTIO_FAIL_LOG_COUNT_MAX);
}

static void test_ring_reset(void **state)
{
    (void)state;
    struct virtq_chain chain;
    const struct fake_buffer buffer = {fake_ram_alloc(4, 1), 4, true};
    run();
    set(0x30, 1);
    set(0xc0, 1);
    assert_int_equal(get(QUEUE_READY), 1); /* not negotiated */
    assert_true(fake_mmio_negotiate(BASE, GOOD | VIRTIO_F_RING_RESET));
    fake_mmio_set_queue(BASE, 1, &t.driver[1]);
    fake_mmio_set_driver_ok(BASE);
    set(0x30, 1);
    set(0xc0, 1);
    assert_int_equal(get(0xc0), 0);
    assert_int_equal(get(QUEUE_READY), 0);
    assert_int_equal(t.queue_resets, 1u << 1);
    fake_queue_init(&t.driver[1], 2);
    fake_mmio_set_queue(BASE, 1, &t.driver[1]);
    assert_int_equal(get(QUEUE_READY), 1);
    fake_queue_add(&t.driver[1], &buffer, 1);
    assert_true(virtio_device_pop(&t.dev, 1, &chain));
}

static char said[2048];

static void put(void *cookie, const char *line)
{
    (void)cookie;
    strcat(said, line);
    strcat(said, "\n");
}

static void assert_says(const char *text)
{
    said[0] = '\0';
    assert_true(monitor_command("devices", put, NULL));
    if (strstr(said, text) == NULL) {
        fail_msg("not \"%s\", but:\n%s", text, said);
    }
}

/* What stands in the way of a queue, from its driver's beginning on. */
static void test_reports(void **state)
{
    (void)state;
    const struct fake_buffer buffer = {fake_ram_alloc(4, 1), 4, true};
    struct virtq_chain chain;
    assert_says("test: status 0x0, features 0x0, interrupt low; -> its driver has not set DRIVER_OK");
    assert_says("  queue 0: -> not ready: the driver has not enabled it");
    run();
    assert_says("interrupt low; running");
    assert_says("  queue 1: size 8, 0 taken, 0 used, 0 available: no chain waits\n");
    fake_queue_set_no_interrupt(&t.driver[1], true);
    assert_says("no chain waits; the driver wants no interrupt for the next one");
    fake_queue_add(&t.driver[1], &buffer, 1);
    assert_says("1 available: -> chains wait: the driver has not kicked");
    virtq_suppress_kicks(&t.dev.type.queues[1]);
    assert_says("1 available: -> chains wait: the device has not gone on, or cannot (see below)");
    assert_true(virtio_device_pop(&t.dev, 1, &chain));
    virtq_put(&t.dev.type.queues[1], chain.head, 0);
    assert_says("1 taken, 1 used, 0 available: -> used chains have not been shown to the driver");
    virtio_device_fail(&t.dev, "does it again");
    assert_says("-> stopped: the driver has broken a rule, and must reset it");
}

static void test_guest_reset(void **state)
{
    (void)state;
    run();
    virtio_device_config_changed(&t.dev);
    const unsigned resets = t.resets;
    virq_reset(fixture_vm());
    device_reset_all(fixture_vm());
    assert_int_equal(t.resets, resets + 1);
    assert_int_equal(get(STATUS), 0);
    assert_false(line());
    run();
    virtio_device_config_changed(&t.dev);
    assert_true(line());
}

static void test_places_that_are_refused(void **state)
{
    (void)state;
    assert_false(init((struct virtio_place){.base = 0}));
    assert_false(init(virtio_at_mmio(BASE + 0x100, 49)));
    assert_false(init(virtio_at_mmio(BASE + 0x200, 31)));
    assert_false(init(virtio_at_mmio(BASE + 0x200, 1020)));
    assert_false(init(virtio_at_mmio(BASE, 49)));
    assert_true(fake_log_has("overlap"));
    assert_false(init(virtio_at_mmio(BASE + 0x400, IRQ)));
    assert_true(fake_log_has("interrupt 48 is registered already"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_identity, setup),
        cmocka_unit_test_setup(test_every_access_is_answered, setup),
        cmocka_unit_test_setup(test_config_space, setup),
        cmocka_unit_test_setup(test_features, setup),
        cmocka_unit_test_setup(test_status, setup),
        cmocka_unit_test_setup(test_queues, setup),
        cmocka_unit_test_setup(test_queue_that_is_invalid, setup),
        cmocka_unit_test_setup(test_high_words_of_addresses, setup),
        cmocka_unit_test_setup(test_kicks, setup),
        cmocka_unit_test_setup(test_interrupt, setup),
        cmocka_unit_test_setup(test_reset_lowers_interrupt, setup),
        cmocka_unit_test_setup(test_failure, setup),
        cmocka_unit_test_setup(test_ring_reset, setup),
        cmocka_unit_test_setup(test_reports, setup),
        cmocka_unit_test_setup(test_guest_reset, setup),
        cmocka_unit_test_setup(test_places_that_are_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
