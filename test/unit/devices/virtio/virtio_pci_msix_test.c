/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * virtio over PCI with MSI-X: vectors of queues and of the configuration, and what becomes of them in every order that
 * a driver may use; without it, INTx.
 */
#include "virtio_pci_fixture.h"

#define FRAME         UINT64_C(0x8020000)
#define SETSPI        (FRAME + 0x40)
#define SPI           96
#define SPI_COUNT     16
#define VECTORS       (QUEUES + 1)
#define NO_VECTOR     0xffff
#define MSIX_CAP      0x11
#define ENABLE        0x8000u
#define MASKED        0x4000u
#define TABLE         0x4000u
#define PENDING       0x5000u
#define CONFIG_VECTOR 0x10
#define QUEUE_VECTOR  0x1a
#define ISR           0x1000
#define SOME_RAM      (FAKE_RAM_BASE + FAKE_RAM_BYTES / 2)

static uint64_t control_at;

static struct pci_host_config msi_config(void)
{
    struct pci_host_config config = good_config();
    config.msi_base = FRAME;
    config.msi_irq_first = SPI;
    config.msi_irq_count = SPI_COUNT;
    return config;
}

static uint64_t find_msix(unsigned slot, unsigned function)
{
    const uint64_t base = config_at(slot, function);
    uint8_t cap = (uint8_t)get(base + 0x34, 1);
    while (cap != 0 && get(base + cap, 1) != MSIX_CAP) {
        cap = (uint8_t)get(base + cap + 1, 1);
    }
    return cap == 0 ? 0 : base + cap;
}

static int setup(void **state)
{
    const struct pci_host_config config = msi_config();
    setup_with(state, &config);
    control_at = find_msix(1, 0) + 2;
    return 0;
}

/* How often an SPI was raised since the last time: 0 or 1. */
static unsigned taken(unsigned irq)
{
    uint32_t *latched = &vm_instance()->vgic.shared[irq / 32].latched;
    const unsigned is_pending = (*latched & BIT(irq % 32)) != 0;
    *latched &= ~(uint32_t)BIT(irq % 32);
    return is_pending;
}

static unsigned all_taken(void)
{
    unsigned count = 0;
    for (unsigned irq = 32; irq < VGIC_IRQ_COUNT; irq++) {
        count += taken(irq);
    }
    return count;
}

static void set_vectors(uint16_t config, uint16_t first, uint16_t second)
{
    const uint16_t queues[QUEUES] = {first, second};
    set(BAR_AT + CONFIG_VECTOR, 2, config);
    for (unsigned i = 0; i < QUEUES; i++) {
        set(BAR_AT + QUEUE_SELECT, 2, i);
        set(BAR_AT + QUEUE_VECTOR, 2, queues[i]);
    }
}

/* Vector n is SPI + n. */
static void fill_table(void)
{
    for (unsigned i = 0; i < VECTORS; i++) {
        set(BAR_AT + TABLE + 16 * i, 8, SETSPI);
        set(BAR_AT + TABLE + 16 * i + 8, 8, SPI + i);
    }
}

/* As Linux does it: MSI-X, then the device. */
static void start(void)
{
    place_bar(1, 0, BAR_AT);
    set(control_at, 2, ENABLE | MASKED);
    fill_table();
    set(control_at, 2, ENABLE);
    run(&t[0], 1, 0, BAR_AT);
    set_vectors(0, 1, 2);
}

static void test_capability(void **state)
{
    (void)state;
    assert_int_equal(get(control_at, 2), VECTORS - 1);
    assert_int_equal(get(control_at + 2, 4), TABLE);
    assert_int_equal(get(control_at + 6, 4), PENDING);
    assert_int_equal(get(find_msix(2, 0) + 2, 2), VECTORS - 1);
}

static void test_vectors_read_back(void **state)
{
    (void)state;
    place_bar(1, 0, BAR_AT);
    for (uint32_t value = 0; value <= UINT16_MAX; value += value < 8 ? 1 : 0xfff) {
        const uint32_t want = value < VECTORS ? value : NO_VECTOR;
        set(BAR_AT + CONFIG_VECTOR, 2, value);
        assert_int_equal(get(BAR_AT + CONFIG_VECTOR, 2), want);
        set(BAR_AT + QUEUE_SELECT, 2, 1);
        set(BAR_AT + QUEUE_VECTOR, 2, value);
        assert_int_equal(get(BAR_AT + QUEUE_VECTOR, 2), want);
        set(BAR_AT + QUEUE_SELECT, 2, 0);
        assert_int_equal(get(BAR_AT + QUEUE_VECTOR, 2), NO_VECTOR);
    }
    set(BAR_AT + QUEUE_SELECT, 2, QUEUES);
    set(BAR_AT + QUEUE_VECTOR, 2, 1);
    assert_int_equal(get(BAR_AT + QUEUE_VECTOR, 2), NO_VECTOR);
}

