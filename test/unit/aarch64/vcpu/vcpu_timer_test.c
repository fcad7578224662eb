/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "aarch64/vcpu/vcpu_timer.h"
#include "spec/arm/gic.h"

static void test_event(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    assert_int_equal(vm->vcpus[0].timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 0);
    assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, BIT(GIC_INTID_TIMER_VIRTUAL));
}

/* The guest reads which interrupts are pending: the timer, which it has switched off meanwhile, is not. */
static void test_line_is_looked_at_when_the_guest_asks(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    const gpa_t at = gpa(0x80a0000 + 0x10000 + GICR_ISPENDR0);
    struct mmio_access access = {.width_bytes = 4};
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1 | 4;
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    assert_int_equal(mmio_dispatch(&vm->mmio, at, &access), MMIO_HANDLED);
    assert_int_equal(access.value, BIT(GIC_INTID_TIMER_VIRTUAL));
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 0;
    assert_int_equal(mmio_dispatch(&vm->mmio, at, &access), MMIO_HANDLED);
    assert_int_equal(access.value, 0);
}

/* A vCPU is started while an event from before is still to be received. */
static void test_event_of_a_former_life(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    const struct vcpu_entry entry = {.pc = FIXTURE_PC};
    assert_int_equal(vcpu_start(vm, 0, &entry), RESULT_OK);
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, 0);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
    assert_int_not_equal(vm->vcpus[0].timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);

    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1;
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, BIT(GIC_INTID_TIMER_VIRTUAL));
    vcpu_timer_stop(vm, 0);
    /* From the first one on, nothing is asked. */
    fake_counts_reset();
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    assert_int_equal(fake.vcpu_reg_calls, 0);
}

static void test_event_of_another_interrupt(void **state)
{
    (void)state;
    assert_true(fixture_fault(fake_vppi_event(29)));
    assert_int_not_equal(fixture_vm()->vcpus[0].timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_FAULT], 1);
}

static void test_event_without_interrupt_controller(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vm_forget(vm);
    vm_vcpu(vm, 0)->state = VCPU_RUNNING;
    vcpu_timer_register(vm);
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    assert_int_equal(vm->errors.counts[GUEST_ERROR_FAULT], 1);
}

static void test_ack_only_when_masked(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vcpu_timer_reset(vm, 0);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 0);
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1;
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    vcpu_timer_reset(vm, 0);
    vcpu_timer_reset(vm, 0);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
}

/* The physical timer has a state, a control register and an interrupt of its own. */
static void test_physical(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    const struct vcpu *vcpu = &vm->vcpus[0];
    vcpu_timer_register(vm);
    fake.vcpus[0].regs[MICROKIT_VCPU_CNTP_CTL] = 1 | 4;
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_PHYSICAL)));
    assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, BIT(GIC_INTID_TIMER_PHYSICAL));
    assert_int_equal(vcpu->timers[VCPU_TIMER_PHYSICAL], VCPU_TIMER_MASKED);
    assert_int_not_equal(vcpu->timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);
    vcpu_timer_sample(vm, 0);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 0);

    vm->vgic.ops.eoi(vm, 0, GIC_INTID_TIMER_VIRTUAL);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 0);
    vm->vgic.ops.eoi(vm, 0, GIC_INTID_TIMER_PHYSICAL);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
    assert_int_equal(vcpu->timers[VCPU_TIMER_PHYSICAL], VCPU_TIMER_ARMED);

    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_PHYSICAL)));
    fake.vcpus[0].regs[MICROKIT_VCPU_CNTP_CTL] = 1;
    vcpu_timer_sample(vm, 0);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 2);
    assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, 0);

    fake.vcpus[0].regs[MICROKIT_VCPU_CNTP_CTL] = 1;
    const struct vcpu_entry entry = {.pc = FIXTURE_PC};
    assert_int_equal(vcpu_start(vm, 0, &entry), RESULT_OK);
    assert_int_equal(fake.vcpus[0].regs[MICROKIT_VCPU_CNTP_CTL], 0);
}

static void test_end_of_interrupt_acks(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vcpu_timer_register(vm);
    vcpu_timer_register(vm);
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    vm->vgic.ops.eoi(vm, 0, GIC_INTID_TIMER_VIRTUAL);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
    assert_int_not_equal(vm->vcpus[0].timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);
}

static void test_reset_acks(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vcpu_timer_register(vm);
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    virq_reset(vm);
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
}

/* The guest has switched its timer off, masked it or set another time. */
static void test_line_that_has_fallen(void **state)
{
    (void)state;
    static const uint64_t controls[] = {0, 1, 4, 1 | 2 | 4};
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        fixture_setup(state);
        struct vm *vm = fixture_vm();
        vcpu_timer_register(vm);
        vcpu_timer_sample(vm, 0);
        assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
        fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1 | 4;
        vcpu_timer_sample(vm, 0);
        assert_int_equal(fake.vcpus[0].vppi_ack_count, 0);
        assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, BIT(GIC_INTID_TIMER_VIRTUAL));
        fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = controls[i];
        vcpu_timer_sample(vm, 0);
        assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
        assert_int_equal(vm->vgic.vcpus[0].private_word.sampled, 0);
        assert_int_not_equal(vm->vcpus[0].timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);
    }
}

/* A vCPU that switches itself off has no timer: nothing of it comes when it is on again. */
static void test_off(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vcpu_timer_register(vm);
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1 | 4;
    assert_true(fixture_fault(fake_vppi_event(GIC_INTID_TIMER_VIRTUAL)));
    *fake_x(0, 0) = 0x84000002; /* CPU_OFF */
    assert_false(fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SMC64, 0))));
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
    assert_int_equal(vm->vgic.vcpus[0].private_word.sampled | vm->vgic.vcpus[0].private_word.latched, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_event, fixture_setup),
        cmocka_unit_test_setup(test_line_is_looked_at_when_the_guest_asks, fixture_setup),
        cmocka_unit_test_setup(test_event_of_a_former_life, fixture_setup),
        cmocka_unit_test_setup(test_event_of_another_interrupt, fixture_setup),
        cmocka_unit_test_setup(test_event_without_interrupt_controller, fixture_setup),
        cmocka_unit_test_setup(test_ack_only_when_masked, fixture_setup),
        cmocka_unit_test_setup(test_physical, fixture_setup),
        cmocka_unit_test_setup(test_end_of_interrupt_acks, fixture_setup),
        cmocka_unit_test_setup(test_reset_acks, fixture_setup),
        cmocka_unit_test_setup(test_off, fixture_setup),
        cmocka_unit_test_setup(test_line_that_has_fallen, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
