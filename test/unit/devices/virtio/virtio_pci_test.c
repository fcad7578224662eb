/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The PCI host bridge and virtio over PCI, as software finds them: through ECAM alone. The device only records.
 */
#include "virtio_pci_fixture.h"

static int setup(void **state)
{
    const struct pci_host_config config = good_config();
    return setup_with(state, &config);
}

static void test_enumeration(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 32; slot++) {
        for (unsigned function = 0; function < 8; function++) {
            const bool is_there = (slot == 1 && function == 0) || (slot == 2 && function < 2);
            const uint64_t at = config_at(slot, function);
            assert_int_equal(get(at, 4), is_there ? PRESENT : UINT32_MAX);
            assert_int_equal(get(at, 1), is_there ? 0xf4 : 0xff);
        }
    }
    set(config_at(3, 0), 4, 0x12345678);
    assert_int_equal(get(config_at(1, 0) + 0x08, 1), 1); /* revision, subsystem: [VIRTIO 4.1.2.1] */
    assert_int_equal(get(config_at(1, 0) + 0x0a, 2), 0x0200);
    assert_int_equal(get(config_at(1, 0) + 0x2c, 2), 0x1af4);
    assert_true(get(config_at(1, 0) + 0x2e, 2) >= 0x40);
    /* Software notes the line of an interrupt, and a cache line size that means nothing. */
    set(config_at(1, 0) + 0x3c, 1, 0xa5);
    assert_int_equal(get(config_at(1, 0) + 0x3c, 1), 0xa5);
    set(config_at(1, 0) + 0x0c, 1, 0x10);
    assert_int_equal(get(config_at(1, 0) + 0x0c, 1), 0x10);
    assert_int_equal(get(config_at(1, 0) + 0x0e, 1), 0);
    assert_int_equal(get(config_at(2, 0) + 0x0e, 1), 0x80);
    assert_int_equal(get(config_at(2, 0) + 0x3d, 1), 1);
    assert_int_equal(get(config_at(2, 1) + 0x3d, 1), 2);
    assert_int_equal(get(config_at(1, 0) + 0x100, 4), 0);
    set(config_at(1, 0), 4, 0);
    assert_int_equal(get(config_at(1, 0), 4), PRESENT);
    do_access(config_at(1, 0), 8, false, 0, MMIO_UNHANDLED);
}

static void test_bar_sizing(void **state)
{
    (void)state;
    const uint64_t bar = config_at(1, 0) + 0x10;
    assert_int_equal(get(bar, 4), 4); /* 64 bits, not prefetchable */
    set(bar, 4, UINT32_MAX);
    set(bar + 4, 4, UINT32_MAX);
    assert_int_equal(get(bar, 4), 0xffff8004);
    assert_int_equal(get(bar + 4, 4), UINT32_MAX);
    for (unsigned i = 2; i < 6; i++) {
        set(bar + 4 * i, 4, UINT32_MAX);
        assert_int_equal(get(bar + 4 * i, 4), 0);
    }
    set(config_at(1, 0) + 0x30, 4, UINT32_MAX);
    assert_int_equal(get(config_at(1, 0) + 0x30, 4), 0);
}

static void test_bars_in_both_windows(void **state)
{
    (void)state;
    place_bar(1, 0, BAR_AT);
    assert_int_equal(get(BAR_AT + 0x12, 2), QUEUES);
    place_bar(1, 0, WINDOW64 + 0x8000);
    assert_int_equal(get(WINDOW64 + 0x8012, 2), QUEUES);
    assert_int_equal(do_access(BAR_AT + 0x12, 2, false, 0, MMIO_GUEST_ERROR), 0xffff);
    do_access(BAR_AT + 0x14, 1, true, 1, MMIO_GUEST_ERROR);
    /* Memory space off. */
    set(config_at(1, 0) + 4, 2, 0);
    assert_int_equal(do_access(WINDOW64 + 0x8012, 2, false, 0, MMIO_GUEST_ERROR), 0xffff);
    /* Two functions, and back again. */
    place_bar(1, 0, BAR_AT);
    place_bar(2, 1, BAR_AT + BAR_BYTES);
    set(BAR_AT + BAR_BYTES + 0x16, 2, 1);
    set(BAR_AT + 0x16, 2, 7);
    assert_int_equal(get(BAR_AT + BAR_BYTES + 0x16, 2), 1);
    assert_int_equal(get(BAR_AT + 0x16, 2), 7);
}

