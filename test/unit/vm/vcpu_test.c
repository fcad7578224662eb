/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "vm/vcpu.h"

static const struct vcpu_entry entry = {.pc = 0x40080000, .x0 = 5};

static void test_start(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vm->vcpus[1].state = VCPU_WAITING;
    vm->vcpus[1].timers[VCPU_TIMER_VIRTUAL] = VCPU_TIMER_MASKED;
    fake.vcpus[1].regs[seL4_VCPUReg_CNTV_CTL] = 1;
    assert_int_equal(vcpu_start(vm, 1, &entry), RESULT_OK);
    assert_int_equal(vm->vcpus[1].state, VCPU_RUNNING);
    assert_int_not_equal(vm->vcpus[1].state, VCPU_WAITING);
    assert_int_not_equal(vm->vcpus[1].exit, VCPU_REPLACED);
    assert_true(fake.vcpus[1].running);
    assert_int_equal(fake.vcpus[1].context.pc, 0x40080000);
    assert_int_equal(fake.vcpus[1].context.x0, 5);
    assert_int_equal(fake.vcpus[1].regs[seL4_VCPUReg_CNTV_CTL], 0);
    assert_int_equal(fake.vcpus[1].vppi_ack_count, 1);
    assert_true(vm->vgic.vcpus[1].on);
}

static void test_stop(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vm->vcpus[0].state = VCPU_WAITING;
    vcpu_stop(vm, 0);
    vcpu_stop(vm, 0);
    vcpu_stop(vm, 1);
    assert_int_equal(fake.vcpus[0].stop_count, 1);
    assert_int_equal(fake.vcpus[1].stop_count, 0);
    assert_int_equal(vm->vcpus[0].state, VCPU_OFF);
    assert_int_not_equal(vm->vcpus[0].state, VCPU_WAITING);
    assert_false(vm->vgic.vcpus[0].on);
}

static void test_pause_and_resume(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    assert_int_equal(vcpu_start(vm, 1, &entry), RESULT_OK);
    vcpu_pause(vm, 1);
    assert_int_equal(vm->vcpus[1].state, VCPU_PAUSED);
    assert_false(fake.vcpus[1].running);
    assert_false(vm->vgic.vcpus[1].on);
    vcpu_resume(vm, 1);
    assert_int_equal(vm->vcpus[1].state, VCPU_RUNNING);
    assert_true(fake.vcpus[1].running);
    assert_int_equal(fake.vcpus[1].resume_count, 1);
    assert_int_equal(fake.vcpus[0].resume_count, 0);
    assert_true(vm->vgic.vcpus[1].on);
}

static void test_kick(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vcpu_kick(vm, 0);
    assert_int_equal(fake.kernel_calls, 0);
    vcpu_wait(&vm->vcpus[0], 0x1234);
    vcpu_kick(vm, 0);
    vcpu_kick(vm, 0);
    assert_int_equal(fake.vcpus[0].restart_count, 1);
    assert_int_equal(fake.vcpus[0].context.pc, 0x1234);
}

static void test_within_an_exit(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vm->vcpus[0].exit = VCPU_HANDLING;
    vcpu_wait(&vm->vcpus[0], 0x1234);
    vcpu_kick(vm, 0);
    assert_int_equal(fake.vcpus[0].restart_count, 0);
    assert_int_not_equal(vm->vcpus[0].state, VCPU_WAITING);
    vcpu_stop(vm, 0);
    assert_int_equal(vm->vcpus[0].exit, VCPU_REPLACED);
    vm->vcpus[0].exit = VCPU_HANDLING;
    assert_int_equal(vcpu_start(vm, 0, &entry), RESULT_OK);
    assert_int_equal(vm->vcpus[0].exit, VCPU_REPLACED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start, fixture_setup),
        cmocka_unit_test_setup(test_stop, fixture_setup),
        cmocka_unit_test_setup(test_pause_and_resume, fixture_setup),
        cmocka_unit_test_setup(test_kick, fixture_setup),
        cmocka_unit_test_setup(test_within_an_exit, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
