/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#include <libvmm/guest.h>

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES sizeof ram
#define KERNEL_PC (RAM_BASE + 0x1000)
#define DTB       (RAM_BASE + 0x3000)

static _Alignas(4096) uint8_t ram[0x4000];
static unsigned reloads;
static unsigned reset_count; /* of vCPU 0, as only tests of one vCPU count entries */
static enum result reload_result;
static uint64_t reload_pc;

static enum result reload(struct vm *vm, uint64_t *kernel_pc)
{
    reloads++;
    /* RAM is clear by then, and nothing runs. */
    for (size_t i = 0; i < RAM_BYTES; i++) {
        assert_int_equal(ram[i], 0);
    }
    assert_int_equal(vm->vcpus[0].state, VCPU_OFF);
    assert_int_equal(vm->vcpus[1].state, VCPU_OFF);
    *kernel_pc = reload_pc;
    return reload_result;
}

static int setup(void **state)
{
    fixture_setup(state);
    struct vm *vm = fixture_vm();
    vcpu_stop(vm, 0);
    fake.vcpus[0] = (struct fake_vcpu){.running = false};
    assert_true(guest_ram_register((uintptr_t)ram, RAM_BASE, RAM_BYTES));
    vm->reload = reload;
    vm->images.dtb_dest = DTB;
    reloads = 0;
    reset_count = 0;
    reload_result = RESULT_OK;
    reload_pc = KERNEL_PC;
    memset(ram, 0xee, RAM_BYTES);
    fake_log_reset();
    return 0;
}

/* vCPUs that have run reset themselves before the guest starts anew: each ends that with an SMC. */
static void let_reset(void)
{
    const struct reset_stub *stub = &fixture_vm()->reset_stub;
    while (stub->under_way) {
        const uint32_t id = stub->vcpu_id;
        assert_int_equal(fake.vcpus[id].context.pc, RAM_BASE);
        assert_false(fault_handle(id, fake_vcpu_fault(id, RAM_BASE, fixture_class(ESR_EC_SMC64, 0))));
        reset_count++;
    }
}

static void start(void)
{
    assert_true(guest_start(0, KERNEL_PC, DTB, 0));
    let_reset();
}

static void assert_entered(unsigned restarts)
{
    let_reset();
    assert_true(fake.vcpus[0].running);
    assert_int_equal(fake.vcpus[0].restart_count - reset_count, restarts);
    assert_int_equal(fake.vcpus[0].context.pc, KERNEL_PC);
    assert_int_equal(fake.vcpus[0].context.x0, DTB);
    assert_int_equal(fake.vcpus[0].context.spsr, 0x3c5);
}

static bool psci(uint64_t function)
{
    *fake_x(0, 0) = function;
    return fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SMC64, 0)));
}

static void test_start(void **state)
{
    (void)state;
    start();
    assert_entered(1);
    assert_false(fake.vcpus[1].running);
    /* RAM is left as the images are in it. */
    assert_int_equal(ram[0], 0xee);
}

/* The guest has its interrupt controller on and the interrupt of its timer enabled; the timer is due. */
static bool timer_is_due(void)
{
    const struct {
        uint64_t at;
        uint64_t value;
    } writes[] = {{0x8000000, 0x12}, {0x80a0014, 0}, {0x80b0080, UINT32_MAX}, {0x80b0100, 1u << 27}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = writes[i].value};
        assert_int_equal(mmio_dispatch(&fixture_vm()->mmio, gpa(writes[i].at), &access), MMIO_HANDLED);
    }
    fake.vcpus[0].regs[seL4_VCPUReg_CNTV_CTL] = 1;
    return fixture_fault(fake_vppi_event(27));
}

static void test_timer_is_acked_at_its_end(void **state)
{
    (void)state;
    start();
    assert_true(timer_is_due());
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 0);
    assert_true(fixture_fault(fake_eoi_irq(0, 27)));
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
}