/* Follows the list, as a driver does: where the structure of a type is, in the BAR; 0 and *length 0 if nowhere. */
static uint32_t find_capability(unsigned type, uint32_t *length, uint8_t *at)
{
    const uint64_t base = config_at(1, 0);
    unsigned count = 0;
    *length = 0;
    assert_true((get(base + 6, 2) & 0x10) != 0);
    for (uint8_t cap = (uint8_t)get(base + 0x34, 1); cap != 0; cap = (uint8_t)get(base + cap + 1, 1)) {
        assert_true(count++ < 8 && cap >= 0x40 && cap % 4 == 0);
        if (get(base + cap, 1) == VENDOR_CAP && get(base + cap + 3u, 1) == type) {
            assert_int_equal(get(base + cap + 2u, 1), type == 2 || type == 5 ? 20 : 16);
            assert_int_equal(get(base + cap + 4u, 1), 0);
            *length = get(base + cap + 12u, 4);
            *at = cap;
            return get(base + cap + 8u, 4);
        }
    }
    return 0;
}

static void test_capabilities(void **state)
{
    (void)state;
    uint32_t length;
    uint8_t at;
    assert_int_equal(find_capability(1, &length, &at), 0x0000);
    assert_int_equal(length, 0x3c);
    assert_int_equal(find_capability(3, &length, &at), 0x1000);
    assert_int_equal(length, 1);
    assert_int_equal(find_capability(4, &length, &at), 0x2000);
    assert_int_equal(length, sizeof t[0].config);
    assert_int_equal(find_capability(2, &length, &at), 0x3000);
    assert_int_equal(length, QUEUES * 4);
    assert_int_equal(get(config_at(1, 0) + at + 16u, 4), 4);
    assert_int_equal(find_capability(8, &length, &at), 0);
    assert_int_equal(length, 0);
}

static void test_features(void **state)
{
    (void)state;
    place_bar(1, 0, BAR_AT);
    for (uint32_t i = 0; i < 3; i++) {
        set(BAR_AT + FEATURE_SELECT, 4, i);
        assert_int_equal(get(BAR_AT + FEATURE_SELECT, 4), i);
        assert_int_equal(get(BAR_AT + FEATURE, 4), i > 1 ? 0 : (uint32_t)(t[0].dev.features >> (32 * i)));
    }
    assert_false(negotiate(BAR_AT, 0));
    assert_false(negotiate(BAR_AT, VIRTIO_F_VERSION_1 | BIT(5)));
    assert_true(negotiate(BAR_AT, VIRTIO_F_VERSION_1));
    set(BAR_AT + DRIVER_SELECT, 4, 1);
    assert_int_equal(get(BAR_AT + DRIVER_FEATURE, 4), 1);
    set(BAR_AT + DRIVER_SELECT, 4, 2);
    assert_int_equal(get(BAR_AT + DRIVER_FEATURE, 4), 0);
}

static void test_queues(void **state)
{
    (void)state;
    run(&t[0], 1, 0, BAR_AT);
    set(BAR_AT + QUEUE_SELECT, 2, QUEUES);
    assert_int_equal(get(BAR_AT + QUEUE_SIZE_AT, 2), 0);
    assert_int_equal(get(BAR_AT + QUEUE_ENABLE, 2), 0);
    set(BAR_AT + QUEUE_SELECT, 2, 1);
    assert_int_equal(get(BAR_AT + 0x1e, 2), 1);
    assert_int_equal(get(BAR_AT + QUEUE_DESC, 4), t[0].driver[1].desc);
    assert_int_equal(get(BAR_AT + QUEUE_DESC + 4, 4), 0);
    assert_int_equal(get(BAR_AT + 0x10, 2), 0xffff);
    assert_int_equal(get(BAR_AT + 0x1a, 2), 0xffff);
    const unsigned before = t[0].kicks[1];
    set(BAR_AT + 0x3004, 2, 1);
    set(BAR_AT + 0x3004, 4, 1);
    assert_int_equal(t[0].kicks[1], before + 2);
    assert_int_equal(t[1].kicks[1], 0);
    set(BAR_AT + 0x3ffc, 2, 1);
    do_access(BAR_AT + 0x3002, 2, true, 1, MMIO_GUEST_ERROR);
    do_access(BAR_AT + 0x3004, 2, false, 0, MMIO_GUEST_ERROR);
    set(BAR_AT + QUEUE_RESET, 2, 1);
    assert_int_equal(get(BAR_AT + QUEUE_RESET, 2), 0);
    assert_int_equal(get(BAR_AT + QUEUE_ENABLE, 2), 0);
    assert_int_equal(t[0].queue_resets, 2);
}

