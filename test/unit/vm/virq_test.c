/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The public functions on interrupts: what they refuse, whom they call, and passthrough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libvmm/virq.h>

#include "aarch64/vgic/vgic_regs.h"
#include "fake_microkit.h"
#include "vm/vm.h"

#define DIST 0x8000000u
#define IRQ  40
#define CH   5

static const struct virq_controller_config gicv2 = {
    .version = VIRQ_CONTROLLER_GICV2,
    .dist_base = DIST,
    .dist_size_bytes = 0x1000,
};

struct call {
    unsigned count;
    size_t vcpu_id;
    int irq;
};

static void count_call(size_t vcpu_id, int irq, void *cookie)
{
    struct call *call = cookie;
    call->count++;
    call->vcpu_id = vcpu_id;
    call->irq = irq;
}

static struct vm *fresh(size_t vcpu_count)
{
    fake_microkit_reset();
    struct vm *vm = vm_instance();
    vm_forget(vm);
    vm->vcpu_count = vcpu_count;
    return vm;
}

static void guest_write(struct vm *vm, uint64_t offset, uint32_t value)
{
    struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = value};
    assert_int_equal(mmio_dispatch(&vm->mmio, gpa(DIST + offset), &access), MMIO_HANDLED);
}

/* A VM with a GICv2 whose interrupts 32 to 63 the guest has enabled. */
static struct vm *booted(void)
{
    struct vm *vm = fresh(1);
    vm->vcpus[0].state = VCPU_RUNNING;
    assert_true(virq_controller_configure(&gicv2));
    assert_true(virq_controller_init(0));
    guest_write(vm, GICD_CTLR, 1);
    guest_write(vm, GICD_ISENABLER, UINT32_MAX);
    guest_write(vm, GICD_ISENABLER + 4, UINT32_MAX);
    return vm;
}

/* The guest takes and ends an interrupt. */
static void end(struct vm *vm, uint16_t irq)
{
    (void)fake_eoi_irq(0, irq);
    vgic_maintenance(&vm->vgic, 0, (int)fake.mrs[seL4_VGICMaintenance_IDX]);
}

/* One line in the log, with this in it; forgets it. */
static void assert_logged(const char *text)
{
    assert_int_equal(fake_log_count("\n"), 1);
    assert_true(fake_log_has("|ERROR: "));
    assert_true(fake_log_has(text));
    fake_log_reset();
}

static void configure_refuses(void **state)
{
    (void)state;
    fresh(2);
    assert_false(virq_controller_configure(NULL));
    assert_logged("no configuration");
    struct virq_controller_config config = gicv2;
    config.version = (enum virq_controller_version)4;
    assert_false(virq_controller_configure(&config));
    assert_logged("limits are GICv2 and GICv3");
    config.version = VIRQ_CONTROLLER_GICV2;
    config.dist_size_bytes = 0x800;
    assert_false(virq_controller_configure(&config));
    assert_logged("0x800");
    config.version = VIRQ_CONTROLLER_GICV3;
    config.dist_size_bytes = 0x10000;
    config.redist_size_bytes = 0x3ffff;
    assert_false(virq_controller_configure(&config));
    assert_logged("0x3ffff");
    assert_true(virq_controller_configure(&gicv2));
    assert_true(virq_controller_init(1));
    assert_false(virq_controller_configure(&gicv2));
    assert_logged("before virq_controller_init");
}

static void init_refuses(void **state)
{
    (void)state;
    struct vm *vm = fresh(0); /* number of vCPUs unknown: one */
    assert_false(virq_controller_init(1));
    assert_logged("vCPU 1 out of range, limit is 0");
    assert_false(virq_controller_init(0));
    assert_logged("no GICv2 or GICv3 known");
    vm->vgic_config = (struct vgic_config){.version = VGIC_V3, .dist_base = gpa(DIST), .dist_size_bytes = 0x10000};
    assert_false(virq_controller_init(0));
    assert_logged("0x20000");
    vm->vgic_config.redist_size_bytes = 0x20000;
    vm->vgic_config.redist_base = gpa(DIST + 0x8000);
    assert_false(virq_controller_init(0));
    assert_logged("0x8008000");
}

static void init_once(void **state)
{
    (void)state;
    booted();
    assert_false(virq_controller_init(0));
    assert_logged("twice");
}

static void configuration_of_the_vmm_wins(void **state)
{
    (void)state;
    struct vm *vm = fresh(1);
    vm->vgic_config = (struct vgic_config){.version = VGIC_V2, .dist_base = gpa(0x1000), .dist_size_bytes = 0x1000};
    assert_true(virq_controller_configure(&gicv2));
    assert_true(virq_controller_init(0));
    assert_int_equal(vm->vgic.config.dist_base.value, DIST);
    vm = fresh(1);
    vm->vgic_config = (struct vgic_config){.version = VGIC_V2, .dist_base = gpa(0x1000), .dist_size_bytes = 0x1000};
    assert_true(virq_controller_init(0));
    assert_int_equal(vm->vgic.config.dist_base.value, 0x1000);
}