static void test_other_boot_vcpu(void **state)
{
    (void)state;
    assert_true(guest_start(1, KERNEL_PC, DTB, 0));
    let_reset();
    assert_true(fake.vcpus[1].running);
    assert_int_equal(fake.vcpus[1].context.pc, KERNEL_PC);
    assert_false(fake.vcpus[0].running);
    guest_stop(2);
    assert_true(fake.vcpus[1].running);
    guest_stop(1);
    assert_false(fake.vcpus[1].running);
    assert_false(guest_resume(0));
    assert_true(guest_resume(1));
    assert_true(fake.vcpus[1].running);
    assert_false(fake.vcpus[0].running);
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    let_reset();
    assert_true(fake.vcpus[0].running);
    assert_false(fake.vcpus[1].running);
}

static void test_start_refuses(void **state)
{
    (void)state;
    assert_false(guest_start(2, KERNEL_PC, DTB, 0));
    assert_false(guest_start(SIZE_MAX, KERNEL_PC, DTB, 0));
    assert_false(guest_start(0, KERNEL_PC + 2, DTB, 0));
    assert_false(guest_start(0, RAM_BASE + RAM_BYTES, DTB, 0));
    assert_false(guest_start(0, (uintptr_t)-1 & ~(uintptr_t)3, DTB, 0));
    assert_int_equal(fake_log_count("ERROR"), 5);
    assert_false(guest_start(0, (uintptr_t)-1, DTB, 0));
    assert_true(fake_log_has("ERROR: guest_start: the guest is NOT started: linux_setup_images has failed"));
    assert_int_equal(fake.vcpus[0].restart_count, 0);
}

static void test_vcpus_that_the_system_lacks(void **state)
{
    (void)state;
    fake.vcpu_count = 1;
    assert_false(guest_start(0, KERNEL_PC, DTB, 0));
    assert_true(fake_log_has("the guest has 2 CPUs, but the system description has no vCPU 1"));
    assert_int_equal(fake.vcpus[0].restart_count, 0);

    /* One that vanishes afterwards does no harm either. */
    fake.vcpu_count = 2;
    assert_true(guest_start(0, KERNEL_PC, DTB, 0));
    fake.vcpu_count = 1;
    *fake_x(0, 1) = 1;
    *fake_x(0, 2) = KERNEL_PC;
    assert_true(psci(0xc4000003));
    assert_int_equal((int64_t)*fake_x(0, 0), -6);
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_entered(2);
}

static void test_start_again_begins_anew(void **state)
{
    (void)state;
    start();
    assert_true(fixture_fault(fake_vppi_event(27)));
    start();
    assert_entered(2);
    assert_int_equal(fake.vcpus[0].stop_count - reset_count, 1);
    assert_int_equal(fixture_vm()->vgic.vcpus[0].private_word.latched, 0);
}

static void test_stop(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    start();
    vm_vcpu(vm, 1)->state = VCPU_RUNNING;
    guest_stop(0);
    guest_stop(0);
    assert_int_equal(fake.vcpus[0].stop_count, 1);
    assert_int_equal(fake.vcpus[1].stop_count, 1);
    guest_stop(7);
    assert_true(fake_log_has("guest_stop: vCPU 7 does not exist"));
}

static void test_resume(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    assert_false(guest_resume(0));
    start();
    assert_false(guest_resume(0));
    guest_stop(0);
    guest_stop(0);
    fake.vcpus[0].context.x5 = 0x55;
    assert_int_equal(vgic_inject(&vm->vgic, 0, 27), RESULT_OK);
    assert_false(guest_resume(1));
    assert_false(fake.vcpus[0].running);
    assert_true(guest_resume(0));
    assert_true(fake.vcpus[0].running);
    assert_false(fake.vcpus[1].running);
    assert_int_equal(vm->vcpus[0].state, VCPU_RUNNING);
    assert_int_equal(vm->vcpus[1].state, VCPU_OFF);
    assert_int_equal(fake.vcpus[0].context.x5, 0x55);
    assert_int_equal(vm->vgic.vcpus[0].private_word.latched, BIT(27));
    assert_false(guest_resume(0));
    assert_int_equal(fake_log_count("guest_resume"), 4);
}