static void test_widths(void **state)
{
    (void)state;
    place_bar(1, 0, BAR_AT);
    for (uint32_t offset = 0; offset < 0x1000; offset++) {
        for (uint8_t bytes = 1; bytes <= 8; bytes = (uint8_t)(bytes * 2)) {
            const bool is_area = offset >= QUEUE_DESC && offset < 0x38 && offset % 4 == 0 && bytes == 4;
            const bool is_word = bytes == 4 && (offset == 0 || offset == 4 || offset == 8 || offset == 0xc);
            const bool is_half = bytes == 2 && offset % 2 == 0 && offset >= 0x10 && offset < 0x3c && offset != 0x14 &&
                                 (offset < QUEUE_DESC || offset >= 0x38);
            const bool is_byte = bytes == 1 && (offset == 0x14 || offset == 0x15);
            if (offset % bytes == 0) {
                do_access(BAR_AT + offset, bytes, false, 0,
                          is_area || is_word || is_half || is_byte ? MMIO_HANDLED : MMIO_GUEST_ERROR);
            }
        }
    }
    do_access(BAR_AT + FEATURE, 4, true, 1, MMIO_GUEST_ERROR);
    do_access(BAR_AT + 0x2000, 8, false, 0, MMIO_GUEST_ERROR);
    do_access(BAR_AT + 0x1000, 1, true, 0, MMIO_GUEST_ERROR);
}

static void test_device_config(void **state)
{
    (void)state;
    place_bar(1, 0, BAR_AT);
    set(BAR_AT + 0x2002, 2, 0xbeef);
    assert_int_equal(get(BAR_AT + 0x2000, 4), 0xbeef0000);
    do_access(BAR_AT + 0x2006, 2, false, 0, MMIO_GUEST_ERROR);
    /* However often it has changed: who reads it sees another generation afterwards, which stays that one then. */
    for (unsigned changes = 1; changes <= 256; changes *= 2) {
        const uint32_t generation = get(BAR_AT + 0x15, 1);
        for (unsigned i = 0; i < changes; i++) {
            virtio_device_config_changed(&t[0].dev);
        }
        (void)get(BAR_AT + 0x2000, 4);
        const uint32_t new_generation = get(BAR_AT + 0x15, 1);
        assert_int_not_equal(new_generation, generation);
        (void)get(BAR_AT + 0x2000, 4);
        assert_int_equal(get(BAR_AT + 0x15, 1), new_generation);
    }
}

/* Slot 1 pin A is line 1; slot 2 pin A line 2, pin B line 3. */
static void test_interrupts(void **state)
{
    (void)state;
    run(&t[0], 1, 0, BAR_AT);
    run(&t[2], 2, 1, BAR_AT + BAR_BYTES);
    use_one(&t[0], 0);
    assert_true(line(1));
    assert_false(line(2) || line(3));
    assert_true((get(config_at(1, 0) + 6, 2) & 8) != 0);
    set(config_at(1, 0) + 4, 2, MASTER_MEMORY | 0x400);
    assert_false(line(1));
    assert_true((get(config_at(1, 0) + 6, 2) & 8) != 0);
    set(config_at(1, 0) + 4, 2, MASTER_MEMORY);
    assert_true(line(1));
    assert_int_equal(get(BAR_AT + 0x1000, 1), VIRTIO_ISR_QUEUE);
    assert_false(line(1));
    assert_int_equal(get(BAR_AT + 0x1000, 1), 0);
    assert_int_equal(get(config_at(1, 0) + 6, 2) & 8, 0);
    use_one(&t[2], 1);
    assert_true(line(3));
}

