/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "aarch64/vcpu/vcpu_regs.h"

static struct vcpu *vcpu(void)
{
    return vm_vcpu(fixture_vm(), 0);
}

static void test_every_register_has_its_place(void **state)
{
    (void)state;
    seL4_UserContext context;
    for (uint32_t n = 0; n < VCPU_REG_ZERO; n++) {
        *vcpu_regs_in(&context, n) = n;
    }
    assert_int_equal(context.x0, 0);
    assert_int_equal(context.x8, 8);
    assert_int_equal(context.x9, 9);
    assert_int_equal(context.x15, 15);
    assert_int_equal(context.x16, 16);
    assert_int_equal(context.x17, 17);
    assert_int_equal(context.x18, 18);
    assert_int_equal(context.x19, 19);
    assert_int_equal(context.x28, 28);
    assert_int_equal(context.x29, 29);
    assert_int_equal(context.x30, 30);
}

static void test_get_reads_the_shortest_prefix(void **state)
{
    (void)state;
    static const unsigned words[31] = {4,  5,  6,  7,  8,  9,  10, 11, 12, 18, 19, 20, 21, 22, 23, 24,
                                       13, 14, 15, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 16, 17};
    for (uint32_t n = 0; n < 31; n++) {
        fake_counts_reset();
        vcpu_regs_begin(vcpu());
        assert_int_equal(vcpu_regs_get(vcpu(), n), fixture_x(n));
        assert_int_equal(fake.kernel_calls, 1);
        assert_int_equal(fake.kernel_words, words[n]);
        /* What was read is kept. */
        assert_int_equal(vcpu_regs_get(vcpu(), n), fixture_x(n));
        assert_int_equal(fake.kernel_calls, 1);
    }
}

static void test_zero_register(void **state)
{
    (void)state;
    vcpu_regs_begin(vcpu());
    vcpu_regs_set(vcpu(), VCPU_REG_ZERO, 0x1234);
    assert_int_equal(vcpu_regs_get(vcpu(), VCPU_REG_ZERO), 0);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.kernel_calls, 0);
}

static void test_set_keeps_the_others(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 31; n++) {
        fixture_setup(state);
        vcpu_regs_begin(vcpu());
        vcpu_regs_set(vcpu(), n, 0x77);
        vcpu_regs_flush(vcpu());
        for (unsigned other = 0; other < 31; other++) {
            assert_int_equal(*fake_x(0, other), other == n ? 0x77 : fixture_x(other));
        }
        assert_int_equal(fake.vcpus[0].context.sp, 0x1234);
        assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
        assert_int_equal(fake.kernel_calls, 2);
    }
}

static void test_second_fetch_loses_nothing(void **state)
{
    (void)state;
    fake.vcpus[0].context.pc = FIXTURE_PC;
    vcpu_regs_begin_at(vcpu(), FIXTURE_PC);
    vcpu_regs_advance(vcpu(), 4);
    vcpu_regs_set(vcpu(), 0, 0x11);
    assert_int_equal(vcpu_regs_get(vcpu(), 20), fixture_x(20));
    vcpu_regs_set(vcpu(), 20, 0x22);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(*fake_x(0, 0), 0x11);
    assert_int_equal(*fake_x(0, 20), 0x22);
}

static void test_advance_writes_the_pc_alone(void **state)
{
    (void)state;
    vcpu_regs_begin(vcpu());
    (void)vcpu_regs_get(vcpu(), 0);
    fake_counts_reset();
    const uint64_t pc = fake.vcpus[0].context.pc;
    vcpu_regs_advance(vcpu(), 2);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.pc, pc + 2);
    assert_int_equal(fake.kernel_calls, 1);
    assert_int_equal(fake.kernel_words, 1);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.kernel_calls, 1);
}

/* The process state is known, or it is fetched where the next instruction is the first of its page. */
static void test_advance_clears_the_branch_type(void **state)
{
    (void)state;
    fake.vcpus[0].context.spsr = FIXTURE_EL1H | BIT(10);
    vcpu_regs_begin(vcpu());
    vcpu_regs_advance(vcpu(), 4);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
    assert_int_equal(fake.vcpus[0].context.sp, 0x1234);
    fake.vcpus[0].context.spsr = FIXTURE_EL1H | BIT(10);
    fake.vcpus[0].context.pc = 0x40000ffc;
    vcpu_regs_begin_at(vcpu(), 0x40000ffc);
    vcpu_regs_advance(vcpu(), 4);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.pc, 0x40001000);
    assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
    assert_int_equal(fake.vcpus[0].context.sp, 0x1234);
}

/* A store of the zero register: the message has told the PC, and nothing else is needed. */
static void test_advance_from_the_message_is_one_call(void **state)
{
    (void)state;
    vcpu_regs_begin_at(vcpu(), 0x40000ff8);
    vcpu_regs_advance(vcpu(), 4);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.pc, 0x40000ffc);
    assert_int_equal(fake.kernel_calls, 1);
    assert_int_equal(fake.kernel_words, 1);
}

static void test_lend(void **state)
{
    (void)state;
    seL4_UserContext before;
    fake.vcpus[0].context.pc = FIXTURE_PC;
    vcpu_regs_begin(vcpu());
    vcpu_regs_lend(vcpu(), &before);
    vcpu()->regs.context->x2 = 0x99;
    vcpu_regs_take_back(vcpu(), &before, 4);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(*fake_x(0, 2), 0x99);
    /* Written back: no more than up to x2. */
    assert_int_equal(fake.kernel_words, 36 + 6);
}

static void test_lend_keeps_a_pc_that_was_set(void **state)
{
    (void)state;
    seL4_UserContext before;
    fake.vcpus[0].context.pc = FIXTURE_PC;
    vcpu_regs_begin(vcpu());
    vcpu_regs_lend(vcpu(), &before);
    vcpu()->regs.context->pc = 0x40000000;
    vcpu_regs_take_back(vcpu(), &before, 4);
    vcpu_regs_flush(vcpu());
    assert_int_equal(fake.vcpus[0].context.pc, 0x40000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_register_has_its_place, fixture_setup),
        cmocka_unit_test_setup(test_get_reads_the_shortest_prefix, fixture_setup),
        cmocka_unit_test_setup(test_zero_register, fixture_setup),
        cmocka_unit_test_setup(test_set_keeps_the_others, fixture_setup),
        cmocka_unit_test_setup(test_second_fetch_loses_nothing, fixture_setup),
        cmocka_unit_test_setup(test_advance_writes_the_pc_alone, fixture_setup),
        cmocka_unit_test_setup(test_advance_clears_the_branch_type, fixture_setup),
        cmocka_unit_test_setup(test_advance_from_the_message_is_one_call, fixture_setup),
        cmocka_unit_test_setup(test_lend, fixture_setup),
        cmocka_unit_test_setup(test_lend_keeps_a_pc_that_was_set, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