static void test_nothing_to_resume(void **state)
{
    (void)state;
    start();
    guest_stop(0);
    start();
    assert_false(guest_resume(0));
    assert_false(psci(0x84000008));
    assert_false(guest_resume(0));
    start();
    guest_stop(0);
    reload_result = RESULT_INVALID;
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_false(guest_resume(0));
}

/* Stopped while its vCPUs are reset, a guest has not begun: it begins when resumed. */
static void test_resume_in_a_reset(void **state)
{
    (void)state;
    start();
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_true(fixture_vm()->reset_stub.under_way);
    guest_stop(0);
    guest_stop(0);
    assert_false(fixture_vm()->reset_stub.under_way);
    assert_true(guest_resume(0));
    assert_true(fixture_vm()->reset_stub.under_way);
    let_reset();
    assert_true(fake.vcpus[0].running);
    assert_int_equal(fake.vcpus[0].context.pc, KERNEL_PC);
    assert_false(guest_resume(0));
}

static void test_stop_on_error(void **state)
{
    (void)state;
    start();
    const uint64_t esr = fake.vcpus[0].regs[seL4_VCPUReg_ESR];
    guest_stop_on_error(true);
    assert_false(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xc0000000, FIXTURE_LOAD(4, 9, 0))));
    assert_false(fake.vcpus[0].running);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_ESR], esr);
    assert_true(fake_log_has("stopped at its mistake: access to nothing, page 0xc0000000"));
    assert_true(fake_log_has("general registers of vCPU 0"));
    assert_true(guest_resume(0));
    guest_stop_on_error(false);
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xc0000000, FIXTURE_LOAD(4, 9, 0))));
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_ESR], 0x96000010);
}

/* Every kind of mistake: nothing of the exit reaches the vCPU. */
static void test_stop_on_any_error(void **state)
{
    (void)state;
    const microkit_msginfo mistakes[] = {
        fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SYSREG, 0)),
        fake_vcpu_fault(0, FIXTURE_PC, fixture_class(0x3f, 0)),
    };
    guest_stop_on_error(true);
    for (size_t i = 0; i < 2; i++) {
        start();
        const seL4_UserContext before = fake.vcpus[0].context;
        microkit_mr_set(seL4_VCPUFault_HSR, fixture_class(i == 0 ? ESR_EC_SYSREG : 0x3f, 0));
        assert_false(fixture_fault(mistakes[i]));
        assert_false(fake.vcpus[0].running);
        assert_memory_equal(&before, &fake.vcpus[0].context, sizeof before);
    }
    start();
    fixture_device.result = MMIO_GUEST_ERROR;
    assert_false(fixture_fault(fake_vm_fault(0, FIXTURE_PC, FIXTURE_DEVICE_BASE, FIXTURE_LOAD(4, 9, 0))));
    assert_int_equal(fake.vcpus[0].context.x9, 0);
    assert_false(fake.vcpus[0].running);
}

static void test_restart(void **state)
{
    (void)state;
    start();
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_int_equal(reloads, 1);
    assert_entered(2);
    assert_true(fake.cache_invalidated_bytes >= RAM_BYTES);
}

/* However often it does: the log stays short. */
static void test_reset_loop(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 50; i++) {
        assert_false(psci(0x84000009));
        /* Each vCPU's reset fails too, as its CPU interface is not there. */
        assert_false(fixture_fault(fake_vm_fault(0, RAM_BASE, 0x8010000, FIXTURE_STORE(4, 6, 0))));
        let_reset();
        assert_true(fake.vcpus[0].running);
    }
    assert_int_equal(fake_log_count("guest asks for a reset"), 8);
    assert_int_equal(fake_log_count("further ones are not logged"), 2);
    assert_true(fake_log_count("\n") < 25);
}

