/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#define SYSREG(op0, op1, crn, crm, op2)                                                                                \
    ((UINT64_C(op0) << 20) | (UINT64_C(op2) << 17) | (UINT64_C(op1) << 14) | (UINT64_C(crn) << 10) |                   \
     (UINT64_C(crm) << 1))
#define SGI1R   SYSREG(3, 0, 12, 11, 5)
#define ASGI1R  SYSREG(3, 0, 12, 11, 6)
#define SGI0R   SYSREG(3, 0, 12, 11, 7)
#define SRE     SYSREG(3, 0, 12, 12, 5)
#define UNKNOWN SYSREG(3, 0, 1, 0, 1)
#define RT(n)   (UINT64_C(n) << 5)
#define READ    UINT64_C(1)

static bool trap(uint64_t iss)
{
    return fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SYSREG, iss)));
}

static void assert_advanced(void)
{
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_SYSTEM_REGISTER], 0);
}

static void test_sgi_to_self(void **state)
{
    (void)state;
    /* SGI 5, target list: affinity 0.0.0.0. */
    *fake_x(0, 7) = UINT64_C(5) << 24 | 1;
    assert_true(trap(SGI1R | RT(7)));
    assert_advanced();
    assert_int_equal(fixture_vm()->vgic.vcpus[0].private_word.latched, 1u << 5);
}

static void test_other_sgi_registers(void **state)
{
    (void)state;
    *fake_x(0, 1) = UINT64_C(3) << 24 | 1;
    assert_true(trap(SGI0R | RT(1)));
    assert_advanced();
    assert_true(trap(ASGI1R | RT(1)));
    assert_advanced();
}

static void test_sgi_register_is_write_only(void **state)
{
    (void)state;
    assert_true(trap(SGI1R | RT(1) | READ));
    fixture_assert_exception(0x02000000, 0x200);
}

static void test_sgi_register_of_gicv2_is_undefined(void **state)
{
    (void)state;
    fixture_vm()->vgic.config.version = VGIC_V2;
    assert_true(trap(SGI1R | RT(1)));
    fixture_assert_exception(0x02000000, 0x200);
}

static void test_sre(void **state)
{
    (void)state;
    assert_true(trap(SRE | RT(2) | READ));
    assert_int_equal(*fake_x(0, 2), 7);
    assert_advanced();
    assert_true(trap(SRE | RT(31)));
    assert_advanced();
}

static void test_sre_of_gicv2_is_undefined(void **state)
{
    (void)state;
    fixture_vm()->vgic.config.version = VGIC_V2;
    *fake_x(0, 2) = 0x55;
    assert_true(trap(SRE | RT(2) | READ));
    fixture_assert_exception(0x02000000, 0x200);
    assert_int_equal(*fake_x(0, 2), 0x55);
    assert_true(trap(SRE | RT(2)));
    fixture_assert_exception(0x02000000, 0x200);
}

static void test_physical_timer_is_undefined(void **state)
{
    (void)state;
    for (unsigned op2 = 0; op2 < 3; op2++) {
        const uint64_t which = SYSREG(3, 3, 14, 2, 0) | UINT64_C(1) * op2 << 17;
        assert_true(trap(which | RT(4)));
        fixture_assert_exception(0x02000000, 0x200);
        assert_true(trap(which | RT(4) | READ));
        fixture_assert_exception(0x02000000, 0x200);
    }
}

static void test_read_into_xzr(void **state)
{
    (void)state;
    assert_true(trap(SRE | RT(31) | READ));
    assert_advanced();
}

static void test_unknown_is_undefined(void **state)
{
    (void)state;
    assert_true(trap(UNKNOWN | RT(3)));
    fixture_assert_exception(0x02000000, 0x200);
    assert_true(trap(UNKNOWN | RT(3) | READ));
    fixture_assert_exception(0x02000000, 0x200);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_SYSTEM_REGISTER], 2);
    assert_int_equal(fake_log_count("system register"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sgi_to_self, fixture_setup),
        cmocka_unit_test_setup(test_other_sgi_registers, fixture_setup),
        cmocka_unit_test_setup(test_sgi_register_is_write_only, fixture_setup),
        cmocka_unit_test_setup(test_sgi_register_of_gicv2_is_undefined, fixture_setup),
        cmocka_unit_test_setup(test_sre, fixture_setup),
        cmocka_unit_test_setup(test_sre_of_gicv2_is_undefined, fixture_setup),
        cmocka_unit_test_setup(test_physical_timer_is_undefined, fixture_setup),
        cmocka_unit_test_setup(test_read_into_xzr, fixture_setup),
        cmocka_unit_test_setup(test_unknown_is_undefined, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
