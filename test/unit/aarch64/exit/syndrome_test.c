/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include "aarch64/exit/syndrome.h"

static uint64_t load(unsigned sas, bool sign, bool sf)
{
    return DABT_ISV | field_make(DABT_SAS, sas) | (sign ? DABT_SSE : 0) | (sf ? DABT_SF : 0);
}

static void test_fields(void **state)
{
    (void)state;
    const uint64_t esr = 0x93d5004f;
    assert_int_equal(esr_ec(esr), ESR_EC_DATA_LOWER);
    assert_int_equal(esr_instruction_bytes(esr), 4);
    assert_int_equal(esr_instruction_bytes(esr & ~ESR_IL), 2);
    assert_true(dabt_is_write(esr));
    assert_int_equal(dabt_width_bytes(esr), 8);
    assert_int_equal(dabt_register(esr), 21);
}

static void test_truncate(void **state)
{
    (void)state;
    const uint64_t value = UINT64_C(0x8899aabbccddeeff);
    assert_int_equal(dabt_truncate(load(0, false, false), value), 0xff);
    assert_int_equal(dabt_truncate(load(1, false, false), value), 0xeeff);
    assert_int_equal(dabt_truncate(load(2, false, false), value), 0xccddeeff);
    assert_int_equal(dabt_truncate(load(3, false, false), value), value);
}

static void test_extend(void **state)
{
    (void)state;
    assert_int_equal(dabt_extend(load(0, false, false), 0x80), 0x80);
    assert_int_equal(dabt_extend(load(0, true, false), 0x80), 0xffffff80);
    assert_int_equal(dabt_extend(load(0, true, true), 0x80), UINT64_C(0xffffffffffffff80));
    assert_int_equal(dabt_extend(load(0, true, true), 0x7f), 0x7f);
    assert_int_equal(dabt_extend(load(1, true, false), 0x8000), 0xffff8000);
    assert_int_equal(dabt_extend(load(1, true, true), 0x8000), UINT64_C(0xffffffffffff8000));
    assert_int_equal(dabt_extend(load(2, true, true), 0x80000000), UINT64_C(0xffffffff80000000));
    assert_int_equal(dabt_extend(load(2, false, false), 0x80000000), 0x80000000);
    assert_int_equal(dabt_extend(load(3, false, true), UINT64_MAX), UINT64_MAX);
    /* Bits beyond the width, which no device should give, do not pass. */
    assert_int_equal(dabt_extend(load(0, false, true), 0xabcd), 0xcd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_truncate),
        cmocka_unit_test(test_extend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
