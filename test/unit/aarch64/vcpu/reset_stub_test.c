/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reset of vCPUs before a guest starts again: which, in which order, with what, and what becomes of RAM.
 */
#include "aarch64/vcpu/reset_stub.h"

#include "aarch64/vgic/vgic_regs.h"
#include "fixture.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES sizeof ram
#define KERNEL_PC (RAM_BASE + 0x1000)
#define IRQ       40

static _Alignas(4096) uint8_t ram[0x4000];

static int setup(void **state)
{
    fixture_setup(state);
    struct vm *vm = fixture_vm();
    vcpu_stop(vm, 0);
    assert_true(guest_ram_register((uintptr_t)ram, RAM_BASE, RAM_BYTES));
    memset(ram, 0xee, RAM_BYTES);
    vm->entry = (struct vcpu_entry){.pc = KERNEL_PC, .x0 = 5};
    fake_log_reset();
    return 0;
}

static void run(size_t vcpu_id)
{
    const struct vcpu_entry entry = {.pc = KERNEL_PC};
    assert_int_equal(vcpu_start(fixture_vm(), vcpu_id, &entry), RESULT_OK);
}

static void stop_all(void)
{
    vcpu_stop(fixture_vm(), 0);
    vcpu_stop(fixture_vm(), 1);
}

static void begin(void)
{
    assert_int_equal(reset_stub_start(fixture_vm()), RESULT_OK);
}

static const struct reset_stub_args *args(void)
{
    return (const struct reset_stub_args *)(const void *)(ram + RESET_STUB_ARGS_AT);
}

static bool smc(size_t vcpu_id)
{
    return fault_handle(vcpu_id, fake_vcpu_fault(vcpu_id, RAM_BASE + 64, fixture_class(ESR_EC_SMC64, 0)));
}

static void assert_in_reset(size_t vcpu_id)
{
    const size_t code_bytes = (size_t)(reset_stub_code_end - reset_stub_code);
    assert_true(fixture_vm()->reset_stub.under_way);
    assert_true(fake.vcpus[vcpu_id].running);
    assert_false(fake.vcpus[1 - vcpu_id].running);
    assert_int_equal(fake.vcpus[vcpu_id].context.pc, RAM_BASE);
    assert_int_equal(fake.vcpus[vcpu_id].context.x0, RAM_BASE + RESET_STUB_ARGS_AT);
    assert_memory_equal(ram, reset_stub_code, code_bytes);
}

static void assert_started(void)
{
    assert_false(fixture_vm()->reset_stub.under_way);
    assert_true(fake.vcpus[0].running);
    assert_false(fake.vcpus[1].running);
    assert_int_equal(fake.vcpus[0].context.pc, KERNEL_PC);
    assert_int_equal(fake.vcpus[0].context.x0, 5);
    for (size_t i = 0; i < RAM_BYTES; i++) {
        assert_int_equal(ram[i], 0xee);
    }
}

static void test_new_vcpus_need_none(void **state)
{
    (void)state;
    begin();
    assert_started();
    assert_int_equal(fake.vcpus[0].restart_count, 1);
}

static void test_each_that_has_run(void **state)
{
    (void)state;
    run(0);
    run(1);
    stop_all();
    begin();
    assert_in_reset(0);
    assert_false(smc(0));
    assert_in_reset(1);
    assert_false(smc(1));
    assert_started();
    /* The next exit is the guest's own. */
    *fake_x(0, 0) = 0x84000000;
    assert_true(smc(0));
    assert_int_equal(*fake_x(0, 0), 0x10001);
}

