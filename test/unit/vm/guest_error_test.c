/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "vm/guest_error.h"

static void test_once_a_place(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    for (unsigned i = 0; i < 5; i++) {
        guest_error(vm, 1, GUEST_ERROR_ACCESS_NOTHING, 0x9000000, 0x1234);
    }
    assert_int_equal(fake_log_count("ERROR"), 1);
    assert_true(fake_log_has("vCPU 1"));
    assert_true(fake_log_has("0x9000000 (0x1234)"));
    guest_error(vm, 0, GUEST_ERROR_DEVICE, 0x9000000, 0);
    guest_error(vm, 0, GUEST_ERROR_ACCESS_NOTHING, 0x9001000, 0);
    assert_int_equal(fake_log_count("ERROR"), 3);
    assert_int_equal(vm->errors.counts[GUEST_ERROR_ACCESS_NOTHING], 6);
    assert_int_equal(vm->errors.counts[GUEST_ERROR_DEVICE], 1);
}

static void test_log_is_bounded(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    for (uint64_t i = 0; i < 1000; i++) {
        guest_error(vm, 0, GUEST_ERROR_TRAP, i, 0);
    }
    assert_int_equal(vm->errors.counts[GUEST_ERROR_TRAP], 1000);
    assert_int_equal(fake_log_count("ERROR"), GUEST_ERROR_PLACE_COUNT_MAX + 1);
}

static void test_every_kind_has_a_text(void **state)
{
    (void)state;
    for (int kind = 0; kind < GUEST_ERROR_KIND_COUNT; kind++) {
        guest_error(fixture_vm(), 0, (enum guest_error_kind)kind, 1, 2);
    }
    assert_false(fake_log_has("(null)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_once_a_place, fixture_setup),
        cmocka_unit_test_setup(test_log_is_bounded, fixture_setup),
        cmocka_unit_test_setup(test_every_kind_has_a_text, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