/* Slots 1 and 5 share line 1: it is high as long as one of them holds it. */
static void test_shared_line(void **state)
{
    (void)state;
    t[1] = (struct recorder){0};
    assert_true(init_device(&t[1], 5, 0));
    run(&t[0], 1, 0, BAR_AT);
    run(&t[1], 5, 0, BAR_AT + BAR_BYTES);
    use_one(&t[0], 0);
    use_one(&t[1], 0);
    assert_true(line(1));
    get(BAR_AT + 0x1000, 1);
    assert_true(line(1));
    get(BAR_AT + BAR_BYTES + 0x1000, 1);
    assert_false(line(1));
}

/* Through configuration space alone, as firmware may. */
static void test_access_through_config(void **state)
{
    (void)state;
    uint32_t length;
    uint8_t at;
    find_capability(5, &length, &at);
    const uint64_t cap = config_at(1, 0) + at;
    set(cap + 8, 4, 0x12);
    set(cap + 12, 4, 2);
    assert_int_equal(get(cap + 16, 2), QUEUES);
    set(cap + 8, 4, STATUS);
    set(cap + 12, 4, 1);
    set(cap + 16, 1, 3);
    assert_int_equal(t[0].dev.status, 3);
    const uint32_t bad[][3] = {{1, STATUS, 1}, {0, STATUS, 3}, {0, STATUS, 8},    {0, 1, 2},
                               {0, 0x11, 2},   {0, 2, 4},      {0, BAR_BYTES, 4}, {0, BAR_BYTES - 2, 4}};
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        set(cap + 4, 1, bad[i][0]);
        set(cap + 8, 4, bad[i][1]);
        set(cap + 12, 4, bad[i][2]);
        set(cap + 16, 4, 0);
        assert_int_equal(get(cap + 16, 4), 0);
    }
    assert_int_equal(t[0].dev.status, 3);
}

static void test_restart(void **state)
{
    (void)state;
    run(&t[0], 1, 0, BAR_AT);
    use_one(&t[0], 0);
    device_reset_all(vm_instance());
    assert_int_equal(t[0].resets, 1 + 1); /* the driver's own, and this */
    assert_int_equal(t[1].resets, 1);
    assert_false(line(1));
    assert_int_equal(get(config_at(1, 0) + 4, 2), 0);
    assert_int_equal(get(config_at(1, 0) + 0x10, 4), 4);
    assert_int_equal(get(config_at(1, 0), 4), PRESENT);
    run(&t[0], 1, 0, BAR_AT);
    use_one(&t[0], 0);
    assert_true(line(1));
}

static void test_channels(void **state)
{
    (void)state;
    assert_true(virtio_notified(6));
    assert_true(virtio_notified(7));
    assert_false(virtio_notified(8));
}

/* What a function that could not be set up leaves behind: nothing. */
static void test_function_that_is_removed(void **state)
{
    (void)state;
    static const struct pci_function_ops no_ops;
    static struct recorder other;
    const struct pci_identity identity = {.vendor_id = 0x1234, .device_id = 0x5678};
    struct pci_function *function = pci_add_function(&host, 1, 1, &identity, &no_ops, NULL);
    assert_non_null(function);
    assert_int_equal(get(config_at(1, 1), 4), 0x56781234);
    assert_int_equal(get(config_at(1, 0) + 0x0e, 1), 0x80);
    pci_remove_function(function);
    assert_int_equal(get(config_at(1, 1), 4), UINT32_MAX);
    assert_int_equal(get(config_at(1, 0) + 0x0e, 1), 0);
    /* Of a slot with others, which stay several. */
    function = pci_add_function(&host, 2, 2, &identity, &no_ops, NULL);
    assert_non_null(function);
    pci_remove_function(function);
    assert_int_equal(get(config_at(2, 2), 4), UINT32_MAX);
    assert_int_equal(get(config_at(2, 0) + 0x0e, 1), 0x80);
    assert_true(init_device(&other, 2, 2));
    assert_int_equal(get(config_at(2, 2), 4), PRESENT);
}

