/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A program for libvmm 0.2, with include/compat/0.2 before the library's headers: a VMM as such programs have it, and
 * what its calls do to the library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <libvmm/libvmm.h>

#include "../boot/dtb_builder.h"
#include "fake_microkit.h"
#include "vm/vm.h"

#define RAM_BYTES 0x800000
#define RAM_GPA   0x40000000
#define DTB_GPA   0x40600000
#define IRQ       40
#define PASSED    33
#define CH        5

static _Alignas(0x1000) uint8_t ram[RAM_BYTES];
static _Alignas(0x1000) uint8_t more[0x1000];
static _Alignas(8) uint8_t kernel[0x1000];
static struct builder b;
static unsigned ack_count;
static uint32_t acked;

static void on_ack(irq_routing_info_t route, void *cookie)
{
    assert_ptr_equal(cookie, &ack_count);
    assert_false(IRQ_ROUTE_INVALID(route));
    assert_int_equal(IRQ_ROUTE_TO_ARM_CPUID(route), 0);
    acked = IRQ_ROUTE_TO_ARM_INTID(route);
    ack_count++;
}

static arch_guest_init_t description(void)
{
    return (arch_guest_init_t){
        .num_vcpus = 1,
        .num_guest_ram_regions = 2,
        .guest_ram_regions = {{RAM_GPA, RAM_BYTES, ram}, {0x80000000, sizeof more, more}},
    };
}

static struct vm *fresh(void)
{
    fake_microkit_reset();
    compat02_ram.count = 0;
    compat02_virq.count = 0;
    ack_count = 0;
    vm_forget(vm_instance());
    return vm_instance();
}

static uint64_t set_up_images(void)
{
    const struct linux_image_header header = {.image_size = sizeof kernel, .flags = 0xa, .magic = LINUX_IMAGE_MAGIC};
    const struct builder_guest guest = {.ram_base = RAM_GPA, .ram_bytes = RAM_BYTES, .cpu_count = 1, .gic = 2};
    memcpy(kernel, &header, sizeof header);
    const size_t dtb_bytes = builder_guest(&b, &guest);
    return linux_setup_images(RAM_GPA, (uintptr_t)kernel, sizeof kernel, (uintptr_t)b.blob, DTB_GPA, dtb_bytes, 0, 0,
                              0);
}

static void test_a_program(void **state)
{
    (void)state;
    struct vm *vm = fresh();
    assert_true(guest_init(description()));
    const uint64_t kernel_pc = set_up_images();
    assert_int_equal(kernel_pc, RAM_GPA);
    assert_memory_equal(ram, kernel, sizeof kernel);
    assert_true(virq_controller_init());
    assert_true(virq_register_passthrough(ARM_GIC_IRQ_ROUTE(GUEST_BOOT_VCPU_ID, PASSED), CH));
    assert_true(virq_register(ARM_GIC_IRQ_ROUTE(0, IRQ), on_ack, &ack_count));
    assert_true(guest_start(kernel_pc, DTB_GPA, 0));
    assert_true(fake.vcpus[0].running);
    assert_true(virq_set_level(ARM_GIC_IRQ_ROUTE(0, IRQ), true));
    assert_true(virq_inject(ARM_GIC_IRQ_ROUTE(0, IRQ)));
    assert_true(virq_handle_passthrough(CH));
    guest_stop();
    assert_false(fake.vcpus[0].running);
    assert_true(guest_restart((uintptr_t)ram, RAM_BYTES));
    assert_int_equal(vm->ram.base.value, RAM_GPA);
    assert_int_equal(fake_log_count("|ERROR: "), 0);
    assert_int_equal(ack_count, 1); /* the restart ends what was injected */
    assert_int_equal(acked, IRQ);
}

static void test_ram(void **state)
{
    (void)state;
    (void)fresh();
    assert_true(guest_init(description()));
    assert_ptr_equal(gpa_to_hva(RAM_GPA + 8, RAM_BYTES - 8), ram + 8);
    assert_null(gpa_to_hva(RAM_GPA + 8, RAM_BYTES));
    assert_ptr_equal(gpa_to_hva(0x80000ff0, 16), more + 0xff0);
    assert_null(gpa_to_hva(0x80001000, 1));
    assert_null(gpa_to_hva(RAM_GPA - 1, 1));
    int count;
    assert_int_equal(guest_ram_get_regions(&count)[1].gpa_start, 0x80000000);
    assert_int_equal(count, 2);
    assert_false(guest_ram_add_region((struct guest_ram_region){0x80000fff, 2, more}));
    assert_true(fake_log_has("RAM at 0x80000fff overlaps RAM at 0x80000000"));
}

static void test_what_is_refused(void **state)
{
    (void)state;
    (void)fresh();
    assert_int_equal(set_up_images(), 0);
    assert_true(fake_log_has("0x40000000 is in none of the regions"));
    arch_guest_init_t init = description();
    init.num_vcpus = 5;
    assert_false(guest_init(init));
    assert_true(fake_log_has("5 vCPUs; limit is 1 to 4"));
    init = description();
    init.num_guest_ram_regions = 4;
    assert_false(guest_init(init));
    init = description();
    init.pci_init.mmio_aperature_size = 0x10000;
    assert_false(guest_init(init));
    assert_true(fake_log_has("pci_host_init"));
    assert_false(virq_inject((irq_routing_info_t){.type = IRQ_TYPE_X86_IOAPIC}));
    assert_true(fake_log_has("virq_inject: the route's type is 2"));
    /* The entry point of a failed linux_setup_images. */
    assert_true(guest_init(description()));
    assert_false(guest_start(0, DTB_GPA, 0));
    assert_true(fake_log_has("NOT started"));
}

static void test_faults(void **state)
{
    (void)state;
    const uint64_t load = 0x93830006, store = load | 0x40; /* of a word, x3 [Arm ARM D17.2.37] */
    (void)fresh();
    seL4_UserContext regs = {.pc = 0x1000, .x3 = 7};
    assert_int_equal(fault_get_width_bytes(load), 4);
    assert_ptr_equal(decode_rt(3, &regs), &regs.x3);
    *decode_rt(31, &regs) = 9;
    assert_int_equal(*decode_rt(31, &regs), 0);
    assert_int_equal(fault_emulate(&regs, 7, 0, load, 0x12345678), 0x12345678);
    assert_int_equal(regs.x3, 7);
    assert_int_equal(fault_emulate(&regs, UINT64_C(0x1111111122222222), 0, store, 5) & UINT32_MAX, 5);
    assert_true(fault_advance(0, &regs, 0, load, 42));
    assert_int_equal(regs.x3, 42);
    assert_int_equal(fake.vcpus[0].context.pc, 0x1004);
    assert_int_equal(fake.vcpus[0].context.x3, 42);
    assert_string_equal(fault_to_string(seL4_Fault_VCPUFault), "VCPU fault");
    smc_set_return_value(&regs, 11);
    regs.x6 = 6;
    assert_int_equal(regs.x0, 11);
    assert_int_equal(smc_get_arg(&regs, 6), 6);
    assert_int_equal(smc_get_arg(&regs, 0) + smc_get_arg(&regs, 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program),
        cmocka_unit_test(test_ram),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
