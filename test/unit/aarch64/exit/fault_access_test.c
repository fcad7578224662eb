/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

static seL4_UserContext regs;

static int setup(void **state)
{
    (void)state;
    memset(&regs, 0x5a, sizeof regs);
    regs.x3 = UINT64_C(0x8899aabbccddeeff);
    return 0;
}

static void test_direction(void **state)
{
    (void)state;
    assert_true(fault_is_read(FIXTURE_LOAD(4, 0, 0)));
    assert_false(fault_is_write(FIXTURE_LOAD(4, 0, 0)));
    assert_false(fault_is_read(FIXTURE_STORE(4, 0, 0)));
    assert_true(fault_is_write(FIXTURE_STORE(4, 0, 0)));
}

static void test_data(void **state)
{
    (void)state;
    assert_int_equal(fault_get_data(&regs, FIXTURE_STORE(1, 3, 0)), 0xff);
    assert_int_equal(fault_get_data(&regs, FIXTURE_STORE(2, 3, 0)), 0xeeff);
    assert_int_equal(fault_get_data(&regs, FIXTURE_STORE(4, 3, 0)), 0xccddeeff);
    assert_int_equal(fault_get_data(&regs, FIXTURE_STORE(8, 3, 0)), regs.x3);
    assert_int_equal(fault_get_data(&regs, FIXTURE_STORE(8, 31, 0)), 0);
}

static void test_mask(void **state)
{
    (void)state;
    assert_int_equal(fault_get_data_mask(0x1000, FIXTURE_LOAD(1, 0, 0)), 0xff);
    assert_int_equal(fault_get_data_mask(0x1001, FIXTURE_LOAD(1, 0, 0)), 0xff00);
    assert_int_equal(fault_get_data_mask(0x1003, FIXTURE_LOAD(1, 0, 0)), 0xff000000);
    assert_int_equal(fault_get_data_mask(0x1002, FIXTURE_LOAD(2, 0, 0)), 0xffff0000);
    assert_int_equal(fault_get_data_mask(0x1004, FIXTURE_LOAD(4, 0, 0)), 0xffffffff);
    assert_int_equal(fault_get_data_mask(0x1004, FIXTURE_LOAD(8, 0, 0)), UINT64_MAX);
    assert_int_equal(fault_get_data_mask(0x1001, FIXTURE_LOAD(8, 0, 0)), UINT64_MAX);
}

static void test_emulate_write(void **state)
{
    (void)state;
    fault_emulate_write(&regs, 0x1000, FIXTURE_LOAD(4, 3, 0), 0x11223344);
    assert_int_equal(regs.x3, 0x11223344);
    fault_emulate_write(&regs, 0x1002, FIXTURE_LOAD(1, 3, 0), 0x11a23344);
    assert_int_equal(regs.x3, 0xa2);
    fault_emulate_write(&regs, 0x1002, FIXTURE_LOAD(1, 3, DABT_SSE | DABT_SF), 0x11a23344);
    assert_int_equal(regs.x3, UINT64_C(0xffffffffffffffa2));
    fault_emulate_write(&regs, 0x1002, FIXTURE_LOAD(2, 3, 0), 0x11a23344);
    assert_int_equal(regs.x3, 0x11a2);
    fault_emulate_write(&regs, 0x1008, FIXTURE_LOAD(8, 3, DABT_SF), UINT64_C(0x1122334455667788));
    assert_int_equal(regs.x3, UINT64_C(0x1122334455667788));
}

static void test_emulate_write_leaves_stores_and_xzr_alone(void **state)
{
    (void)state;
    const seL4_UserContext before = regs;
    fault_emulate_write(&regs, 0x1000, FIXTURE_STORE(4, 3, 0), 0x11223344);
    fault_emulate_write(&regs, 0x1000, FIXTURE_LOAD(4, 31, 0), 0x11223344);
    assert_memory_equal(&before, &regs, sizeof regs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_direction, setup),
        cmocka_unit_test_setup(test_data, setup),
        cmocka_unit_test_setup(test_mask, setup),
        cmocka_unit_test_setup(test_emulate_write, setup),
        cmocka_unit_test_setup(test_emulate_write_leaves_stores_and_xzr_alone, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
