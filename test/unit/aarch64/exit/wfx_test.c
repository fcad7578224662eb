/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#define CTL_ENABLE  1
#define CTL_IMASK   2
#define CTL_ISTATUS 4
#define PC_AFTER    (FIXTURE_PC + 4)

static bool trap(enum wfx_ti ti)
{
    return fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_WFX, ti)));
}

static bool wfi(void)
{
    return trap(WFX_TI_WFI);
}

/* The guest has its interrupt controller on and interrupt `irq` enabled. */
static void enable_irq(uint32_t irq)
{
    struct vm *vm = fixture_vm();
    const struct {
        uint64_t at;
        uint64_t value;
    } writes[] = {
        {0x8000000, 0x12},                      /* GICD_CTLR: EnableGrp1, ARE */
        {0x80a0014, 0},                         /* GICR_WAKER */
        {0x80b0080, UINT32_MAX},                /* GICR_IGROUPR0 */
        {0x80b0100, UINT64_C(1) << (irq % 32)}, /* GICR_ISENABLER0 */
    };
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = writes[i].value};
        assert_int_equal(mmio_dispatch(&vm->mmio, gpa(writes[i].at), &access), MMIO_HANDLED);
    }
    fake_counts_reset();
}

static void test_waits_when_the_kernel_wakes(void **state)
{
    (void)state;
    fake_vtimer_wakes = 1;
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = CTL_ENABLE;
    assert_false(wfi());
    assert_int_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
    assert_int_equal(fake.vcpus[0].context.pc, PC_AFTER);
    assert_int_equal(fake.kernel_calls, 2);
    assert_int_equal(fake.kernel_words, 3 + 1);
    assert_int_equal(fake.vcpus[0].restart_count, 0);
}

static void test_waits_when_the_timer_cannot_fire(void **state)
{
    (void)state;
    static const uint64_t controls[] = {0, CTL_IMASK, CTL_ENABLE | CTL_IMASK};
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        fixture_setup(state);
        fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = controls[i];
        assert_false(wfi());
    }
}

static void test_returns_without_a_waker(void **state)
{
    (void)state;
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = CTL_ENABLE;
    assert_true(wfi());
    assert_int_equal(fake.vcpus[0].context.pc, PC_AFTER);
    assert_int_not_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
}

static uint64_t armed_deadline;
static bool arm_answer;

static bool arm(size_t vcpu_id, uint64_t deadline, void *cookie)
{
    assert_int_equal(vcpu_id, 0);
    assert_ptr_equal(cookie, &armed_deadline);
    armed_deadline = deadline;
    return arm_answer;
}

static void test_timer_of_the_vmm(void **state)
{
    (void)state;
    arm_answer = true;
    assert_true(guest_register_timer(arm, &armed_deadline));
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = CTL_ENABLE;
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CVAL] = 1000;
    fake.vcpus[0].regs[seL4_VCPUReg_CNTVOFF] = 234;
    assert_false(wfi());
    assert_int_equal(armed_deadline, 1234);
    guest_timer_due(0);
    assert_int_equal(fake.vcpus[0].restart_count, 1);
    assert_int_equal(fake.vcpus[0].context.pc, PC_AFTER);
    guest_timer_due(0);
    guest_timer_due(SIZE_MAX);
    assert_int_equal(fake.vcpus[0].restart_count, 1);
    arm_answer = false;
    assert_true(wfi());
}

static void test_others_return_at_once(void **state)
{
    (void)state;
    fake_vtimer_wakes = 1;
    assert_true(trap(WFX_TI_WFE));
    assert_int_equal(fake.vcpus[0].context.pc, PC_AFTER);
    assert_true(trap(WFX_TI_WFIT));
    assert_true(trap(WFX_TI_WFET));
}

static void test_pending_interrupt_ends_it_at_once(void **state)
{
    (void)state;
    fake_vtimer_wakes = 1;
    enable_irq(27);
    assert_true(fixture_fault(fake_vppi_event(27)));
    assert_int_equal(fake_lr_of(0, 27), 0);
    assert_true(wfi());
}

