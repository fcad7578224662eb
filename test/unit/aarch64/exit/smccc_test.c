/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/arch/aarch64/smc.h>

#include "aarch64/exit/smccc.h"

#define NOT_SUPPORTED UINT64_MAX

static uint64_t smc_with(uint64_t immediate, uint64_t function, uint64_t x1)
{
    *fake_x(0, 0) = function;
    *fake_x(0, 1) = x1;
    assert_true(fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SMC64, immediate))));
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    return *fake_x(0, 0);
}

static uint64_t smc(uint64_t function, uint64_t x1)
{
    return smc_with(0, function, x1);
}

static uint64_t hvc(uint64_t function, uint64_t x1)
{
    *fake_x(0, 0) = function;
    *fake_x(0, 1) = x1;
    assert_true(fixture_fault(fake_hvc(0, FIXTURE_PC)));
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    return *fake_x(0, 0);
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(smc(SMCCC_VERSION, 0), 0x10002);
    assert_int_equal(hvc(SMCCC_VERSION, 0), 0x10002);
}

static void test_features(void **state)
{
    (void)state;
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, SMCCC_VERSION), 0);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES), 0);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x80008000), NOT_SUPPORTED);
    /* The upper half of an argument of a 32-bit call does not count. */
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, UINT64_C(0x1234567800000000) | SMCCC_VERSION), 0);
}

static void test_unknown(void **state)
{
    (void)state;
    static const uint32_t functions[] = {0x80000002, 0x80007fff, 0x80008000, 0xc0000000, 0x81000000,
                                         0x82000000, 0x83000000, 0x85000000, 0x86000000, 0xc600ff01,
                                         0xbf00ffff, 0x84000050, 0,          0x04000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        assert_int_equal(smc(functions[i], 0), NOT_SUPPORTED);
        assert_int_equal(hvc(functions[i], 0), NOT_SUPPORTED);
    }
    assert_int_equal(fake.log_bytes, 0);
}

static void test_immediate_must_be_zero(void **state)
{
    (void)state;
    assert_int_equal(smc_with(1, SMCCC_VERSION, 0), NOT_SUPPORTED);
    assert_int_equal(smc_with(0xffff, SMCCC_VERSION, 0), NOT_SUPPORTED);
}

static void test_registers_are_preserved(void **state)
{
    (void)state;
    smc(SMCCC_VERSION, 0x11);
    hvc(SMCCC_VERSION, 0x11);
    assert_int_equal(*fake_x(0, 1), 0x11);
    for (unsigned n = 2; n < 31; n++) {
        assert_int_equal(*fake_x(0, n), fixture_x(n));
    }
    assert_int_equal(fake.vcpus[0].context.sp, 0x1234);
    assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
}

static void test_kernel_calls_and_words(void **state)
{
    (void)state;
    fake_counts_reset();
    smc(SMCCC_VERSION, 0);
    assert_int_equal(fake.kernel_calls, 2);
    assert_int_equal(fake.kernel_words, 7 + 4);
    fake_counts_reset();
    hvc(SMCCC_VERSION, 0);
    assert_int_equal(fake.kernel_calls, 1);
    assert_int_equal(fake.kernel_words, 4);
}

static size_t sip_number;
static bool sip_answer;

static bool sip(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    assert_int_equal(vcpu_id, 0);
    sip_number = fn_number;
    regs->x0 = 0xa0;
    regs->x3 = regs->x28;
    if (!sip_answer) {
        regs->sp = 0;
    }
    return sip_answer;
}

static void test_sip_handler(void **state)
{
    (void)state;
    assert_false(smc_register_sip_handler(NULL));
    assert_true(smc_register_sip_handler(sip));
    assert_false(smc_register_sip_handler(sip));
    sip_answer = true;
    assert_int_equal(smc(0xc2001234, 0), 0xa0);
    assert_int_equal(sip_number, 0x1234);
    assert_int_equal(*fake_x(0, 3), fixture_x(28));
    assert_int_equal(hvc(0x02000007, 0), 0xa0);
    assert_int_equal(sip_number, 7);
    sip_answer = false;
    *fake_x(0, 3) = 3;
    assert_int_equal(smc(0x82001234, 0), NOT_SUPPORTED);
    assert_int_equal(*fake_x(0, 3), 3);
    assert_int_equal(fake.vcpus[0].context.sp, 0x1234);
}