static void too_early(void **state)
{
    (void)state;
    struct vm *vm = fresh(1);
    assert_false(virq_register(0, IRQ, NULL, NULL));
    assert_logged("comes after virq_controller_init");
    assert_false(virq_register_passthrough(0, IRQ, CH));
    assert_logged("comes after virq_controller_init");
    assert_false(virq_inject(0, IRQ));
    assert_logged("comes after virq_controller_init");
    assert_false(virq_set_level(0, IRQ, true));
    assert_logged("comes after virq_controller_init");
    assert_false(virq_handle_passthrough(CH));
    assert_logged("channel 5 has no interrupt");
    (void)vm;
}

static void register_refuses(void **state)
{
    (void)state;
    struct vm *vm = booted();
    assert_false(virq_register(1, IRQ, NULL, NULL));
    assert_logged("vCPU 1 out of range, limit is 0");
    assert_false(virq_register(0, 1020, NULL, NULL));
    assert_logged("irq 1020 out of range, limits are 0 and 1019");
    assert_false(virq_register(0, SIZE_MAX, NULL, NULL));
    assert_logged("irq -1 out of range");
    assert_true(virq_register(0, IRQ, NULL, NULL));
    assert_false(virq_register(0, IRQ, NULL, NULL));
    assert_logged("irq 40 of vCPU 0 is registered already");
    assert_int_equal(virq_add(vm, 0, IRQ, NULL, NULL), RESULT_BUSY);
    assert_int_equal(virq_add(vm, 1, IRQ + 1, NULL, NULL), RESULT_RANGE);
    assert_int_equal(virq_add(vm, 0, 1020, NULL, NULL), RESULT_RANGE);
}

/* Private interrupts are each vCPU's own; those behind them are shared. */
static void private_interrupts(void **state)
{
    (void)state;
    struct call calls[2] = {{0}};
    struct call shared = {0};
    struct vm *vm = fresh(2);
    assert_true(virq_controller_configure(&gicv2));
    assert_true(virq_controller_init(0));
    guest_write(vm, GICD_CTLR, 1);
    guest_write(vm, GICD_ISENABLER + 4, UINT32_MAX);
    guest_write(vm, GICD_ITARGETSR + 32, 1);
    for (uint32_t id = 0; id < 2; id++) {
        vm->vcpus[id].state = VCPU_RUNNING;
        vgic_set_vcpu_on(&vm->vgic, id, true);
        assert_true(virq_register(id, 31, count_call, &calls[id]));
        struct mmio_access enable = {.vcpu_id = id, .width_bytes = 4, .is_write = true, .value = 1u << 31};
        assert_int_equal(mmio_dispatch(&vm->mmio, gpa(DIST + GICD_ISENABLER), &enable), MMIO_HANDLED);
    }
    assert_true(virq_register(0, 32, count_call, &shared));
    assert_true(virq_inject(1, 31));
    (void)fake_eoi_irq(1, 31);
    vgic_maintenance(&vm->vgic, 1, (int)fake.mrs[seL4_VGICMaintenance_IDX]);
    assert_int_equal(calls[0].count, 0);
    assert_int_equal(calls[1].count, 1);
    assert_int_equal(calls[1].vcpu_id, 1);
    assert_int_equal(calls[1].irq, 31);
    assert_true(virq_inject(0, 32));
    end(vm, 32);
    assert_int_equal(shared.count, 1);
    assert_int_equal(calls[0].count, 0);
}

static void register_all(void **state)
{
    (void)state;
    booted();
    for (size_t irq = 0; irq < 1020; irq++) {
        assert_true(virq_register(0, irq, NULL, NULL));
    }
    for (int irq = 0; irq < 1020; irq++) {
        assert_true(virq_inject(0, irq));
    }
    assert_int_equal(fake.log_bytes, 0);
}

static void inject_refuses(void **state)
{
    (void)state;
    booted();
    assert_false(virq_inject(0, IRQ));
    assert_logged("irq 40 is not registered for vCPU 0");
    assert_false(virq_inject(0, -1));
    assert_logged("irq -1 out of range");
    assert_false(virq_inject(0, 1020));
    assert_logged("irq 1020 out of range");
    assert_false(virq_inject(1, IRQ));
    assert_logged("vCPU 1 out of range");
    assert_false(virq_set_level(0, IRQ, true));
    assert_logged("not registered");
    assert_false(virq_set_level(0, 15, true));
    assert_logged("limits are 16 and 1019");
    assert_int_equal(fake.inject_calls, 0);
}