static void test_places(void **state)
{
    (void)state;
    static struct recorder other;
    assert_false(init_device(&other, 32, 0));
    assert_true(fake_log_has("PCI slot 32 function 0: limits are slot 31 and function 7"));
    assert_false(init_device(&other, 4, 8));
    assert_false(init_device(&other, 2, 1));
    assert_true(fake_log_has("there is one already"));
    assert_false(init_device(&other, 4, 1));
    assert_true(fake_log_has("function 0 of the slot comes first"));
    for (uint8_t i = 0; i < PCI_FUNCTION_COUNT_MAX - DEVICE_COUNT; i++) {
        assert_true(init_device(&other, (uint8_t)(4 + i), 0));
    }
    assert_false(init_device(&other, 30, 0));
    assert_true(fake_log_has("the host bridge has 16 functions already"));
    memset(&host, 0, sizeof host);
    assert_false(init_device(&other, 1, 0));
    assert_true(fake_log_has("the host bridge is not initialised"));
}

static void expect_refused(const struct pci_host_config *config, const char *message)
{
    static struct pci_host other;
    fake_log_reset();
    assert_false(pci_host_init(&other, config));
    assert_true(fake_log_has(message));
}

static void test_bad_configurations(void **state)
{
    (void)state;
    struct pci_host_config config = good_config();
    config.ecam_base += 0x1000;
    expect_refused(&config, "ECAM at 0x30001000: should be a multiple of 0x100000");
    config = good_config();
    config.window_size_bytes = 0;
    expect_refused(&config, "window at 0x20000000 has no bytes");
    config = good_config();
    config.window_base = UINT64_C(0xffff0000);
    expect_refused(&config, "window of 0x100000 bytes at 0xffff0000");
    config = good_config();
    config.window_base += 0x800;
    expect_refused(&config, "window of 0x100000 bytes at 0x20000800");
    config = good_config();
    config.window_size_bytes += 0x800;
    expect_refused(&config, "window of 0x100800 bytes at 0x20000000");
    config = good_config();
    config.window64_base = UINT64_MAX & ~UINT64_C(0xffff);
    expect_refused(&config, "window of 0x100000 bytes at 0xffffffffffff0000");
    config = good_config();
    config.irqs[2] = 31;
    expect_refused(&config, "interrupt 31 out of range, limits are 32 and 1019");
    config.irqs[2] = 1020;
    expect_refused(&config, "interrupt 1020 out of range, limits are 32 and 1019");
    config = good_config();
    config.irqs[2] = IRQ;
    expect_refused(&config, "interrupt 64 for two lines");
    config.irqs[2] = IRQ + 2;
    config.msi_irq_first = IRQ + 3;
    config.msi_irq_count = 1;
    expect_refused(&config, "interrupt 67 for a line and for messages");
    config = good_config();
    expect_refused(&config, "interrupt 64 is registered already");
    for (size_t line = 0; line < 4; line++) {
        config.irqs[line] += 100;
    }
    expect_refused(&config, "0x100000 bytes at 0x30000000 overlap another emulated device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_enumeration, setup),
        cmocka_unit_test_setup(test_bar_sizing, setup),
        cmocka_unit_test_setup(test_bars_in_both_windows, setup),
        cmocka_unit_test_setup(test_capabilities, setup),
        cmocka_unit_test_setup(test_features, setup),
        cmocka_unit_test_setup(test_queues, setup),
        cmocka_unit_test_setup(test_widths, setup),
        cmocka_unit_test_setup(test_device_config, setup),
        cmocka_unit_test_setup(test_interrupts, setup),
        cmocka_unit_test_setup(test_shared_line, setup),
        cmocka_unit_test_setup(test_access_through_config, setup),
        cmocka_unit_test_setup(test_restart, setup),
        cmocka_unit_test_setup(test_channels, setup),
        cmocka_unit_test_setup(test_function_that_is_removed, setup),
        cmocka_unit_test_setup(test_places, setup),
        cmocka_unit_test_setup(test_bad_configurations, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
