/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "aarch64/exit/inject.h"
#include "aarch64/vcpu/vcpu_regs.h"

#define FETCH UINT64_C(0x82000007)

static struct vcpu *begin(void)
{
    struct vcpu *vcpu = vm_vcpu(fixture_vm(), 0);
    fake.vcpus[0].context.pc = FIXTURE_PC;
    vcpu_regs_begin(vcpu);
    return vcpu;
}

static void abort_at(uint64_t esr, uint64_t at)
{
    struct vcpu *vcpu = begin();
    inject_external_abort(fixture_vm(), vcpu, esr, gpa(at));
    vcpu_regs_flush(vcpu);
}

static void test_data_abort_from_el1h(void **state)
{
    (void)state;
    abort_at(FIXTURE_STORE(4, 1, 0), 0x9000);
    /* EC 0x25, IL, FnV, WnR, external abort. */
    fixture_assert_exception(0x96000450, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1], FIXTURE_EL1H);
    assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], 0);
}

static void test_with_mmu_off_the_address_is_known(void **state)
{
    (void)state;
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = BIT(23);
    abort_at(FIXTURE_LOAD(4, 1, 0), 0x9010);
    fixture_assert_exception(0x96000010, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], 0x9010);
}

static void test_from_el1t(void **state)
{
    (void)state;
    fake.vcpus[0].context.spsr = 0x3c4;
    abort_at(FIXTURE_LOAD(4, 1, 0), 0x9000);
    fixture_assert_exception(0x96000410, 0x000);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1], 0x3c4);
    assert_int_equal(fake.vcpus[0].context.spsr, 0x3c5);
}

static void test_from_el0(void **state)
{
    (void)state;
    fake.vcpus[0].context.spsr = 0x80000000;
    abort_at(FIXTURE_LOAD(4, 1, 0), 0x9000);
    fixture_assert_exception(0x92000410, 0x400);
    assert_int_equal(fake.vcpus[0].context.spsr, 0x800003c5);
}

static void test_from_aarch32_el0(void **state)
{
    (void)state;
    fake.vcpus[0].context.spsr = 0x60000030;
    abort_at(FIXTURE_LOAD(4, 1, 0) & ~ESR_IL, 0x9000);
    fixture_assert_exception(0x90000410, 0x600);
    assert_int_equal(fake.vcpus[0].context.spsr, 0x600003c5);
}

static void test_fetch(void **state)
{
    (void)state;
    abort_at(FETCH, 0x9000);
    fixture_assert_exception(0x86000010, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], FIXTURE_PC);
    fixture_setup(state);
    fake.vcpus[0].context.spsr = 0;
    abort_at(FETCH, 0x9000);
    fixture_assert_exception(0x82000010, 0x400);
}

static void test_status_and_address(void **state)
{
    (void)state;
    struct vcpu *vcpu = begin();
    inject_abort(vcpu, fixture_dabt(4, 3, true, 0), FSC_ALIGNMENT, 0xffff000012345679);
    vcpu_regs_flush(vcpu);
    fixture_assert_exception(0x96000061, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], 0xffff000012345679);
}

static void test_undefined(void **state)
{
    (void)state;
    struct vcpu *vcpu = begin();
    inject_undefined(vcpu);
    vcpu_regs_flush(vcpu);
    fixture_assert_exception(0x02000000, 0x200);
}

static void test_pstate_follows_sctlr(void **state)
{
    (void)state;
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = BIT(44);
    fake.vcpus[0].context.spsr = 0xf1200c05 | BIT(24);
    struct vcpu *vcpu = begin();
    inject_undefined(vcpu);
    vcpu_regs_flush(vcpu);
    /* NZCV and DIT stay, PAN (SPAN is 0) and SSBS (DSSBS is 1) are set, SS, IL and BTYPE are cleared. */
    assert_int_equal(fake.vcpus[0].context.spsr, 0xf1000000 | BIT(22) | BIT(12) | 0x3c5);
}

static void test_low_bits_of_vbar_do_not_count(void **state)
{
    (void)state;
    fake.vcpus[0].regs[seL4_VCPUReg_VBAR] = FIXTURE_VBAR | 0x7ff;
    struct vcpu *vcpu = begin();
    inject_undefined(vcpu);
    vcpu_regs_flush(vcpu);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_VBAR + 0x200);
}

static void test_restarted_vcpu_is_left_alone(void **state)
{
    (void)state;
    struct vcpu *vcpu = begin();
    const struct fake_vcpu before = fake.vcpus[0];
    vcpu->exit = VCPU_REPLACED;
    inject_undefined(vcpu);
    inject_external_abort(fixture_vm(), vcpu, FETCH, gpa(0));
    vcpu_regs_flush(vcpu);
    assert_memory_equal(&before, &fake.vcpus[0], sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_data_abort_from_el1h, fixture_setup),
        cmocka_unit_test_setup(test_with_mmu_off_the_address_is_known, fixture_setup),
        cmocka_unit_test_setup(test_from_el1t, fixture_setup),
        cmocka_unit_test_setup(test_from_el0, fixture_setup),
        cmocka_unit_test_setup(test_from_aarch32_el0, fixture_setup),
        cmocka_unit_test_setup(test_fetch, fixture_setup),
        cmocka_unit_test_setup(test_status_and_address, fixture_setup),
        cmocka_unit_test_setup(test_undefined, fixture_setup),
        cmocka_unit_test_setup(test_pstate_follows_sctlr, fixture_setup),
        cmocka_unit_test_setup(test_restarted_vcpu_is_left_alone, fixture_setup),
        cmocka_unit_test_setup(test_low_bits_of_vbar_do_not_count, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