static void ack_function_is_called_at_the_end(void **state)
{
    (void)state;
    struct vm *vm = booted();
    struct call spi = {0};
    struct call ppi = {0};
    assert_true(virq_register(0, IRQ, count_call, &spi));
    assert_true(virq_register(0, 20, count_call, &ppi));
    assert_true(virq_inject(0, IRQ));
    assert_true(virq_inject(0, 20));
    assert_int_equal(spi.count, 0);
    end(vm, IRQ);
    assert_int_equal(spi.count, 1);
    assert_int_equal(spi.irq, IRQ);
    assert_int_equal(ppi.count, 0);
    end(vm, 20);
    assert_int_equal(ppi.count, 1);
    assert_int_equal(ppi.irq, 20);
}

static void level_until_served(void **state)
{
    (void)state;
    struct vm *vm = booted();
    struct call call = {0};
    assert_true(virq_register(0, IRQ, count_call, &call));
    assert_true(virq_set_level(0, IRQ, true));
    end(vm, IRQ);
    assert_true(virq_set_level(0, IRQ, false));
    end(vm, IRQ);
    assert_int_equal(call.count, 2);
    assert_int_equal(fake_lr_used(0), 0);
}

static void wakes_a_waiting_vcpu(void **state)
{
    (void)state;
    struct vm *vm = booted();
    assert_true(virq_register(0, IRQ, NULL, NULL));
    vcpu_wait(&vm->vcpus[0], 0x40001004);
    assert_true(virq_inject(0, IRQ));
    assert_int_equal(fake.vcpus[0].restart_count, 1);
    assert_int_equal(fake.vcpus[0].context.pc, 0x40001004);
}

static void passthrough(void **state)
{
    (void)state;
    struct vm *vm = booted();
    assert_true(virq_register_passthrough(0, IRQ, CH));
    assert_int_equal(fake.irq_acks[CH], 0);
    assert_true(virq_handle_passthrough(CH));
    assert_int_equal(fake_lr_of(0, IRQ), 0);
    assert_int_equal(fake.irq_acks[CH], 0);
    end(vm, IRQ);
    assert_int_equal(fake.irq_acks[CH], 1);
}

static void passthrough_refuses(void **state)
{
    (void)state;
    booted();
    assert_false(virq_register_passthrough(0, IRQ, 62));
    assert_logged("channel 62 out of range, limit is 61");
    assert_false(virq_register_passthrough(0, 1020, CH));
    assert_logged("irq 1020 out of range");
    assert_false(virq_register_passthrough(0, 15, CH));
    assert_logged("limits are 16 and 1019");
    assert_false(virq_register_passthrough(1, IRQ, CH));
    assert_logged("vCPU 1 out of range");
    assert_true(virq_register_passthrough(0, IRQ, CH));
    assert_false(virq_register_passthrough(0, IRQ + 1, CH));
    assert_logged("channel 5 has irq 40 already");
    assert_false(virq_register_passthrough(0, IRQ, CH + 1));
    assert_logged("irq 40 of vCPU 0 is registered already");
    assert_false(virq_handle_passthrough(CH + 1));
    assert_logged("channel 6 has no interrupt registered");
    assert_false(virq_handle_passthrough(UINT32_MAX));
    assert_logged("channel 4294967295 out of range, limit is 61");
    assert_true(virq_register_passthrough(0, IRQ + 1, 61));
    assert_true(virq_handle_passthrough(61));
}

/* The hardware line works after a restart, wherever the interrupt was when it came. */
static void reset_acknowledges_what_is_under_way(void **state)
{
    (void)state;
    struct vm *vm = booted();
    assert_true(virq_register_passthrough(0, IRQ, CH));
    assert_true(virq_register_passthrough(0, 100, CH + 1)); /* not enabled */
    assert_true(virq_register_passthrough(0, IRQ + 2, CH + 2));
    assert_true(virq_handle_passthrough(CH));
    assert_true(virq_handle_passthrough(CH + 1));
    virq_reset(vm);
    assert_int_equal(fake.irq_acks[CH], 1);
    assert_int_equal(fake.irq_acks[CH + 1], 1);
    assert_int_equal(fake.irq_acks[CH + 2], 0);
    end(vm, IRQ); /* taken after the reset, though raised before */
    assert_int_equal(fake.irq_acks[CH], 1);
    guest_write(vm, GICD_CTLR, 1);
    guest_write(vm, GICD_ISENABLER + 4, UINT32_MAX);
    assert_true(virq_handle_passthrough(CH));
    end(vm, IRQ);
    assert_int_equal(fake.irq_acks[CH], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configure_refuses),
        cmocka_unit_test(init_refuses),
        cmocka_unit_test(init_once),
        cmocka_unit_test(configuration_of_the_vmm_wins),
        cmocka_unit_test(too_early),
        cmocka_unit_test(register_refuses),
        cmocka_unit_test(private_interrupts),
        cmocka_unit_test(register_all),
        cmocka_unit_test(inject_refuses),
        cmocka_unit_test(ack_function_is_called_at_the_end),
        cmocka_unit_test(level_until_served),
        cmocka_unit_test(wakes_a_waiting_vcpu),
        cmocka_unit_test(passthrough),
        cmocka_unit_test(passthrough_refuses),
        cmocka_unit_test(reset_acknowledges_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
