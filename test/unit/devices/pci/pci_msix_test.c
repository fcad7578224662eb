/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * MSI-X of a function: its capability, its table, and when messages go. What goes is counted in place of the frame.
 */
#include "fixture.h"

#include <libvmm/util/util.h>

#include "devices/pci/pci_msix.h"

#define VECTORS 5
#define BAR     2
#define TABLE   0x4000
#define PENDING 0x5000
#define MASTER  0x0004
#define ENABLE  0x8000u
#define MASKED  0x4000u
#define ENTRY   16u

static struct pci_config config;
static struct pci_msix msix;
static struct msi_frame frame;
static uint8_t capability;

static struct {
    unsigned count;
    uint64_t address;
    uint32_t data;
} sent;

void msi_frame_send(struct msi_frame *to, uint64_t address, uint32_t data)
{
    assert_ptr_equal(to, &frame);
    sent.count++;
    sent.address = address;
    sent.data = data;
}

bool msi_frame_init(struct msi_frame *to, uint64_t base, size_t irq_first, size_t irq_count, struct mmio_region *region)
{
    (void)to;
    (void)base;
    (void)irq_first;
    (void)irq_count;
    (void)region;
    return false;
}

uint32_t msi_frame_describe(const struct msi_frame *to, struct fdt_builder *tree)
{
    (void)to;
    (void)tree;
    return 0;
}

static void write_config(uint32_t offset, uint32_t value)
{
    pci_config_write(&config, offset, 2, value);
    pci_msix_update(&msix);
}

static void control(uint32_t value)
{
    write_config(capability + 2u, value);
}

static int setup(void **state)
{
    (void)state;
    const struct pci_identity identity = {.vendor_id = 0x1af4};
    memset(&sent, 0, sizeof sent);
    pci_config_init(&config, &identity, 1);
    assert_int_equal(pci_msix_init(&msix, &config, &frame, VECTORS, BAR, TABLE, PENDING), RESULT_OK);
    capability = (uint8_t)pci_config_read(&config, PCI_CAPABILITIES, 1);
    write_config(PCI_COMMAND, MASTER);
    return 0;
}

static enum mmio_result access_table(uint64_t offset, uint8_t bytes, bool is_write, uint64_t *value)
{
    struct mmio_access access = {.width_bytes = bytes, .is_write = is_write, .value = *value};
    const enum mmio_result result = pci_msix_access_table(&msix, offset, &access);
    *value = access.value;
    return result;
}

static void set(uint64_t offset, uint8_t bytes, uint64_t value)
{
    assert_int_equal(access_table(offset, bytes, true, &value), MMIO_HANDLED);
}

static uint64_t get(uint64_t offset, uint8_t bytes)
{
    uint64_t value = 0x5a;
    assert_int_equal(access_table(offset, bytes, false, &value), MMIO_HANDLED);
    return value;
}

static uint64_t pending(void)
{
    struct mmio_access access = {.width_bytes = 8};
    assert_int_equal(pci_msix_access_pending(&msix, 0, &access), MMIO_HANDLED);
    return access.value;
}

/* A message of its own for each vector, none masked. */
static void fill_table(void)
{
    for (uint32_t i = 0; i < VECTORS; i++) {
        set(i * ENTRY, 8, UINT64_C(0x100000040) + i);
        set(i * ENTRY + 8, 4, 100 + i);
        set(i * ENTRY + 12, 4, 0);
    }
}

static void expect_sent(unsigned count, uint32_t vector)
{
    assert_int_equal(sent.count, count);
    assert_int_equal(sent.address, UINT64_C(0x100000040) + vector);
    assert_int_equal(sent.data, 100 + vector);
}

static void test_capability(void **state)
{
    (void)state;
    assert_int_equal(pci_config_read(&config, capability, 1), 0x11);
    assert_int_equal(pci_config_read(&config, capability + 2u, 2), VECTORS - 1);
    assert_int_equal(pci_config_read(&config, capability + 4u, 4), TABLE | BAR);
    assert_int_equal(pci_config_read(&config, capability + 8u, 4), PENDING | BAR);
    for (uint32_t i = 0; i < 12; i += 2) {
        write_config(capability + i, 0xffff);
    }
    assert_int_equal(pci_config_read(&config, capability, 1), 0x11);
    assert_int_equal(pci_config_read(&config, capability + 2u, 2), 0xc000 | (VECTORS - 1));
    assert_int_equal(pci_config_read(&config, capability + 4u, 4), TABLE | BAR);
    assert_int_equal(pci_config_read(&config, capability + 8u, 4), PENDING | BAR);
}

static void test_no_room(void **state)
{
    (void)state;
    static const uint8_t zeros[0x80];
    uint8_t at;
    assert_int_equal(pci_config_add_capability(&config, 9, zeros, sizeof zeros, &at), RESULT_OK);
    assert_int_equal(pci_config_add_capability(&config, 9, zeros, 0x26, &at), RESULT_OK);
    assert_int_equal(pci_msix_init(&msix, &config, &frame, VECTORS, BAR, TABLE, PENDING), RESULT_FULL);
    assert_int_equal(msix.vector_count, 0);
}

static void test_table(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < VECTORS; i++) {
        assert_int_equal(get(i * ENTRY, 8), 0);
        assert_int_equal(get(i * ENTRY + 8, 8), BIT(32)); /* masked after a reset */
    }
    set(ENTRY, 4, 0x11111111);
    set(ENTRY + 4, 4, 0x22222222);
    set(ENTRY + 8, 8, UINT64_C(0xfffffffe33333333));
    assert_int_equal(get(ENTRY, 8), UINT64_C(0x2222222211111111));
    assert_int_equal(get(ENTRY + 4, 4), 0x22222222);
    assert_int_equal(get(ENTRY + 8, 4), 0x33333333);
    assert_int_equal(get(ENTRY + 12, 4), 0); /* reserved bits do not stay */
    assert_int_equal(get(0, 8), 0);
    assert_int_equal(get(2 * ENTRY, 8), 0);
}