static void test_interrupt_wakes(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    fake_vtimer_wakes = 1;
    enable_irq(20);
    assert_false(wfi());
    assert_int_equal(vgic_inject(&vm->vgic, 0, 20), RESULT_OK);
    assert_int_equal(fake.vcpus[0].restart_count, 1);
    assert_int_equal(fake.vcpus[0].context.pc, PC_AFTER);
    assert_int_not_equal(vm->vcpus[0].state, VCPU_WAITING);
}

static void test_disabled_interrupt_does_not_wake(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    fake_vtimer_wakes = 1;
    enable_irq(20);
    assert_false(wfi());
    assert_int_equal(vgic_inject(&vm->vgic, 0, 21), RESULT_OK);
    assert_int_equal(fake.vcpus[0].restart_count, 0);
    assert_int_equal(vm->vcpus[0].state, VCPU_WAITING);
}

static void test_timer_event_wakes_by_the_reply(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    fake_vtimer_wakes = 1;
    enable_irq(27);
    assert_false(wfi());
    fake_counts_reset();
    assert_true(fixture_fault(fake_vppi_event(27)));
    /* The reply resumes it: no call of the kernel but the injection, at the PC behind the WFI. */
    assert_int_equal(fake.kernel_calls, 1);
    assert_int_equal(fake.vcpus[0].restart_count, 0);
    assert_int_equal(fake.vcpus[0].context.pc, PC_AFTER);
    assert_int_not_equal(vm->vcpus[0].state, VCPU_WAITING);
}

static void test_event_that_is_not_deliverable_keeps_it_waiting(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    fake_vtimer_wakes = 1;
    enable_irq(20);
    assert_false(wfi());
    assert_false(fixture_fault(fake_vppi_event(27)));
    assert_int_equal(vm->vcpus[0].state, VCPU_WAITING);
    /* While masked the timer is no reason not to wait. */
    fake_vtimer_wakes = 0;
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = CTL_ENABLE | CTL_ISTATUS;
    assert_false(wfi());
    /* Set to a later time it is one. */
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = CTL_ENABLE;
    assert_true(wfi());
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
}

static void test_an_exit_shows_that_it_does_not_wait(void **state)
{
    (void)state;
    fake_vtimer_wakes = 1;
    assert_false(wfi());
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, FIXTURE_DEVICE_BASE, FIXTURE_STORE(4, 31, 0))));
    assert_int_not_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
}

/* A kernel for pages that the core does not have waits for ever, before it has switched its MMU on. */
static void test_kernel_without_its_page_size(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    fake_vtimer_wakes = 1;
    vm->untested_page_kib = 16;
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = 0x30d50838;
    assert_false(wfi());
    assert_false(wfi());
    assert_int_equal(fake_log_count("its kernel has pages of 16 KiB, which the core may lack"), 1);
    vm->untested_page_kib = 64;
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = 0x30d50839;
    assert_false(wfi());
    assert_int_equal(vm->untested_page_kib, 0);
    assert_int_equal(fake_log_count("which the core may lack"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_waits_when_the_kernel_wakes, fixture_setup),
        cmocka_unit_test_setup(test_waits_when_the_timer_cannot_fire, fixture_setup),
        cmocka_unit_test_setup(test_returns_without_a_waker, fixture_setup),
        cmocka_unit_test_setup(test_timer_of_the_vmm, fixture_setup),
        cmocka_unit_test_setup(test_others_return_at_once, fixture_setup),
        cmocka_unit_test_setup(test_pending_interrupt_ends_it_at_once, fixture_setup),
        cmocka_unit_test_setup(test_interrupt_wakes, fixture_setup),
        cmocka_unit_test_setup(test_kernel_without_its_page_size, fixture_setup),
        cmocka_unit_test_setup(test_disabled_interrupt_does_not_wake, fixture_setup),
        cmocka_unit_test_setup(test_timer_event_wakes_by_the_reply, fixture_setup),
        cmocka_unit_test_setup(test_event_that_is_not_deliverable_keeps_it_waiting, fixture_setup),
        cmocka_unit_test_setup(test_an_exit_shows_that_it_does_not_wait, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