static void count_reset(void *ctx)
{
    ++*(unsigned *)ctx;
    assert_false(fake.vcpus[0].running);
}

static void test_restart_resets_devices(void **state)
{
    (void)state;
    static const struct device_ops ops = {.reset = count_reset};
    static const struct device_claims nothing;
    static struct device device;
    unsigned resets = 0;
    assert_int_equal(device_add(fixture_vm(), &device, "counter", &ops, &resets, &nothing), RESULT_OK);
    start();
    assert_int_equal(resets, 0);
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_int_equal(resets, 1);
    let_reset();
    start();
    assert_int_equal(resets, 2);
}

static void test_restart_before_start(void **state)
{
    (void)state;
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_entered(1);
}

static void test_restart_refuses(void **state)
{
    (void)state;
    start();
    assert_false(guest_restart(2, (uintptr_t)ram, RAM_BYTES));
    assert_false(guest_restart(0, (uintptr_t)ram + 1, RAM_BYTES));
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES - 1));
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES + 1));
    assert_int_equal(reloads, 0);
    assert_false(fake.vcpus[0].running);
    fixture_vm()->reload = NULL;
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_true(fake_log_has("no images"));
}

static void test_restart_of_unregistered_ram(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    /* As the device tree says it: less than what the VMM has. */
    assert_int_equal(guest_ram_init(&vm->ram, ram, gpa(RAM_BASE), RAM_BYTES - 0x1000), RESULT_OK);
    vm->ram_registered = false;
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES - 0x2000));
    assert_false(guest_restart(0, (uintptr_t)ram, SIZE_MAX));
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_entered(1);
}

static void test_restart_whose_images_fail(void **state)
{
    (void)state;
    start();
    reload_result = RESULT_INVALID;
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    reload_result = RESULT_OK;
    reload_pc = 0;
    memset(ram, 1, RAM_BYTES);
    assert_false(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_false(fake.vcpus[0].running);
    assert_int_equal(fixture_vm()->vcpus[0].state, VCPU_OFF);
}

static void test_restart_while_waiting(void **state)
{
    (void)state;
    start();
    fake_vtimer_wakes = 1;
    assert_false(fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_WFX, WFX_TI_WFI))));
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_entered(2);
    vcpu_kick(fixture_vm(), 0);
    assert_entered(2);
}

static void test_restart_acks_the_timer(void **state)
{
    (void)state;
    start();
    assert_true(fixture_fault(fake_vppi_event(27)));
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
    assert_int_not_equal(fixture_vm()->vcpus[0].timers[VCPU_TIMER_VIRTUAL], VCPU_TIMER_MASKED);
}

static void test_restart_acks_passthrough_in_flight(void **state)
{
    (void)state;
    start();
    assert_true(virq_register_passthrough(0, 33, 5));
    assert_true(virq_handle_passthrough(5));
    assert_int_equal(fake.irq_acks[5], 0);
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    assert_int_equal(fake.irq_acks[5], 1);
}

static void test_reset_by_the_guest(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 5; i++) {
        memset(ram, 0xcc, RAM_BYTES);
        /* The exit's reply must not resume the vCPU: it has been restarted, with fresh registers. */
        assert_false(psci(0x84000009));
        assert_entered(2 + i);
        assert_int_equal(fake.vcpus[0].context.x1, 0);
    }
    assert_int_equal(reloads, 5);
    /* It then goes on as any other. */
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, FIXTURE_DEVICE_BASE, FIXTURE_STORE(4, 31, 0))));
}

static void test_reset_by_another_vcpu(void **state)
{
    (void)state;
    start();
    fake.vcpus[1].context.x0 = 0x84000009;
    vm_vcpu(fixture_vm(), 1)->state = VCPU_RUNNING;
    fake.vcpus[1].running = true;
    assert_false(fault_handle(1, fake_vcpu_fault(1, FIXTURE_PC, fixture_class(ESR_EC_SMC64, 0))));
    assert_entered(2);
    assert_false(fake.vcpus[1].running);
    assert_int_equal(fixture_vm()->vcpus[1].state, VCPU_OFF);
}