static void test_accesses_that_are_none(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < 0x1000; offset++) {
        for (uint8_t bytes = 1; bytes <= 8; bytes = (uint8_t)(bytes * 2)) {
            const bool is_good = bytes >= 4 && offset + bytes <= VECTORS * ENTRY;
            if (offset % bytes == 0) {
                uint64_t value = UINT64_MAX;
                assert_int_equal(access_table(offset, bytes, false, &value), is_good ? MMIO_HANDLED : MMIO_GUEST_ERROR);
                assert_true(is_good || value == 0);
                value = UINT64_MAX;
                assert_int_equal(access_table(offset, bytes, true, &value), is_good ? MMIO_HANDLED : MMIO_GUEST_ERROR);
                struct mmio_access access = {.width_bytes = bytes};
                assert_int_equal(pci_msix_access_pending(&msix, offset, &access),
                                 bytes >= 4 && offset + bytes <= 8 ? MMIO_HANDLED : MMIO_GUEST_ERROR);
                assert_int_equal(access.value, 0);
            }
        }
    }
}

static void test_a_message_a_vector(void **state)
{
    (void)state;
    control(ENABLE);
    fill_table();
    for (uint16_t i = 0; i < VECTORS; i++) {
        pci_msix_raise(&msix, i);
        expect_sent(i + 1u, i);
    }
    assert_int_equal(pending(), 0);
}

static void test_vector_mask(void **state)
{
    (void)state;
    control(ENABLE);
    fill_table();
    set(3 * ENTRY + 12, 4, 1);
    pci_msix_raise(&msix, 3);
    pci_msix_raise(&msix, 3);
    assert_int_equal(sent.count, 0);
    assert_int_equal(pending(), BIT(3));
    struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = UINT32_MAX};
    assert_int_equal(pci_msix_access_pending(&msix, 0, &access), MMIO_HANDLED);
    assert_int_equal(pending(), BIT(3));
    pci_msix_raise(&msix, 2);
    expect_sent(1, 2);
    /* One message for all that has come meanwhile, as the entry is then. */
    set(3 * ENTRY + 8, 4, 103);
    assert_int_equal(sent.count, 1);
    set(3 * ENTRY + 12, 4, 0);
    expect_sent(2, 3);
    assert_int_equal(pending(), 0);
    set(3 * ENTRY + 12, 4, 0);
    assert_int_equal(sent.count, 2);
}

static void test_function_mask(void **state)
{
    (void)state;
    control(ENABLE | MASKED);
    fill_table();
    set(1 * ENTRY + 12, 4, 1);
    for (uint16_t i = 0; i < VECTORS; i++) {
        pci_msix_raise(&msix, i);
    }
    assert_int_equal(sent.count, 0);
    assert_int_equal(pending(), BIT(VECTORS) - 1);
    control(ENABLE);
    expect_sent(VECTORS - 1, VECTORS - 1);
    assert_int_equal(pending(), BIT(1));
    control(ENABLE | MASKED);
    set(1 * ENTRY + 12, 4, 0);
    assert_int_equal(pending(), BIT(1));
    control(ENABLE);
    expect_sent(VECTORS, 1);
}

static void test_no_bus_master(void **state)
{
    (void)state;
    write_config(PCI_COMMAND, 0);
    control(ENABLE);
    fill_table();
    pci_msix_raise(&msix, 4);
    assert_int_equal(sent.count, 0);
    write_config(PCI_COMMAND, MASTER);
    expect_sent(1, 4);
}

static void test_switched_off(void **state)
{
    (void)state;
    assert_false(msix.is_enabled);
    control(ENABLE | MASKED);
    assert_true(msix.is_enabled);
    fill_table();
    pci_msix_raise(&msix, 0);
    control(0);
    assert_false(msix.is_enabled);
    assert_int_equal(sent.count, 0);
    control(ENABLE);
    expect_sent(1, 0);
}

static void test_keep(void **state)
{
    (void)state;
    control(ENABLE | MASKED);
    fill_table();
    pci_msix_raise(&msix, 0);
    pci_msix_raise(&msix, 2);
    pci_msix_keep(&msix, BIT(0) | BIT(1));
    assert_int_equal(pending(), BIT(0));
    control(ENABLE);
    expect_sent(1, 0);
}

static void test_reset(void **state)
{
    (void)state;
    control(ENABLE);
    fill_table();
    set(ENTRY + 12, 4, 1);
    pci_msix_raise(&msix, 1);
    pci_config_reset(&config);
    pci_msix_reset(&msix);
    assert_false(msix.is_enabled);
    assert_int_equal(pending(), 0);
    assert_int_equal(get(ENTRY + 8, 8), BIT(32));
    assert_int_equal(pci_config_read(&config, capability + 2u, 2), VECTORS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_capability, setup),
        cmocka_unit_test_setup(test_no_room, setup),
        cmocka_unit_test_setup(test_table, setup),
        cmocka_unit_test_setup(test_accesses_that_are_none, setup),
        cmocka_unit_test_setup(test_a_message_a_vector, setup),
        cmocka_unit_test_setup(test_vector_mask, setup),
        cmocka_unit_test_setup(test_function_mask, setup),
        cmocka_unit_test_setup(test_no_bus_master, setup),
        cmocka_unit_test_setup(test_switched_off, setup),
        cmocka_unit_test_setup(test_keep, setup),
        cmocka_unit_test_setup(test_reset, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
