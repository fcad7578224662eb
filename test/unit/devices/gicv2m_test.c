/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The GICv2m frame: what its registers say, and that nothing but an SPI of its range ever comes of what is written.
 */
#include "fixture.h"

#include <libvmm/util/util.h>

#include "vm/msi.h"

#define FRAME     UINT64_C(0x8020000)
#define SPI       80
#define SPI_COUNT 4
#define SETSPI    0x40

static struct msi_frame frame;

static void nothing(void *ctx)
{
    (void)ctx;
}

static const struct device_ops ops = {.reset = nothing};
static struct device device;

static int setup(void **state)
{
    fixture_setup(state);
    struct device_claims claims = {.irqs = {{SPI, SPI_COUNT}}};
    assert_true(msi_frame_init(&frame, FRAME, SPI, SPI_COUNT, &claims.regions[0]));
    assert_int_equal(device_add(vm_instance(), &device, "frame", &ops, NULL, &claims), RESULT_OK);
    frame.vm = vm_instance();
    return 0;
}

static enum mmio_result dispatch(uint64_t offset, uint8_t bytes, bool is_write, uint64_t *value)
{
    struct mmio_access access = {.width_bytes = bytes, .is_write = is_write, .value = *value};
    const enum mmio_result result = mmio_dispatch(&vm_instance()->mmio, gpa(FRAME + offset), &access);
    *value = access.value;
    return result;
}

static enum mmio_result set(uint64_t offset, uint8_t bytes, uint64_t value)
{
    return dispatch(offset, bytes, true, &value);
}

/* The one SPI that is pending, 0: none; it is pending no more. */
static uint32_t take_pending(void)
{
    uint32_t found = 0;
    for (uint32_t irq = 32; irq < VGIC_IRQ_COUNT; irq++) {
        uint32_t *latched = &vm_instance()->vgic.shared[irq / 32].latched;
        if ((*latched & BIT(irq % 32)) != 0) {
            assert_int_equal(found, 0);
            found = irq;
            *latched &= ~(uint32_t)BIT(irq % 32);
        }
    }
    return found;
}

static void test_registers(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < MSI_FRAME_BYTES; offset += 4) {
        uint64_t value = UINT64_MAX;
        assert_int_equal(dispatch(offset, 4, false, &value), MMIO_HANDLED);
        assert_int_equal(value, offset == 8 ? SPI << 16 | SPI_COUNT : offset == 0xfcc ? 0x4c00043b : 0);
        if (offset != SETSPI) {
            assert_int_equal(set(offset, 4, SPI), MMIO_HANDLED);
        }
        for (uint8_t bytes = 1; bytes <= 8; bytes = (uint8_t)(bytes * 2)) {
            if (bytes != 4 && offset % bytes == 0) {
                value = UINT64_MAX;
                assert_int_equal(dispatch(offset, bytes, false, &value), MMIO_GUEST_ERROR);
                assert_int_equal(value, 0);
            }
        }
    }
    assert_int_equal(take_pending(), 0);
}

/* By a vCPU, and by a device. */
static void test_every_number(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 0x400; n++) {
        const bool is_frames = n >= SPI && n < SPI + SPI_COUNT;
        const uint64_t lost = frame.lost_count;
        assert_int_equal(set(SETSPI, 4, n), is_frames ? MMIO_HANDLED : MMIO_GUEST_ERROR);
        assert_int_equal(take_pending(), is_frames ? n : 0);
        assert_int_equal(set(SETSPI, 2, n), is_frames ? MMIO_HANDLED : MMIO_GUEST_ERROR);
        assert_int_equal(take_pending(), is_frames ? n : 0);
        msi_frame_send(&frame, FRAME + SETSPI, n);
        assert_int_equal(take_pending(), is_frames ? n : 0);
        assert_int_equal(frame.lost_count, lost + (is_frames ? 0 : 1));
    }
    /* Reserved bits of the data do not count. */
    msi_frame_send(&frame, FRAME + SETSPI, 0xabcdfc00 | SPI);
    assert_int_equal(take_pending(), SPI);
    assert_int_equal(set(SETSPI, 1, SPI), MMIO_GUEST_ERROR);
    assert_int_equal(set(SETSPI, 8, SPI), MMIO_GUEST_ERROR);
    assert_int_equal(take_pending(), 0);
}

static void test_other_addresses(void **state)
{
    (void)state;
    const uint64_t addresses[] = {
        0,         FRAME,      FRAME + SETSPI + 1,      FRAME + SETSPI + 4, FRAME + SETSPI - 4,
        FRAME + 8, UINT64_MAX, FIXTURE_DEVICE_BASE,     0x40000000,         FRAME + SETSPI + MSI_FRAME_BYTES,
        ~(FRAME),  0x8000200,  FRAME + SETSPI + BIT(32)};
    const unsigned count = fixture_device.count;
    for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
        msi_frame_send(&frame, addresses[i], SPI);
        assert_int_equal(frame.lost_count, i + 1);
        assert_int_equal(take_pending(), 0);
    }
    assert_int_equal(fixture_device.count, count);
    assert_true(fake_log_has("message 0x50 to 0x0 is no interrupt of the GICv2m frame at 0x8020000"));
}

/* The log does not grow with what a guest does. */
static void test_log(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MSI_LOG_COUNT_MAX; i++) {
        msi_frame_send(&frame, 0, 0);
    }
    fake_log_reset();
    for (unsigned i = 0; i < 1000; i++) {
        msi_frame_send(&frame, 0, 0);
    }
    assert_false(fake_log_has("message"));
    assert_int_equal(frame.lost_count, MSI_LOG_COUNT_MAX + 1000);
}

static void test_interrupts_are_the_frames(void **state)
{
    (void)state;
    assert_false(virq_register(0, SPI, NULL, NULL));
    assert_false(virq_register_passthrough(0, SPI + SPI_COUNT - 1, 3));
    assert_true(virq_register(0, SPI - 1, NULL, NULL));
    assert_true(virq_register(0, SPI + SPI_COUNT, NULL, NULL));
}

static void expect_refused(uint64_t base, size_t first, size_t count, const char *message)
{
    struct msi_frame other;
    struct mmio_region region;
    fake_log_reset();
    assert_false(msi_frame_init(&other, base, first, count, &region));
    assert_true(fake_log_has(message));
}

static void test_bad_configurations(void **state)
{
    (void)state;
    expect_refused(FRAME + 0x1800, 40, 1, "GICv2m frame at 0x8021800: should be a multiple of 0x1000");
    expect_refused(0x9000000, 31, 1, "1 interrupts from 31 on out of range, limits are 32 and 1019");
    expect_refused(0x9000000, 1019, 2, "2 interrupts from 1019 on out of range");
    expect_refused(0x9000000, 32, 0, "0 interrupts from 32 on out of range");
    expect_refused(0x9000000, 32, SIZE_MAX, "from 32 on out of range");
    expect_refused(0x9000000, SIZE_MAX, 2, "on out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_registers, setup),
        cmocka_unit_test_setup(test_every_number, setup),
        cmocka_unit_test_setup(test_other_addresses, setup),
        cmocka_unit_test_setup(test_log, setup),
        cmocka_unit_test_setup(test_interrupts_are_the_frames, setup),
        cmocka_unit_test_setup(test_bad_configurations, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