static bool restart_and_answer;

static bool restart_within(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)vcpu_id;
    (void)offset;
    (void)fsr;
    (void)data;
    regs->x5 = 0x55;
    assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    return restart_and_answer;
}

static void test_restart_from_within_a_handler(void **state)
{
    (void)state;
    assert_true(fault_register_vm_exception_handler(0xc0000000, 0x1000, restart_within, NULL));
    for (unsigned i = 0; i < 2; i++) {
        restart_and_answer = i != 0;
        start();
        assert_false(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xc0000000, FIXTURE_LOAD(4, 9, 0))));
        assert_entered(2 + 2 * i);
        assert_int_equal(fake.vcpus[0].context.x5, 0);
        assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_ESR], 0);
    }
}

static void test_event_for_a_stopped_vcpu(void **state)
{
    (void)state;
    start();
    guest_stop(0);
    assert_false(fixture_fault(fake_vppi_event(27)));
    microkit_mr_set(seL4_VGICMaintenance_IDX, UINT64_MAX);
    assert_false(fixture_fault(microkit_msginfo_new(seL4_Fault_VGICMaintenance, 1)));
    /* What it masked is unmasked for the next life. */
    start();
    assert_int_equal(fake.vcpus[0].vppi_ack_count, 1);
    assert_int_equal(fixture_vm()->vgic.vcpus[0].private_word.latched, 0);
}

static unsigned power_calls;
static enum guest_power_event power_event;
static enum guest_power_action power_answer;

static enum guest_power_action power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    assert_int_equal(vcpu_id, 0);
    assert_ptr_equal(cookie, &power_calls);
    assert_false(fake.vcpus[0].running);
    power_calls++;
    power_event = event;
    if (power_answer == GUEST_POWER_ACTION_HANDLED) {
        assert_true(guest_restart(0, (uintptr_t)ram, RAM_BYTES));
    }
    return power_answer;
}

static void test_power_handler(void **state)
{
    (void)state;
    power_calls = 0;
    assert_true(guest_register_power_handler(power, &power_calls));
    start();
    power_answer = GUEST_POWER_ACTION_STOP;
    assert_false(psci(0x84000009));
    assert_int_equal(power_event, GUEST_POWER_RESET);
    assert_false(fake.vcpus[0].running);
    assert_int_equal(reloads, 0);

    start();
    power_answer = GUEST_POWER_ACTION_RESTART;
    assert_false(psci(0x84000008));
    assert_int_equal(power_event, GUEST_POWER_OFF);
    assert_entered(3);

    power_answer = GUEST_POWER_ACTION_HANDLED;
    assert_false(psci(0x84000008));
    assert_entered(4);

    power_answer = GUEST_POWER_ACTION_DEFAULT;
    assert_false(psci(0x84000008));
    assert_false(fake.vcpus[0].running);
    assert_int_equal(power_calls, 4);
}

static void test_off_by_default(void **state)
{
    (void)state;
    start();
    assert_false(psci(0x84000008));
    assert_false(fake.vcpus[0].running);
    assert_int_equal(reloads, 0);
}

static void test_ram_register_refuses(void **state)
{
    (void)state;
    struct vm *vm = fixture_vm();
    const struct guest_ram before = vm->ram;
    assert_false(guest_ram_register(0, RAM_BASE, 0x1000));
    assert_false(guest_ram_register((uintptr_t)ram, RAM_BASE + 1, 0x1000));
    assert_false(guest_ram_register((uintptr_t)ram, RAM_BASE, 0x1001));
    assert_false(guest_ram_register((uintptr_t)ram, RAM_BASE, 0));
    assert_false(guest_ram_register((uintptr_t)ram, FIXTURE_DEVICE_BASE, 0x1000));
    assert_false(guest_ram_register((uintptr_t)ram, UINT64_MAX - 0xfff, 0x2000));
    assert_int_equal(fake_log_count("ERROR"), 6);
    assert_memory_equal(&before, &vm->ram, sizeof before);
}

