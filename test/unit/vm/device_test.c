/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/guest.h>

#include "vm/device.h"
#include "vm/fdt_builder.h"

struct recorder {
    struct device device;
    unsigned resets;
    unsigned described;
    microkit_channel channel;
};

static struct recorder a;
static struct recorder b;
static struct recorder *order[4];
static unsigned order_count;

static void on_reset(void *ctx)
{
    ((struct recorder *)ctx)->resets++;
}

static void on_describe(void *ctx, struct fdt_builder *tree)
{
    (void)tree;
    order[order_count++] = ctx;
}

static bool on_notified(void *ctx, microkit_channel channel)
{
    return ((struct recorder *)ctx)->channel == channel;
}

static const struct device_ops ops = {.reset = on_reset, .describe = on_describe, .notified = on_notified};
static const struct device_claims nothing;
static const struct device_ops least_ops = {.reset = on_reset};

static int setup(void **state)
{
    fixture_setup(state);
    a = (struct recorder){.channel = 3};
    b = (struct recorder){.channel = 4};
    order_count = 0;
    return 0;
}

static enum mmio_result access_nothing(void *dev, struct mmio_access *access)
{
    (void)dev;
    (void)access;
    return MMIO_HANDLED;
}

static struct mmio_region region(uint64_t base)
{
    return (struct mmio_region){gpa(base), 0x1000, 4, access_nothing, NULL};
}

/* Each way to fail, at the last thing that is claimed: bus, interrupts and list stay as they were. */
static void test_all_or_nothing(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    static _Alignas(4096) uint8_t ram[0x1000];
    assert_true(guest_ram_register((uintptr_t)ram, 0x40000000, sizeof ram));
    assert_true(virq_register(0, 50, NULL, NULL));
    const struct device_claims good = {.regions = {region(0x20000000), region(0x20002000)}, .irqs = {{60, 2}, {70, 1}}};
    struct device_claims bad[6];
    for (size_t i = 0; i < 6; i++) {
        bad[i] = good;
    }
    bad[0].irqs[1].first = 50;                       /* registered */
    bad[1].irqs[1].first = 31;                       /* no SPI */
    bad[2].irqs[1].count = SIZE_MAX;                 /* none after some */
    bad[3].irqs[1].first = 61;                       /* twice its own */
    bad[4].regions[1] = region(0x40000000);          /* RAM */
    bad[5].regions[1] = region(FIXTURE_DEVICE_BASE); /* another device */
    const struct virq virq = vm->virq;
    const struct mmio_bus bus = vm->mmio;
    for (size_t i = 0; i < 6; i++) {
        fake_log_reset();
        assert_int_not_equal(device_add(vm, &a.device, "name", &ops, &a, &bad[i]), RESULT_OK);
        assert_int_equal(fake_log_count("FAKE|ERROR: name: "), 1);
        assert_memory_equal(&vm->virq, &virq, sizeof virq);
        assert_int_equal(vm->mmio.region_count, bus.region_count);
        assert_memory_equal(vm->mmio.regions, bus.regions, sizeof bus.regions);
        assert_null(vm->devices);
    }
    assert_int_equal(device_add(vm, &a.device, "name", &ops, &a, &good), RESULT_OK);
    assert_ptr_equal(vm->devices, &a.device);
    assert_false(virq_register(0, 61, NULL, NULL));
    assert_int_equal(vm->mmio.region_count, bus.region_count + 2);
    /* No room for the second region. */
    struct device_claims many = {.regions = {region(0x30000000), region(0x30001000)}};
    while (vm->mmio.region_count < MMIO_REGION_COUNT_MAX - 1) {
        const struct mmio_region filler = region(0x50000000 + vm->mmio.region_count * 0x1000);
        assert_int_equal(mmio_add(&vm->mmio, &filler), RESULT_OK);
    }
    assert_int_equal(device_add(vm, &b.device, "name", &ops, &b, &many), RESULT_FULL);
    assert_int_equal(vm->mmio.region_count, MMIO_REGION_COUNT_MAX - 1);
}

/* Before there is an interrupt controller, too: its interrupts are its own. */
static void test_without_a_controller(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    const struct device_claims claims = {.irqs = {{60, 1}}};
    vm_forget(vm);
    assert_int_equal(device_add(vm, &a.device, "name", &ops, &a, &claims), RESULT_OK);
    assert_int_equal(device_add(vm, &b.device, "name", &ops, &b, &claims), RESULT_BUSY);
    device_reset_all(vm);
    assert_int_equal(a.resets, 1);
    assert_int_equal(b.resets, 0); /* was not added */
}

static void test_last_one_first(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, "name", &ops, &a, &nothing), RESULT_OK);
    assert_int_equal(device_add(fixture_vm(), &b.device, "name", &ops, &b, &nothing), RESULT_OK);
    device_describe_all(fixture_vm(), NULL);
    assert_int_equal(order_count, 2);
    assert_ptr_equal(order[0], &b);
    assert_ptr_equal(order[1], &a);
}

static void test_notified(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, "name", &ops, &a, &nothing), RESULT_OK);
    assert_int_equal(device_add(fixture_vm(), &b.device, "name", &ops, &b, &nothing), RESULT_OK);
    assert_true(device_notified(fixture_vm(), 3));
    assert_true(device_notified(fixture_vm(), 4));
    assert_false(device_notified(fixture_vm(), 5));
}

static void test_operations_that_are_not_there(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, "name", &least_ops, &a, &nothing), RESULT_OK);
    assert_false(device_notified(fixture_vm(), 3));
    device_describe_all(fixture_vm(), NULL);
    device_reset_all(fixture_vm());
    assert_int_equal(a.resets, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_or_nothing, setup),
        cmocka_unit_test_setup(test_without_a_controller, setup),
        cmocka_unit_test_setup(test_last_one_first, setup),
        cmocka_unit_test_setup(test_notified, setup),
        cmocka_unit_test_setup(test_operations_that_are_not_there, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