static void test_messages(void **state)
{
    (void)state;
    start();
    use_one(&t[0], 0);
    assert_int_equal(taken(SPI + 1), 1);
    use_one(&t[0], 1);
    assert_int_equal(taken(SPI + 2), 1);
    virtio_device_config_changed(&t[0].dev);
    assert_int_equal(taken(SPI), 1);
    assert_int_equal(all_taken(), 0);
    assert_int_equal(get(BAR_AT + ISR, 1), 2); /* a change is noted whatever tells of it */
    assert_int_equal(get(BAR_AT + ISR, 1), 0);
    assert_false(line(1));
    assert_int_equal(get(config_at(1, 0) + 6, 2) & 8, 0);
}

/* The driver wants no interrupt: no message either. */
static void test_suppression(void **state)
{
    (void)state;
    start();
    fake_queue_set_no_interrupt(&t[0].driver[0], true);
    use_one(&t[0], 0);
    assert_int_equal(all_taken(), 0);
    fake_queue_set_no_interrupt(&t[0].driver[0], false);
    use_one(&t[0], 0);
    assert_int_equal(taken(SPI + 1), 1);
}

static void test_one_vector_for_all(void **state)
{
    (void)state;
    start();
    set_vectors(2, 2, 2);
    use_one(&t[0], 0);
    assert_int_equal(taken(SPI + 2), 1);
    use_one(&t[0], 1);
    assert_int_equal(taken(SPI + 2), 1);
    virtio_device_config_changed(&t[0].dev);
    assert_int_equal(taken(SPI + 2), 1);
    assert_int_equal(all_taken(), 0);
}

static void test_no_vector(void **state)
{
    (void)state;
    start();
    set_vectors(NO_VECTOR, NO_VECTOR, 2);
    use_one(&t[0], 0);
    virtio_device_config_changed(&t[0].dev);
    assert_int_equal(all_taken(), 0);
    assert_int_equal(get(BAR_AT + ISR, 1), 2);
    use_one(&t[0], 1);
    assert_int_equal(taken(SPI + 2), 1);
}

static void test_failure_is_told(void **state)
{
    (void)state;
    start();
    virtio_device_fail(&t[0].dev, "does wrong");
    assert_int_equal(taken(SPI), 1);
    assert_int_equal(all_taken(), 0);
}

static void test_masked(void **state)
{
    (void)state;
    start();
    set(BAR_AT + TABLE + 16 + 12, 4, 1);
    use_one(&t[0], 0);
    use_one(&t[0], 0);
    assert_int_equal(all_taken(), 0);
    assert_int_equal(get(BAR_AT + PENDING, 4), BIT(1));
    set(BAR_AT + TABLE + 16 + 12, 4, 0);
    assert_int_equal(taken(SPI + 1), 1);
    assert_int_equal(get(BAR_AT + PENDING, 4), 0);
}

/* What waits is forgotten when its cause is: by a reset of queue or device, or another vector. */
static void test_pending_without_a_cause(void **state)
{
    (void)state;
    start();
    set(control_at, 2, ENABLE | MASKED);
    use_one(&t[0], 0);
    use_one(&t[0], 1);
    assert_int_equal(get(BAR_AT + PENDING, 4), BIT(1) | BIT(2));
    set(BAR_AT + QUEUE_SELECT, 2, 1);
    set(BAR_AT + QUEUE_RESET, 2, 1);
    assert_int_equal(get(BAR_AT + QUEUE_VECTOR, 2), NO_VECTOR);
    assert_int_equal(get(BAR_AT + PENDING, 4), BIT(1));
    set(BAR_AT + QUEUE_SELECT, 2, 0);
    set(BAR_AT + QUEUE_VECTOR, 2, 0);
    assert_int_equal(get(BAR_AT + PENDING, 4), 0);
    use_one(&t[0], 0);
    assert_int_equal(get(BAR_AT + PENDING, 4), BIT(0));
    set(BAR_AT + STATUS, 1, 0);
    assert_int_equal(get(BAR_AT + PENDING, 4), 0);
    assert_int_equal(get(BAR_AT + CONFIG_VECTOR, 2), NO_VECTOR);
    set(control_at, 2, ENABLE);
    assert_int_equal(all_taken(), 0);
}

/* From INTx to MSI-X and back, while causes stand. */
static void test_switching(void **state)
{
    (void)state;
    run(&t[0], 1, 0, BAR_AT);
    fill_table();
    set_vectors(0, 1, 2);
    use_one(&t[0], 0);
    assert_true(line(1));
    set(control_at, 2, ENABLE);
    assert_false(line(1));
    use_one(&t[0], 0);
    assert_int_equal(taken(SPI + 1), 1);
    set(control_at, 2, 0);
    assert_true(line(1));
    assert_int_equal(get(BAR_AT + ISR, 1), VIRTIO_ISR_QUEUE);
    assert_false(line(1));
    use_one(&t[0], 1);
    assert_true(line(1));
    assert_int_equal(get(BAR_AT + ISR, 1), VIRTIO_ISR_QUEUE);
}

