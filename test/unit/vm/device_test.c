/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "vm/device.h"
#include "vm/device_tree.h"

struct recorder {
    struct device device;
    enum result attach_result;
    unsigned attached;
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

static enum result on_attach(void *ctx, struct vm *vm)
{
    struct recorder *recorder = ctx;
    assert_ptr_equal(vm, fixture_vm());
    recorder->attached++;
    return recorder->attach_result;
}

static void on_describe(void *ctx, struct device_tree *tree)
{
    (void)tree;
    order[order_count++] = ctx;
}

static bool on_notified(void *ctx, microkit_channel channel)
{
    return ((struct recorder *)ctx)->channel == channel;
}

static const struct device_ops ops = {
    .reset = on_reset, .attach = on_attach, .describe = on_describe, .notified = on_notified};
static const struct device_ops least_ops = {.reset = on_reset};

static int setup(void **state)
{
    fixture_setup(state);
    a = (struct recorder){.channel = 3};
    b = (struct recorder){.channel = 4};
    order_count = 0;
    return 0;
}

static void test_attached_at_once(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, &ops, &a), RESULT_OK);
    assert_int_equal(a.attached, 1);
    b.attach_result = RESULT_BUSY;
    assert_int_equal(device_add(fixture_vm(), &b.device, &ops, &b), RESULT_BUSY);
    device_reset_all(fixture_vm());
    assert_int_equal(a.resets, 1);
    assert_int_equal(b.resets, 0); /* was not added */
}

static void test_attached_later(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vm->virq.initialised = false;
    assert_int_equal(device_add(vm, &a.device, &ops, &a), RESULT_OK);
    assert_int_equal(device_add(vm, &b.device, &ops, &b), RESULT_OK);
    assert_int_equal(a.attached + b.attached, 0);
    assert_int_equal(device_attach_all(vm), RESULT_OK);
    assert_int_equal(a.attached, 1);
    assert_int_equal(b.attached, 1);
    a.attach_result = RESULT_BUSY;
    assert_int_equal(device_attach_all(vm), RESULT_BUSY);
}

static void test_last_one_first(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, &ops, &a), RESULT_OK);
    assert_int_equal(device_add(fixture_vm(), &b.device, &ops, &b), RESULT_OK);
    device_describe_all(fixture_vm(), NULL);
    assert_int_equal(order_count, 2);
    assert_ptr_equal(order[0], &b);
    assert_ptr_equal(order[1], &a);
}

static void test_notified(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, &ops, &a), RESULT_OK);
    assert_int_equal(device_add(fixture_vm(), &b.device, &ops, &b), RESULT_OK);
    assert_true(device_notified(fixture_vm(), 3));
    assert_true(device_notified(fixture_vm(), 4));
    assert_false(device_notified(fixture_vm(), 5));
}

static void test_operations_that_are_not_there(void **state)
{
    (void)state;
    assert_int_equal(device_add(fixture_vm(), &a.device, &least_ops, &a), RESULT_OK);
    assert_int_equal(device_attach_all(fixture_vm()), RESULT_OK);
    assert_false(device_notified(fixture_vm(), 3));
    device_describe_all(fixture_vm(), NULL);
    device_reset_all(fixture_vm());
    assert_int_equal(a.resets, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_attached_at_once, setup),
        cmocka_unit_test_setup(test_attached_later, setup),
        cmocka_unit_test_setup(test_last_one_first, setup),
        cmocka_unit_test_setup(test_notified, setup),
        cmocka_unit_test_setup(test_operations_that_are_not_there, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