static const struct guest_config two_vcpus = {
    .vcpu_count = 2,
    .gic = {.version = VIRQ_CONTROLLER_GICV3,
            .dist_base = 0x8000000,
            .dist_size_bytes = 0x10000,
            .redist_base = 0x80a0000,
            .redist_size_bytes = 0x200000},
};

static void forget(void)
{
    vm_forget(fixture_vm());
    fake_microkit_reset();
}

/* A guest that is no Linux, with many vCPUs and RAM in two places. */
static void test_configure(void **state)
{
    (void)state;
    static const uint32_t affinities[16] = {0, 1, 0x100, 0x101, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    const struct guest_ram_part regions[] = {{(uintptr_t)ram, RAM_BASE, 0x2000},
                                             {(uintptr_t)ram + 0x2000, UINT64_C(0x100000000), 0x2000}};
    struct guest_config config = two_vcpus;
    struct vm *vm = fixture_vm();
    forget();
    config.ram = regions;
    config.ram_count = 2;
    config.vcpu_count = 16;
    config.affinities = affinities;
    assert_true(guest_configure(&config));
    assert_true(virq_controller_init(0));
    assert_int_equal(vm->vgic.vcpu_count, 16);
    assert_true(guest_start(0, 0x100000000, 0, 0));
    assert_int_equal(fake.vcpus[0].context.pc, 0x100000000);
    assert_ptr_equal(guest_ram_at(&vm->ram, gpa(0x100001000), 0x1000), ram + 0x3000);
    assert_null(guest_ram_at(&vm->ram, gpa(RAM_BASE + 0x1000), 0x2000));
    *fake_x(0, 1) = 0x101;
    *fake_x(0, 2) = RAM_BASE;
    assert_true(psci(0xc4000003));
    assert_int_equal(*fake_x(0, 0), 0);
    assert_true(fake.vcpus[3].running);
    assert_int_equal(fake.vcpus[3].regs[seL4_VCPUReg_VMPIDR_EL2], 0x80000101);
    /* Too late now. */
    assert_false(guest_configure(&config));
    assert_true(fake_log_has("guest_configure: comes before"));
}

static void test_configure_refuses(void **state)
{
    (void)state;
    static const uint32_t twice[] = {5, 5}, large[] = {0, 0x10};
    const struct guest_ram_part overlapping[] = {{(uintptr_t)ram, RAM_BASE, 0x2000},
                                                 {(uintptr_t)ram + 0x2000, RAM_BASE + 0x1000, 0x2000}};
    const struct guest_ram_part unaligned[] = {{(uintptr_t)ram, RAM_BASE + 8, 0x2000}};
    const struct guest_ram_part at_gic[] = {{(uintptr_t)ram, 0x80c0000, 0x2000}};
    struct guest_config bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = two_vcpus;
    }
    bad[0].vcpu_count = 17;
    bad[1].vcpu_count = 0;
    bad[2].gic.version = VIRQ_CONTROLLER_GICV2;
    bad[2].vcpu_count = 9;
    bad[3].affinities = twice;
    bad[4].affinities = large;
    bad[5].ram = overlapping;
    bad[5].ram_count = 2;
    bad[6].ram = unaligned;
    bad[6].ram_count = 1;
    bad[7].ram = at_gic;
    bad[7].ram_count = 1;
    forget();
    for (size_t i = 0; i < 8; i++) {
        fake_log_reset();
        assert_false(guest_configure(&bad[i]));
        assert_int_equal(fake_log_count("FAKE|ERROR: guest_configure: "), 1);
        assert_int_equal(fixture_vm()->vcpu_count, 0);
        assert_int_equal(fixture_vm()->ram.size_bytes, 0);
    }
    assert_false(guest_configure(NULL));
}

static bool handle_nothing(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)vcpu_id;
    (void)offset;
    (void)fsr;
    (void)regs;
    (void)data;
    return false;
}

