/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include "aarch64/exit/psci.h"
#include "spec/arm/gic.h"

#define PSCI32(number) (UINT64_C(0x84000000) | (number))
#define PSCI64(number) (UINT64_C(0xc4000000) | (number))
#define ENTRY          UINT64_C(0x40080000)

static bool raw(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    *fake_x(0, 0) = function;
    *fake_x(0, 1) = x1;
    *fake_x(0, 2) = x2;
    *fake_x(0, 3) = x3;
    return fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SMC64, 0)));
}

static int64_t call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    assert_true(raw(function, x1, x2, x3));
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    return (int64_t)*fake_x(0, 0);
}

static void test_version_and_types(void **state)
{
    (void)state;
    assert_int_equal(call(PSCI32(PSCI_VERSION), 0, 0, 0), 0x10001);
    assert_int_equal(call(PSCI32(PSCI_MIGRATE_INFO_TYPE), 0, 0, 0), 2);
    assert_int_equal(call(PSCI64(PSCI_VERSION), 0, 0, 0), PSCI_NOT_SUPPORTED);
}

static void test_features(void **state)
{
    (void)state;
    static const uint32_t there[] = {0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
                                     0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
                                     0x84000009, 0x8400000a, 0x84000012, 0xc4000012, 0x80000000};
    static const uint32_t missing[] = {0xc4000000, 0xc4000002, 0x84000005, 0x84000007, 0x8400000b,
                                       0x8400000e, 0x84000011, 0x84000013, 0x04000000, 0x80000001,
                                       0x84010000, 0,          UINT32_MAX};
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        assert_int_equal(call(PSCI32(PSCI_FEATURES), there[i], 0, 0), 0);
    }
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        assert_int_equal(call(PSCI32(PSCI_FEATURES), missing[i], 0, 0), PSCI_NOT_SUPPORTED);
    }
}

static void test_cpu_on(void **state)
{
    (void)state;
    assert_int_equal(call(PSCI64(PSCI_AFFINITY_INFO), 1, 0, 0), 1);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 1, ENTRY, 0x1122334455667788), PSCI_SUCCESS);
    assert_true(fake.vcpus[1].running);
    assert_int_equal(fake.vcpus[1].context.pc, ENTRY);
    assert_int_equal(fake.vcpus[1].context.x0, 0x1122334455667788);
    assert_int_equal(fake.vcpus[1].context.spsr, 0x3c5);
    assert_int_equal(fake.vcpus[1].regs[seL4_VCPUReg_VMPIDR_EL2], 0x80000001);
    assert_true(fixture_vm()->vgic.vcpus[1].on);
    assert_int_equal(call(PSCI64(PSCI_AFFINITY_INFO), 1, 0, 0), 0);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 1, ENTRY, 0), PSCI_ALREADY_ON);
}

/* The arguments of HVC are in the message, whatever an exit before had in its registers. */
static void test_cpu_on_by_hvc(void **state)
{
    (void)state;
    call(PSCI64(PSCI_AFFINITY_INFO), 7, 8, 9);
    fake.vcpus[0].context.sp = 0x5678;
    fake.vcpus[0].context.spsr = 0x3c4;
    *fake_x(0, 0) = PSCI64(PSCI_CPU_ON);
    *fake_x(0, 1) = 1;
    *fake_x(0, 2) = ENTRY;
    *fake_x(0, 3) = 0x1122334455667788;
    assert_true(fixture_fault(fake_hvc(0, FIXTURE_PC)));
    assert_int_equal(*fake_x(0, 0), PSCI_SUCCESS);
    assert_int_equal(fake.vcpus[1].context.pc, ENTRY);
    assert_int_equal(fake.vcpus[1].context.x0, 0x1122334455667788);
    assert_int_equal(fake.vcpus[0].context.sp, 0x5678);
    assert_int_equal(fake.vcpus[0].context.spsr, 0x3c4);
}

static void test_cpu_on_32(void **state)
{
    (void)state;
    /* Upper halves do not count. */
    const uint64_t noise = UINT64_C(0xabcd) << 32;
    assert_int_equal(call(PSCI32(PSCI_CPU_ON), noise | 1, noise | ENTRY, noise | 7), PSCI_SUCCESS);
    assert_int_equal(fake.vcpus[1].context.pc, ENTRY);
    assert_int_equal(fake.vcpus[1].context.x0, 7);
}

