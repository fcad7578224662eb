/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/tcb.h>
#include <libvmm/vcpu.h>

#include "aarch64/vcpu/vcpu_state.h"

static void test_affinity(void **state)
{
    (void)state;
    assert_int_equal(vcpu_state_reset(1, 0x10203), RESULT_OK);
    assert_int_equal(fake.vcpus[1].regs[seL4_VCPUReg_VMPIDR_EL2], 0x80010203);
    struct vm *vm = fixture_vm();
    vm->has_affinities = true;
    vm->affinity[1] = 0x300;
    vcpu_reset(1);
    assert_int_equal(fake.vcpus[1].regs[seL4_VCPUReg_VMPIDR_EL2], 0x80000300);
}

static void test_reset(void **state)
{
    (void)state;
    const uint64_t offset = 0x1234;
    for (size_t i = 0; i < fake_vcpu_reg_count; i++) {
        fake.vcpus[1].regs[i] = 0xdead0000 + i;
    }
    fake.vcpus[1].regs[seL4_VCPUReg_CNTVOFF] = offset;
    vcpu_reset(1);
    for (size_t i = 0; i < fake_vcpu_reg_count; i++) {
        const uint64_t expected = i == seL4_VCPUReg_SCTLR        ? 0x30d50838
                                  : i == seL4_VCPUReg_VMPIDR_EL2 ? 0x80000001
                                  : i == seL4_VCPUReg_CNTVOFF    ? offset
                                                                 : 0;
        assert_int_equal(fake.vcpus[1].regs[i], expected);
    }
    /* MMU, alignment checks and caches are off, and nothing outside of vCPU 1 has changed. */
    assert_int_equal(fake.vcpus[1].regs[seL4_VCPUReg_SCTLR] & 0x1007, 0);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_VBAR], FIXTURE_VBAR);
}

static void test_enter(void **state)
{
    (void)state;
    const struct vcpu_entry entry = {.pc = 0x40080000, .x0 = 0x4f000000};
    assert_int_equal(vcpu_state_enter(0, &entry, true), RESULT_OK);
    const seL4_UserContext *context = &fake.vcpus[0].context;
    assert_int_equal(context->pc, 0x40080000);
    assert_int_equal(context->spsr, 0x3c5);
    assert_int_equal(context->x0, 0x4f000000);
    assert_int_equal(context->sp, 0);
    for (unsigned n = 1; n < 31; n++) {
        assert_int_equal(*fake_x(0, n), 0);
    }
    assert_int_equal(context->tpidr_el0, 0);
    assert_true(fake.vcpus[0].running);
    assert_int_equal(fake.kernel_calls, 1);
}

static void test_vcpu_that_the_system_lacks(void **state)
{
    (void)state;
    const struct vcpu_entry entry = {0};
    assert_int_equal(vcpu_state_reset(FAKE_VCPU_COUNT, 0), RESULT_INVALID);
    assert_int_equal(vcpu_state_enter(FAKE_VCPU_COUNT, &entry, true), RESULT_INVALID);
    /* The guest has two; the VMM's calls say what is wrong. */
    fake.vcpu_count = 1;
    vcpu_reset(1);
    assert_true(fake_log_has("vcpu_reset: the system description has no vCPU 1"));
    vcpu_print_regs(1);
    tcb_print_regs(1);
    assert_int_equal(fake_log_count("of the kernel for vCPU 1"), 2);
}

static void test_wrong_vcpu_id_is_logged(void **state)
{
    (void)state;
    vcpu_reset(2);
    vcpu_print_regs(SIZE_MAX);
    tcb_print_regs(2);
    assert_int_equal(fake.kernel_calls, 0);
    assert_int_equal(fake_log_count("does not exist, there are 2"), 3);
}

static void test_print(void **state)
{
    (void)state;
    vcpu_print_regs(0);
    assert_true(fake_log_has("VBAR_EL1       0xffff800008010800"));
    assert_true(fake_log_has("CNTKCTL_EL1"));
    assert_int_equal(fake_log_count("\n"), 1 + fake_vcpu_reg_count);
    fake_log_reset();
    tcb_print_regs(0);
    assert_true(fake_log_has("x30  0xc0de00000f1e2d1e"));
    assert_true(fake_log_has("spsr 0x00000000600003c5"));
    assert_true(fake_log_has("tpidrro_el0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_affinity, fixture_setup),
        cmocka_unit_test_setup(test_reset, fixture_setup),
        cmocka_unit_test_setup(test_enter, fixture_setup),
        cmocka_unit_test_setup(test_vcpu_that_the_system_lacks, fixture_setup),
        cmocka_unit_test_setup(test_wrong_vcpu_id_is_logged, fixture_setup),
        cmocka_unit_test_setup(test_print, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