/* RAM and an emulated range that share a byte, in every order in which they can become known. */
static void test_overlaps_in_every_order(void **state)
{
    (void)state;
    const uint64_t inside = RAM_BASE + RAM_BYTES - 0x1000;
    const struct guest_ram_part region = {(uintptr_t)ram, RAM_BASE, RAM_BYTES};
    struct guest_config config = two_vcpus;
    config.ram = &region;
    config.ram_count = 1;

    forget();
    assert_true(guest_ram_register((uintptr_t)ram, RAM_BASE, RAM_BYTES));
    assert_false(fault_register_vm_exception_handler(inside, 0x1000, handle_nothing, NULL));
    assert_true(fake_log_has("0x1000 bytes at 0x40003000 overlap the guest's RAM"));
    config.gic.dist_base = inside & ~UINT64_C(0xffff);
    assert_false(guest_configure(&config));
    config = two_vcpus;
    config.gic.dist_base = RAM_BASE;
    assert_true(virq_controller_configure(&config.gic));
    assert_false(virq_controller_init(0));
    assert_int_equal(fixture_vm()->mmio.region_count, 0);
    assert_int_equal(fixture_vm()->vgic.vcpu_count, 0);

    forget();
    config = two_vcpus;
    config.ram = &region;
    config.ram_count = 1;
    assert_true(fault_register_vm_exception_handler(inside, 0x1000, handle_nothing, NULL));
    assert_false(guest_ram_register((uintptr_t)ram, RAM_BASE, RAM_BYTES));
    assert_false(guest_configure(&config));
    assert_true(fake_log_has("guest_configure: RAM of 0x4000 bytes at 0x40000000 overlaps an emulated device"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start, setup),
        cmocka_unit_test_setup(test_timer_is_acked_at_its_end, setup),
        cmocka_unit_test_setup(test_other_boot_vcpu, setup),
        cmocka_unit_test_setup(test_start_refuses, setup),
        cmocka_unit_test_setup(test_vcpus_that_the_system_lacks, setup),
        cmocka_unit_test_setup(test_start_again_begins_anew, setup),
        cmocka_unit_test_setup(test_stop, setup),
        cmocka_unit_test_setup(test_resume, setup),
        cmocka_unit_test_setup(test_nothing_to_resume, setup),
        cmocka_unit_test_setup(test_resume_in_a_reset, setup),
        cmocka_unit_test_setup(test_stop_on_error, setup),
        cmocka_unit_test_setup(test_stop_on_any_error, setup),
        cmocka_unit_test_setup(test_configure, setup),
        cmocka_unit_test_setup(test_configure_refuses, setup),
        cmocka_unit_test_setup(test_overlaps_in_every_order, setup),
        cmocka_unit_test_setup(test_restart, setup),
        cmocka_unit_test_setup(test_reset_loop, setup),
        cmocka_unit_test_setup(test_restart_resets_devices, setup),
        cmocka_unit_test_setup(test_restart_before_start, setup),
        cmocka_unit_test_setup(test_restart_refuses, setup),
        cmocka_unit_test_setup(test_restart_of_unregistered_ram, setup),
        cmocka_unit_test_setup(test_restart_whose_images_fail, setup),
        cmocka_unit_test_setup(test_restart_while_waiting, setup),
        cmocka_unit_test_setup(test_restart_acks_the_timer, setup),
        cmocka_unit_test_setup(test_restart_acks_passthrough_in_flight, setup),
        cmocka_unit_test_setup(test_reset_by_the_guest, setup),
        cmocka_unit_test_setup(test_reset_by_another_vcpu, setup),
        cmocka_unit_test_setup(test_restart_from_within_a_handler, setup),
        cmocka_unit_test_setup(test_event_for_a_stopped_vcpu, setup),
        cmocka_unit_test_setup(test_power_handler, setup),
        cmocka_unit_test_setup(test_off_by_default, setup),
        cmocka_unit_test_setup(test_ram_register_refuses, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