static void test_cpu_on_refuses(void **state)
{
    (void)state;
    static uint8_t ram[0x1000];
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 0, ENTRY, 0), PSCI_ALREADY_ON);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 2, ENTRY, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 0x80000001, ENTRY, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), UINT64_MAX, ENTRY, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 1, ENTRY + 2, 0), PSCI_INVALID_ADDRESS);
    assert_int_equal(guest_ram_init(&fixture_vm()->ram, ram, gpa(0x40000000), sizeof ram), RESULT_OK);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 1, 0x40001000, 0), PSCI_INVALID_ADDRESS);
    assert_false(fake.vcpus[1].running);
    assert_int_equal(call(PSCI64(PSCI_CPU_ON), 1, 0x40000ffc, 0), PSCI_SUCCESS);
}

static void test_cpu_off(void **state)
{
    (void)state;
    assert_false(raw(PSCI32(PSCI_CPU_OFF), 0, 0, 0));
    assert_false(fake.vcpus[0].running);
    assert_int_equal(fixture_vm()->vcpus[0].state, VCPU_OFF);
    assert_false(fixture_vm()->vgic.vcpus[0].on);
    /* Nothing of the exit is written to the vCPU any more. */
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC);
}

/* What waits in its list registers for either vCPU goes to the other one. */
static void test_cpu_off_leaves_no_interrupt_behind(void **state)
{
    (void)state;
    const uint16_t irq = 40;
    struct vgic *vgic = &fixture_vm()->vgic;
    fake.lr_pending_yields = true;
    vgic->vcpus[0].asleep = false;
    vgic->vcpus[1].asleep = false;
    vgic->group_enables = 3;
    vgic->route[irq] = GICD_IROUTER_IRM;
    vgic->shared[irq / 32].enabled |= 1u << irq % 32;
    vgic_set_vcpu_on(vgic, 1, true);
    assert_int_equal(vgic_inject(vgic, 0, irq), RESULT_OK);
    assert_true(fake_lr_of(0, irq) >= 0);
    assert_false(raw(PSCI32(PSCI_CPU_OFF), 0, 0, 0));
    assert_true(fake_lr_of(1, irq) >= 0);
}