/* Addresses and data of the guest's: nothing happens but to the frame's SPIs. */
static void test_hostile_table(void **state)
{
    (void)state;
    start();
    const struct {
        uint64_t address;
        uint32_t data;
    } entries[] = {
        {SOME_RAM, SPI + 1},
        {BAR_AT + 0x3000, 0},
        {ECAM, UINT32_MAX},
        {SETSPI, IRQ},
        {SETSPI, 0},
        {SETSPI, SPI - 1},
        {SETSPI, SPI + SPI_COUNT},
        {SETSPI + 1, SPI + 1},
        {FRAME, SPI + 1},
        {0x8000000 + 0x200, 1},
        {UINT64_MAX, UINT32_MAX},
        {SETSPI | BIT(40), SPI + 1},
        {0, 0},
        {BAR_AT + TABLE + 16, SPI + 1},
    };
    struct msi_frame *frame = &pci_bridge_of(&host)->frame;
    for (unsigned i = 0; i < ARRAY_SIZE(entries); i++) {
        const unsigned kicks = t[0].kicks[0];
        set(BAR_AT + TABLE + 16, 8, entries[i].address);
        set(BAR_AT + TABLE + 16 + 8, 4, entries[i].data);
        use_one(&t[0], 0);
        assert_int_equal(all_taken(), 0);
        assert_int_equal(frame->lost_count, i + 1);
        assert_int_equal(t[0].kicks[0], kicks);
        assert_int_equal(*(uint32_t *)(void *)fake_ram_at(SOME_RAM), 0);
    }
}

static void test_write_of_a_vcpu(void **state)
{
    (void)state;
    set(SETSPI, 4, SPI + 3);
    assert_int_equal(taken(SPI + 3), 1);
    do_access(SETSPI, 4, true, IRQ, MMIO_GUEST_ERROR);
    assert_int_equal(all_taken(), 0);
}

static void test_restart(void **state)
{
    (void)state;
    start();
    set(control_at, 2, ENABLE | MASKED);
    use_one(&t[0], 0);
    device_reset_all(vm_instance());
    assert_int_equal(get(control_at, 2), VECTORS - 1);
    run(&t[0], 1, 0, BAR_AT);
    assert_int_equal(get(BAR_AT + PENDING, 4), 0);
    assert_int_equal(get(BAR_AT + TABLE + 16, 4), 0);
    assert_int_equal(get(BAR_AT + TABLE + 16 + 12, 4), 1);
    assert_int_equal(get(BAR_AT + CONFIG_VECTOR, 2), NO_VECTOR);
    use_one(&t[0], 0);
    assert_true(line(1));
    assert_int_equal(all_taken(), 0);
    start();
    use_one(&t[0], 0);
    assert_int_equal(taken(SPI + 1), 1);
}

static void test_without_a_frame(void **state)
{
    const struct pci_host_config config = good_config();
    setup_with(state, &config);
    assert_int_equal(find_msix(1, 0), 0);
    place_bar(1, 0, BAR_AT);
    set(BAR_AT + CONFIG_VECTOR, 2, 0);
    assert_int_equal(get(BAR_AT + CONFIG_VECTOR, 2), NO_VECTOR);
    do_access(BAR_AT + TABLE, 4, false, 0, MMIO_GUEST_ERROR);
    do_access(BAR_AT + TABLE, 4, true, 0, MMIO_GUEST_ERROR);
    do_access(BAR_AT + PENDING, 4, false, 0, MMIO_GUEST_ERROR);
    do_access(BAR_AT + 0x6000, 4, false, 0, MMIO_GUEST_ERROR);
}

static void test_bad_frames(void **state)
{
    static struct pci_host other;
    struct pci_host_config config = msi_config();
    fixture_setup(state);
    config.msi_base = WINDOW;
    assert_false(pci_host_init(&other, &config));
    assert_true(fake_log_has("PCI host bridge: 0x1000 bytes at 0x20000000 overlap another emulated device"));
    fixture_setup(state);
    config = msi_config();
    assert_true(virq_register(0, SPI + 5, NULL, NULL));
    assert_false(pci_host_init(&other, &config));
    assert_true(fake_log_has("PCI host bridge: interrupt 101 is registered already"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_capability, setup),
        cmocka_unit_test_setup(test_vectors_read_back, setup),
        cmocka_unit_test_setup(test_messages, setup),
        cmocka_unit_test_setup(test_suppression, setup),
        cmocka_unit_test_setup(test_one_vector_for_all, setup),
        cmocka_unit_test_setup(test_no_vector, setup),
        cmocka_unit_test_setup(test_failure_is_told, setup),
        cmocka_unit_test_setup(test_masked, setup),
        cmocka_unit_test_setup(test_pending_without_a_cause, setup),
        cmocka_unit_test_setup(test_switching, setup),
        cmocka_unit_test_setup(test_hostile_table, setup),
        cmocka_unit_test_setup(test_write_of_a_vcpu, setup),
        cmocka_unit_test_setup(test_restart, setup),
        cmocka_unit_test(test_without_a_frame),
        cmocka_unit_test(test_bad_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