static void test_arguments(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    run(0);
    vgic_set_group_enables(&vm->vgic, 3);
    vm->vgic.vcpus[0].asleep = false;
    fake.lr_pending_yields = true;
    const uint64_t enable = UINT64_C(1) << (IRQ % 32);
    struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = enable};
    assert_int_equal(mmio_dispatch(&vm->mmio, gpa(0x8000000 + GICD_ISENABLER + IRQ / 32 * 4), &access), MMIO_HANDLED);
    assert_int_equal(vgic_inject(&vm->vgic, 0, IRQ), RESULT_OK);
    assert_true(fake_lr_of(0, IRQ) >= 0);
    stop_all();
    vgic_reset(&vm->vgic);
    begin();
    assert_int_equal(args()->gic_version, 3);
    assert_int_equal(args()->irq_count, 1);
    assert_int_equal(args()->irqs[0], IRQ);
    /* The most urgent of all, so that nothing masks it. */
    assert_int_equal(fake.vcpus[0].lrs[fake_lr_of(0, IRQ)].priority, 0);
}

static void test_arguments_of_gicv2(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    vm->vgic.config.version = VGIC_V2;
    vm->vgic.config.cpu_base = gpa(0x8010000);
    run(0);
    stop_all();
    begin();
    assert_int_equal(args()->gic_version, 2);
    assert_int_equal(args()->gicc_base, 0x8010000);
    assert_int_equal(args()->irq_count, 0);
}

/* The CPU interface is not where it should be: the guest starts all the same. */
static void test_failure(void **state)
{
    (void)state;
    run(0);
    stop_all();
    begin();
    assert_false(fixture_fault(fake_vm_fault(0, RAM_BASE + 32, 0x8010000, FIXTURE_STORE(4, 1, 0))));
    assert_started();
    assert_int_equal(fake_log_count("virtual CPU interface cannot be reset"), 1);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_ACCESS_NOTHING], 0);
}

static void test_failure_by_fetch(void **state)
{
    (void)state;
    run(0);
    stop_all();
    begin();
    assert_false(fixture_fault(fake_vm_fault(0, 0x200, 0x200, fixture_class(ESR_EC_FETCH_LOWER, 7))));
    assert_started();
}

static void test_cancelled(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    run(0);
    run(1);
    stop_all();
    begin();
    assert_false(smc(0));
    guest_stop(0);
    assert_false(vm->reset_stub.under_way);
    assert_int_equal(ram[0], 0xee);
    assert_false(fake.vcpus[1].running);
    /* What was not finished is still to be done. */
    begin();
    assert_in_reset(1);
}

static void test_without_ram(void **state)
{
    (void)state;
    run(0);
    stop_all();
    fixture_vm()->ram = (struct guest_ram){0};
    begin();
    assert_started();
}

static void test_without_interrupt_controller(void **state)
{
    (void)state;
    run(0);
    stop_all();
    fixture_vm()->vgic.vcpu_count = 0;
    begin();
    assert_started();
}

/* Events of a vCPU that resets itself are no end of it. */
static void test_events(void **state)
{
    (void)state;
    run(0);
    stop_all();
    begin();
    microkit_mr_set(seL4_VGICMaintenance_IDX, UINT64_MAX);
    assert_true(fixture_fault(microkit_msginfo_new(seL4_Fault_VGICMaintenance, 1)));
    assert_in_reset(0);
    assert_false(smc(0));
    assert_started();
}

static void test_no_vcpu_to_boot(void **state)
{
    (void)state;
    run(0);
    stop_all();
    fixture_vm()->boot_vcpu_id = 1;
    fake.vcpu_count = 1;
    begin();
    assert_false(smc(0));
    assert_int_equal(fake_log_count("cannot be started again"), 1);
    assert_false(fake.vcpus[0].running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_new_vcpus_need_none, setup),
        cmocka_unit_test_setup(test_each_that_has_run, setup),
        cmocka_unit_test_setup(test_arguments, setup),
        cmocka_unit_test_setup(test_arguments_of_gicv2, setup),
        cmocka_unit_test_setup(test_failure, setup),
        cmocka_unit_test_setup(test_failure_by_fetch, setup),
        cmocka_unit_test_setup(test_cancelled, setup),
        cmocka_unit_test_setup(test_without_ram, setup),
        cmocka_unit_test_setup(test_without_interrupt_controller, setup),
        cmocka_unit_test_setup(test_events, setup),
        cmocka_unit_test_setup(test_no_vcpu_to_boot, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