static void test_affinity_info_refuses(void **state)
{
    (void)state;
    assert_int_equal(call(PSCI64(PSCI_AFFINITY_INFO), 0, 0, 0), 0);
    assert_int_equal(call(PSCI64(PSCI_AFFINITY_INFO), 0, 1, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(call(PSCI64(PSCI_AFFINITY_INFO), 2, 0, 0), PSCI_INVALID_PARAMETERS);
}

static void test_cpu_suspend_waits(void **state)
{
    (void)state;
    fake_vtimer_wakes = 1;
    assert_false(raw(PSCI64(PSCI_CPU_SUSPEND), 0x10000, ENTRY, 0));
    assert_int_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
    vcpu_kick(fixture_vm(), 0);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(*fake_x(0, 0), PSCI_SUCCESS);
    assert_int_equal(call(PSCI64(PSCI_CPU_SUSPEND), 0x04000000, ENTRY, 0), PSCI_INVALID_PARAMETERS);
}

static void test_cpu_suspend_returns_at_once(void **state)
{
    (void)state;
    /* Nothing would end the wait. */
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1;
    assert_int_equal(call(PSCI64(PSCI_CPU_SUSPEND), 0, 0, 0), PSCI_SUCCESS);
    assert_int_not_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
    /* An interrupt is there. */
    fake_vtimer_wakes = 1;
    const struct {
        uint64_t at;
        uint64_t value;
    } writes[] = {{0x8000000, 0x12}, {0x80a0014, 0}, {0x80b0080, UINT32_MAX}, {0x80b0100, 1u << 27}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = writes[i].value};
        assert_int_equal(mmio_dispatch(&fixture_vm()->mmio, gpa(writes[i].at), &access), MMIO_HANDLED);
    }
    assert_true(fixture_fault(fake_vppi_event(27)));
    assert_int_equal(call(PSCI64(PSCI_CPU_SUSPEND), 0, 0, 0), PSCI_SUCCESS);
    assert_int_not_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
}

static void test_cpu_suspend_refuses(void **state)
{
    (void)state;
    static uint8_t ram[0x1000];
    assert_int_equal(guest_ram_init(&fixture_vm()->ram, ram, gpa(0x40000000), sizeof ram), RESULT_OK);
    for (unsigned bit = 0; bit < 32; bit++) {
        if (bit > 16) {
            assert_int_equal(call(PSCI64(PSCI_CPU_SUSPEND), 1u << bit, 0x40000000, 0), PSCI_INVALID_PARAMETERS);
        }
    }
    assert_int_equal(call(PSCI64(PSCI_CPU_SUSPEND), 0x10000, 0x40001000, 0), PSCI_INVALID_ADDRESS);
    assert_int_equal(call(PSCI64(PSCI_CPU_SUSPEND), 0x10000, 0x40000002, 0), PSCI_INVALID_ADDRESS);
    assert_int_equal(call(PSCI32(PSCI_CPU_SUSPEND), 0x1ffff, 0, 0), PSCI_INVALID_ADDRESS);
    /* Standby has no entry point, and power_state is of 32 bits in either form. */
    fake_vtimer_wakes = 1;
    assert_false(raw(PSCI64(PSCI_CPU_SUSPEND), UINT64_C(0xabcd00000000), 3, 0));
    assert_int_equal(fixture_vm()->vcpus[0].state, VCPU_WAITING);
}

static void test_system_off(void **state)
{
    (void)state;
    vm_vcpu(fixture_vm(), 1)->state = VCPU_RUNNING;
    fake.vcpus[1].running = true;
    assert_false(raw(PSCI32(PSCI_SYSTEM_OFF), 0, 0, 0));
    assert_false(fake.vcpus[0].running);
    assert_false(fake.vcpus[1].running);
    assert_true(fake_log_has("power-off"));
}

static void test_system_reset_without_images(void **state)
{
    (void)state;
    assert_false(raw(PSCI32(PSCI_SYSTEM_RESET), 0, 0, 0));
    assert_false(fake.vcpus[0].running);
    assert_true(fake_log_has("no images to load"));
}

static void test_system_reset2(void **state)
{
    (void)state;
    assert_int_equal(call(PSCI64(PSCI_SYSTEM_RESET2), 1, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_int_equal(call(PSCI64(PSCI_SYSTEM_RESET2), 0x80000000, 0, 0), PSCI_INVALID_PARAMETERS);
    assert_false(raw(PSCI64(PSCI_SYSTEM_RESET2), 0, 0, 0));
    assert_true(fake_log_has("a reset"));
}

/* No number, in either convention and with any bit set beside it, reaches anything that is not in the table. */
static void test_all_numbers(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 0x80; number++) {
        const bool stops = number == PSCI_NUMBER(PSCI_CPU_OFF) || number == PSCI_NUMBER(PSCI_SYSTEM_OFF) ||
                           number == PSCI_NUMBER(PSCI_SYSTEM_RESET) || number == PSCI_NUMBER(PSCI_SYSTEM_RESET2) ||
                           number == PSCI_NUMBER(PSCI_CPU_SUSPEND);
        if (!stops) {
            call(PSCI32(number), 5, 5, 5);
            call(PSCI64(number), 5, 5, 5);
        }
        assert_int_equal(call(0x04000000 | number, 0, 0, 0), PSCI_NOT_SUPPORTED);
        assert_int_equal(call(0x84020000 | number, 0, 0, 0), PSCI_NOT_SUPPORTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_version_and_types, fixture_setup),
        cmocka_unit_test_setup(test_features, fixture_setup),
        cmocka_unit_test_setup(test_cpu_on, fixture_setup),
        cmocka_unit_test_setup(test_cpu_on_by_hvc, fixture_setup),
        cmocka_unit_test_setup(test_cpu_on_32, fixture_setup),
        cmocka_unit_test_setup(test_cpu_on_refuses, fixture_setup),
        cmocka_unit_test_setup(test_cpu_off, fixture_setup),
        cmocka_unit_test_setup(test_cpu_off_leaves_no_interrupt_behind, fixture_setup),
        cmocka_unit_test_setup(test_affinity_info_refuses, fixture_setup),
        cmocka_unit_test_setup(test_cpu_suspend_waits, fixture_setup),
        cmocka_unit_test_setup(test_cpu_suspend_returns_at_once, fixture_setup),
        cmocka_unit_test_setup(test_cpu_suspend_refuses, fixture_setup),
        cmocka_unit_test_setup(test_system_off, fixture_setup),
        cmocka_unit_test_setup(test_system_reset_without_images, fixture_setup),
        cmocka_unit_test_setup(test_system_reset2, fixture_setup),
        cmocka_unit_test_setup(test_all_numbers, fixture_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