static void test_sip_forward(void **state)
{
    (void)state;
    fake.smc_response = (seL4_ARM_SMCContext){1, 2, 3, 4, 5, 6, 7, 8};
    assert_true(smc_register_sip_handler(smc_sip_forward));
    *fake_x(0, 7) = 0x77;
    assert_int_equal(smc(0x82000001, 0x99), 1);
    assert_int_equal(fake.smc_calls, 1);
    assert_int_equal(fake.smc_args.x0, 0x82000001);
    assert_int_equal(fake.smc_args.x1, 0x99);
    assert_int_equal(fake.smc_args.x7, 0x77);
    for (unsigned n = 0; n < 8; n++) {
        assert_int_equal(*fake_x(0, n), n + 1);
    }
    assert_int_equal(*fake_x(0, 8), fixture_x(8));
    /* Nothing else is ever forwarded. */
    smc(0x84000000, 0);
    smc(0x83000000, 0);
    assert_int_equal(fake.smc_calls, 1);
}

static void test_oem_handler(void **state)
{
    (void)state;
    assert_false(smc_register_oem_handler(NULL));
    assert_true(smc_register_oem_handler(sip));
    assert_false(smc_register_oem_handler(sip));
    sip_answer = true;
    assert_int_equal(smc(0xc3000009, 0), 0xa0);
    assert_int_equal(sip_number, 9);
    assert_int_equal(smc(0xc2000009, 0), NOT_SUPPORTED);
}

static void test_forward_only(void **state)
{
    (void)state;
    static const uint32_t list[] = {0x82000001, 0xc3000002, 0x80008000};
    fake.smc_response = (seL4_ARM_SMCContext){.x0 = 1};
    assert_true(smc_register_sip_handler(smc_sip_forward));
    assert_true(smc_register_oem_handler(smc_sip_forward));
    assert_false(smc_forward_only(NULL, 1));
    assert_int_equal(smc(0x82000007, 0), 1);
    assert_true(smc_forward_only(list, 3));
    assert_int_equal(smc(0x82000001, 0), 1);
    assert_int_equal(smc(0x82010001, 0), 1); /* with the hint of SVE */
    assert_int_equal(smc(0xc3000002, 0), 1);
    assert_int_equal(fake.smc_calls, 4);
    assert_int_equal(smc(0xc2000001, 0), NOT_SUPPORTED);
    assert_int_equal(smc(0x82000002, 0), NOT_SUPPORTED);
    assert_int_equal(smc(0x83000002, 0), NOT_SUPPORTED);
    assert_true(smc_forward_only(list, 0));
    assert_int_equal(smc(0x82000001, 0), NOT_SUPPORTED);
    assert_int_equal(fake.smc_calls, 4);
}

/* Functions of the architecture, and whether they are there, are the firmware's to answer where the VMM lets it. */
static void test_workarounds(void **state)
{
    (void)state;
    static const uint32_t list[] = {0x80008000, 0x80000002, 0x80000000, 0x80000001, 0x84000000};
    fake.smc_response = (seL4_ARM_SMCContext){.x0 = 1};
    assert_true(smc_forward_only(list, 5));
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x80008000), 1);
    assert_int_equal(fake.smc_args.x0, SMCCC_ARCH_FEATURES);
    assert_int_equal(fake.smc_args.x1, 0x80008000);
    assert_int_equal(smc(0x80008000, 0), 1);
    assert_int_equal(fake.smc_args.x0, 0x80008000);
    assert_int_equal(hvc(0x80000002, 1), 1);
    assert_int_equal(fake.smc_calls, 3);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x80007fff), NOT_SUPPORTED);
    assert_int_equal(smc(0x80007fff, 0), NOT_SUPPORTED);
    /* What the library answers is not the firmware's, whatever the list says. */
    assert_int_equal(smc(SMCCC_VERSION, 0), 0x10002);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, SMCCC_VERSION), 0);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x84000000), NOT_SUPPORTED);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES), 0);
    assert_int_equal(smc(0x84000000, 0), 0x10001);
    assert_int_equal(fake.smc_calls, 3);
    /* The question is the firmware's where the function is, though the question itself is not listed. */
    assert_true(smc_forward_only(list, 1));
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x80008000), 1);
    assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x80000002), NOT_SUPPORTED);
    assert_int_equal(fake.smc_calls, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_version, fixture_setup),
        cmocka_unit_test_setup(test_features, fixture_setup),
        cmocka_unit_test_setup(test_unknown, fixture_setup),
        cmocka_unit_test_setup(test_immediate_must_be_zero, fixture_setup),
        cmocka_unit_test_setup(test_registers_are_preserved, fixture_setup),
        cmocka_unit_test_setup(test_kernel_calls_and_words, fixture_setup),
        cmocka_unit_test_setup(test_sip_handler, fixture_setup),
        cmocka_unit_test_setup(test_sip_forward, fixture_setup),
        cmocka_unit_test_setup(test_oem_handler, fixture_setup),
        cmocka_unit_test_setup(test_forward_only, fixture_setup),
        cmocka_unit_test_setup(test_workarounds, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
