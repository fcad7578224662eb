/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * linux_setup_images as a whole: what lands where, that an error changes nothing, and what a restart loads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libvmm/arch/aarch64/linux.h>
#include <libvmm/arch/aarch64/smc.h>
#include <libvmm/guest.h>
#include <libvmm/pl011.h>

#include "boot/linux_setup.h"
#include "dtb_builder.h"
#include "fake_microkit.h"
#include "vm/vm.h"

#define GUEST_BASE UINT64_C(0x40000000)
#define RAM_BYTES  0x800000U

#define TEXT_OFFSET  0x80000U
#define KERNEL_BYTES 0x3000U
#define KERNEL_SPACE 0x5000U
#define INITRD_BYTES 0x1234U
#define DTB_AT       0x600000U
#define INITRD_AT    0x700000U

#define NO_ENTRY ((uintptr_t)-1)

static struct vm *vm;
static uint8_t *ram;
static _Alignas(8) uint8_t kernel[KERNEL_BYTES];
static uint8_t initrd[INITRD_BYTES];
static struct builder b;
static struct builder_guest guest; /* what the device tree is built from */
static struct linux_images images;
static uint64_t base; /* of guest RAM, guest-physical */

static void make_kernel(void)
{
    const struct linux_image_header header = {
        .text_offset = TEXT_OFFSET, .image_size = KERNEL_SPACE, .flags = 0xa, .magic = 0x644d5241};

    for (size_t i = 0; i < sizeof kernel; i++) {
        kernel[i] = (uint8_t)(i * 7);
    }
    memcpy(kernel, &header, sizeof header);
}

/* A good set of images for guest RAM at `ram_base`. */
static void start_at(uint64_t ram_base)
{
    vm_forget(vm);
    fake_microkit_reset();
    memset(ram, 0, RAM_BYTES);
    make_kernel();
    memset(initrd, 0xc7, sizeof initrd);
    base = ram_base;
    guest = (struct builder_guest){.ram_base = base,
                                   .ram_bytes = RAM_BYTES,
                                   .initrd_start = base + INITRD_AT,
                                   .initrd_end = base + INITRD_AT + INITRD_BYTES,
                                   .gic = 2,
                                   .cpu_count = 1};
    images = (struct linux_images){.ram_start = (uintptr_t)ram,
                                   .kernel = (uintptr_t)kernel,
                                   .kernel_size = sizeof kernel,
                                   .dtb_src = (uintptr_t)b.blob,
                                   .dtb_dest = (uintptr_t)base + DTB_AT,
                                   .initrd_src = (uintptr_t)initrd,
                                   .initrd_dest = (uintptr_t)base + INITRD_AT,
                                   .initrd_size = sizeof initrd};
}

/* Guest RAM at an address of its own, as guest_ram_register leaves it. */
static void start_registered(void)
{
    start_at(GUEST_BASE);
    vm->ram = (struct guest_ram){.vmm_base = ram, .base = {GUEST_BASE}, .size_bytes = RAM_BYTES};
    vm->ram_registered = true;
}

static uintptr_t set_up_as_built(void)
{
    return linux_setup_images(images.ram_start, images.kernel, images.kernel_size, images.dtb_src, images.dtb_dest,
                              images.dtb_size, images.initrd_src, images.initrd_dest, images.initrd_size);
}

static uintptr_t set_up(void)
{
    images.dtb_size = builder_guest(&b, &guest);
    return set_up_as_built();
}

static bool is_ram_zero(void)
{
    for (size_t i = 0; i < RAM_BYTES; i++) {
        if (ram[i] != 0) {
            return false;
        }
    }
    return true;
}

static void expect_loaded(void)
{
    assert_memory_equal(ram + TEXT_OFFSET, kernel, sizeof kernel);
    /* As it was given, with seeds. */
    assert_int_equal(fdt_check_full(ram + DTB_AT, RAM_BYTES - DTB_AT), 0);
    assert_true(fdt_path_offset(ram + DTB_AT, "/memory@40000000") > 0);
    const int chosen = fdt_path_offset(ram + DTB_AT, "/chosen");
    int length;
    assert_non_null(fdt_getprop(ram + DTB_AT, chosen, "rng-seed", &length));
    assert_int_equal(length, 32);
    assert_non_null(fdt_getprop(ram + DTB_AT, chosen, "kaslr-seed", &length));
    assert_int_equal(length, 8);
    assert_memory_equal(ram + INITRD_AT, initrd, sizeof initrd);
}

static void expect_refused(const char *message)
{
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(fake_log_has("FAKE|ERROR: "));
    assert_true(fake_log_has(message));
    assert_true(is_ram_zero());
    assert_null(vm->reload);
    assert_int_equal(vm->vcpu_count, 0);
    assert_int_equal(vm->vgic_config.version, VGIC_NONE);
}

static int group_setup(void **state)
{
    (void)state;
    vm = vm_instance();
    ram = aligned_alloc(0x200000, RAM_BYTES);
    return ram == NULL ? -1 : 0;
}

static int group_teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static void test_same_addresses(void **state)
{
    (void)state;
    start_at((uintptr_t)ram);
    assert_int_equal(set_up(), (uintptr_t)ram + TEXT_OFFSET);
    expect_loaded();
    assert_ptr_equal(vm->ram.vmm_base, ram);
    assert_int_equal(vm->ram.base.value, (uintptr_t)ram);
    assert_int_equal(vm->ram.size_bytes, RAM_BYTES);
    assert_false(vm->ram_registered);
    assert_int_equal(vm->vcpu_count, 1);
    assert_int_equal(vm->vgic_config.version, VGIC_V2);
    assert_non_null(vm->reload);
    assert_int_equal(fake_log_count("ERROR"), 0);
}

static void test_registered_ram(void **state)
{
    (void)state;
    start_registered();
    guest.gic = 3;
    guest.cpu_count = 4;
    assert_int_equal(set_up(), GUEST_BASE + TEXT_OFFSET);
    expect_loaded();
    assert_int_equal(vm->vcpu_count, 4);
    assert_int_equal(vm->vgic_config.version, VGIC_V3);
    assert_int_equal(vm->vgic_config.redist_base.value, 0x80a0000);
}

static void test_caches_are_told(void **state)
{
    (void)state;
    start_registered();
    assert_int_not_equal(set_up(), NO_ENTRY);
    assert_true(fake.cache_cleaned_bytes >= sizeof kernel + images.dtb_size + sizeof initrd);
    assert_true(fake.cache_invalidated_bytes >= sizeof kernel);
}

static void test_no_initrd(void **state)
{
    (void)state;
    start_registered();
    guest.initrd_start = 0;
    guest.initrd_end = 0;
    images.initrd_size = 0;
    images.initrd_src = (uintptr_t)ram; /* ignored, as the size is 0 */
    images.initrd_dest = UINTPTR_MAX;
    assert_int_equal(set_up(), GUEST_BASE + TEXT_OFFSET);
    assert_int_equal(ram[INITRD_AT], 0);
}

static void test_dtb_with_padding(void **state)
{
    (void)state;
    start_registered();
    images.dtb_size = builder_guest(&b, &guest);
    size_t tree_bytes = images.dtb_size;
    b.blob[tree_bytes] = 0x55;
    images.dtb_size = tree_bytes + 8;
    assert_int_equal(set_up_as_built(), GUEST_BASE + TEXT_OFFSET);
    assert_int_equal(memchr(ram + DTB_AT + tree_bytes, 0x55, 8) == NULL, true);
}

static void test_unaligned_dtb(void **state)
{
    (void)state;
    static _Alignas(8) char unaligned[BUILDER_BYTES + 8];

    for (size_t offset = 1; offset < 8; offset++) {
        start_registered();
        images.dtb_size = builder_guest(&b, &guest);
        memcpy(unaligned + offset, b.blob, images.dtb_size);
        images.dtb_src = (uintptr_t)unaligned + offset;
        assert_int_equal(set_up_as_built(), GUEST_BASE + TEXT_OFFSET);
        expect_loaded();
        assert_int_equal(ram[0], 0);
    }
}

static void test_unaligned_dtb_that_is_wrong(void **state)
{
    (void)state;
    static _Alignas(8) char unaligned[BUILDER_BYTES + 8];

    start_registered();
    guest.ram_bytes = RAM_BYTES / 2;
    images.dtb_size = builder_guest(&b, &guest);
    memcpy(unaligned + 1, b.blob, images.dtb_size);
    images.dtb_src = (uintptr_t)unaligned + 1;
    assert_int_equal(set_up_as_built(), NO_ENTRY);
    assert_true(fake_log_has("0x400000 bytes of memory"));
    assert_true(is_ram_zero());
    memset(unaligned, 0xff, sizeof unaligned);
    assert_int_equal(set_up_as_built(), NO_ENTRY);
    assert_true(fake_log_has("magic number"));
    assert_true(is_ram_zero());
}

static void test_huge_unaligned_dtb(void **state)
{
    (void)state;
    static _Alignas(8) char unaligned[0x200010];

    start_registered();
    builder_guest(&b, &guest);
    fdt_set_totalsize(b.blob, 0x200001);
    memcpy(unaligned + 4, b.blob, sizeof(struct fdt_header));
    images.dtb_src = (uintptr_t)unaligned + 4;
    images.dtb_size = 0x200001;
    assert_int_equal(set_up_as_built(), NO_ENTRY);
    assert_true(fake_log_has("is not a multiple of 8: its 0x200001 bytes cannot be read there"));
    assert_true(is_ram_zero());
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    start_registered();
    images.ram_start = 0;
    expect_refused("ram_start 0x0");
    start_registered();
    images.ram_start += 8;
    expect_refused("should be a multiple of 0x1000");
    start_registered();
    images.ram_start += 0x1000;
    expect_refused("but guest_ram_register was given");
    start_registered();
    images.kernel = 0;
    expect_refused("kernel: address 0x0 with 0x3000 bytes");
    start_registered();
    images.kernel_size = SIZE_MAX;
    expect_refused("kernel: address");
    start_registered();
    images.kernel_size = 63;
    expect_refused("kernel has 0x3f bytes");
    start_registered();
    images.dtb_src = 0;
    expect_refused("device tree: address 0x0");
    start_registered();
    images.initrd_src = 0;
    expect_refused("initial RAM disk: address 0x0 with 0x1234 bytes");
    start_registered();
    images.initrd_size = SIZE_MAX;
    expect_refused("initial RAM disk: address");
}

static void test_no_dtb(void **state)
{
    (void)state;
    start_registered();
    images.dtb_size = 0;
    assert_int_equal(set_up_as_built(), NO_ENTRY);
    assert_true(fake_log_has("device tree: address"));
}

static void test_sources_in_guest_ram(void **state)
{
    (void)state;
    start_registered();
    guest.initrd_start = 0;
    guest.initrd_end = 0;
    images.initrd_size = 0;
    images.dtb_size = builder_guest(&b, &guest);
    images.kernel = (uintptr_t)ram + RAM_BYTES - sizeof kernel;
    memcpy((void *)images.kernel, kernel, sizeof kernel);
    assert_int_equal(set_up_as_built(), NO_ENTRY);
    assert_true(fake_log_has("kernel, 0x3000 bytes at 0x"));
    assert_true(fake_log_has("overlaps guest RAM, 0x800000 bytes at 0x"));
}

static void test_each_check_is_made(void **state)
{
    (void)state;
    start_registered();
    kernel[0] = 0x1f;
    kernel[1] = 0x8b;
    kernel[56] = 0;
    expect_refused("compressed with gzip");
    start_registered();
    guest.ram_bytes = RAM_BYTES + 0x1000;
    expect_refused("device tree has 0x801000 bytes of memory at 0x40000000, but guest_ram_register was given 0x800000");
    start_registered();
    guest.ram_base = 0x80000000;
    expect_refused("memory starts at 0x80000000, but guest RAM at 0x40000000");
    start_registered();
    images.dtb_dest += RAM_BYTES;
    expect_refused("device tree at 0x40e00000");
    start_registered();
    images.initrd_dest += 4;
    expect_refused("linux,initrd-start is 0x40700000, but initrd_dest is 0x40700004");
    start_registered();
    guest.initrd_end--;
    expect_refused("linux,initrd-end is 0x40701233, but initrd_dest + initrd_size is 0x40701234");
    start_registered();
    images.initrd_size = 0;
    expect_refused("but initrd_size is 0");
    start_registered();
    guest.cpu_count = 17;
    expect_refused("device tree has 17 CPUs: limits are 1 and 16");
    start_registered();
    guest.gic = 0;
    expect_refused("device tree has no interrupt controller");
}

static void test_gic_configured_by_the_vmm(void **state)
{
    (void)state;
    start_registered();
    guest.gic = 0;
    vm->virq.configured = true;
    vm->virq.config = (struct vgic_config){.version = VGIC_V3,
                                           .dist_base = {0x8000000},
                                           .dist_size_bytes = 0x10000,
                                           .redist_base = {0x80a0000},
                                           .redist_size_bytes = 0x20000};
    assert_int_not_equal(set_up(), NO_ENTRY);
    guest.gic = 3;
    assert_int_not_equal(set_up(), NO_ENTRY);
    guest.gic = 2;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(fake_log_has("a GICv2 at 0x8000000, redistributors at 0x0; the VMM a GICv3 at 0x8000000, 0x80a0000"));
    guest.gic = 3;
    vm->virq.config.redist_base = gpa(0x8200000);
    assert_int_equal(set_up(), NO_ENTRY);
    vm->virq.config.redist_base = gpa(0x80a0000);
    vm->virq.config.dist_base = gpa(0x8200000);
    assert_int_equal(set_up(), NO_ENTRY);
}

static void test_second_call_after_the_controller_is_up(void **state)
{
    (void)state;
    start_registered();
    assert_int_not_equal(set_up(), NO_ENTRY);
    vm->virq.initialised = true;
    assert_int_not_equal(set_up(), NO_ENTRY);
    guest.cpu_count = 2;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(fake_log_has("linux_setup_images: 2 vCPUs: the interrupt controller is set up for 1"));
    guest.cpu_count = 1;
    guest.gic = 3;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(fake_log_has("device tree has a GICv3"));
    assert_int_equal(vm->vgic_config.version, VGIC_V2);
}

static void test_failure_keeps_the_former_images(void **state)
{
    (void)state;
    uint64_t pc = 0;

    start_registered();
    assert_int_not_equal(set_up(), NO_ENTRY);
    const struct linux_images former = vm->images;
    images.initrd_dest += 8;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_memory_equal(&vm->images, &former, sizeof former);
    images.initrd_dest -= 8;
    memset(ram, 0, RAM_BYTES);
    assert_int_equal(vm->reload(vm, &pc), RESULT_OK);
    expect_loaded();
    assert_int_equal(pc, GUEST_BASE + TEXT_OFFSET);
}

static void test_while_the_guest_runs_only_a_restart_copies(void **state)
{
    (void)state;
    uint64_t pc = 0;

    start_registered();
    assert_int_not_equal(set_up(), NO_ENTRY);
    vm->vcpus[0].state = VCPU_RUNNING;
    memset(ram, 0, RAM_BYTES);
    initrd[5] = 'x';
    assert_int_equal(set_up(), GUEST_BASE + TEXT_OFFSET);
    assert_true(is_ram_zero());
    vm->vcpus[0].state = VCPU_OFF;
    assert_int_equal(vm->reload(vm, &pc), RESULT_OK);
    expect_loaded();
    assert_int_equal(ram[INITRD_AT + 5], 'x');
}

/* By guest_stop: its RAM is what guest_resume goes on with. */
static void test_a_stopped_guest_keeps_its_ram(void **state)
{
    (void)state;
    start_registered();
    const uintptr_t entry = set_up();
    assert_true(virq_controller_init(0));
    assert_true(guest_start(0, entry, images.dtb_dest, 0));
    guest_stop(0);
    ram[0x1000] = 0x77;
    ram[TEXT_OFFSET + 0x100] = 0x78;
    assert_int_equal(set_up(), entry);
    assert_int_equal(ram[0x1000], 0x77);
    assert_int_equal(ram[TEXT_OFFSET + 0x100], 0x78);
    assert_true(guest_resume(0));
    /* Stopped before it has begun, too. */
    assert_true(guest_restart(0, images.ram_start, RAM_BYTES));
    assert_true(vm->reset_stub.under_way);
    guest_stop(0);
    ram[TEXT_OFFSET + 0x100] = 0x79;
    assert_int_equal(set_up(), entry);
    assert_int_equal(ram[TEXT_OFFSET + 0x100], 0x79);
    assert_true(guest_resume(0));
}

static bool gives(uint8_t *bytes, size_t size_bytes, void *cookie)
{
    unsigned *const calls = cookie;
    memset(bytes, (int)(0xa0 + (*calls)++), size_bytes);
    return *calls < 8;
}

static const uint8_t *seed_in_ram(const char *name)
{
    return fdt_getprop(ram + DTB_AT, fdt_path_offset(ram + DTB_AT, "/chosen"), name, NULL);
}

/* From the VMM's source, anew each time that the guest starts. */
static void test_seeds(void **state)
{
    (void)state;
    static const uint8_t uuid[16] = {1};
    unsigned calls = 0;
    start_registered();
    const uintptr_t entry = set_up();
    assert_int_equal(seed_in_ram("rng-seed")[0], 0);
    assert_true(virq_controller_init(0));
    assert_true(smc_register_trng(uuid, gives, &calls));
    assert_true(guest_start(0, entry, images.dtb_dest, 0));
    assert_int_equal(seed_in_ram("rng-seed")[0], 0xa0);
    assert_int_equal(seed_in_ram("rng-seed")[31], 0xa1);
    assert_int_equal(seed_in_ram("kaslr-seed")[7], 0xa2);
    assert_int_equal(fake_log_count("not secret"), 0);
    assert_true(guest_restart(0, images.ram_start, RAM_BYTES));
    assert_int_equal(calls, 6);
    /* It has no more: made up, and said once. */
    for (unsigned i = 0; i < 3; i++) {
        assert_true(guest_restart(0, images.ram_start, RAM_BYTES));
    }
    assert_int_equal(fake_log_count("rng-seed and kaslr-seed are not secret"), 1);
}

static void test_seeds_without_a_source(void **state)
{
    (void)state;
    uint8_t former[32];
    start_registered();
    const uintptr_t entry = set_up();
    assert_true(virq_controller_init(0));
    assert_true(guest_start(0, entry, images.dtb_dest, 0));
    memcpy(former, seed_in_ram("rng-seed"), sizeof former);
    assert_true(guest_restart(0, images.ram_start, RAM_BYTES));
    assert_memory_not_equal(former, seed_in_ram("rng-seed"), sizeof former);
    assert_int_equal(fake_log_count("rng-seed and kaslr-seed are not secret"), 1);
}

/* A device tree's own are left alone. */
static void test_seeds_of_the_device_tree(void **state)
{
    (void)state;
    start_registered();
    images.dtb_size = builder_guest(&b, &guest);
    static _Alignas(8) char tree[BUILDER_BYTES];
    assert_int_equal(fdt_open_into(b.blob, tree, sizeof tree), 0);
    assert_int_equal(fdt_setprop_u64(tree, fdt_path_offset(tree, "/chosen"), "kaslr-seed", 0x77), 0);
    images.dtb_src = (uintptr_t)tree;
    images.dtb_size = sizeof tree;
    const uintptr_t entry = set_up_as_built();
    assert_true(virq_controller_init(0));
    assert_true(guest_start(0, entry, images.dtb_dest, 0));
    assert_int_equal(seed_in_ram("kaslr-seed")[7], 0x77);
    assert_int_not_equal(seed_in_ram("rng-seed")[0] | seed_in_ram("rng-seed")[1], 0);
}

static bool handle(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)vcpu_id;
    (void)offset;
    (void)fsr;
    (void)regs;
    (void)data;
    return false;
}

/* RAM that only the device tree tells of. */
static void test_device_in_ram(void **state)
{
    (void)state;
    static const struct pl011_line line = {0};
    static struct pl011 uart;
    start_at((uintptr_t)ram);
    assert_true(fault_register_vm_exception_handler((uintptr_t)ram + 0x10000, 0x1000, handle, NULL));
    expect_refused("linux_setup_images: RAM of 0x800000 bytes at");
    start_at((uintptr_t)ram);
    assert_int_not_equal(set_up(), NO_ENTRY);
    assert_true(virq_controller_init(0));
    assert_false(pl011_init(&uart, (uintptr_t)ram + 0x10000, 40, &line));
    assert_true(fake_log_has("overlap the guest's RAM"));
    assert_true(virq_register(0, 40, NULL, NULL));
    assert_null(vm->devices);
}

/* What guest_configure was given, and the device tree must say again. */
static void test_vcpus_configured_by_the_vmm(void **state)
{
    (void)state;
    start_registered();
    guest.gic = 3;
    guest.cpu_count = 2;
    guest.cpu_stride = 0x100;
    vm->is_configured = true;
    vm->vcpu_count = 2;
    vm->has_affinities = true;
    vm->affinity[0] = 0;
    vm->affinity[1] = 0x100;
    assert_int_not_equal(set_up(), NO_ENTRY);
    vm->affinity[1] = 0x101;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(
        fake_log_has("device tree has 2 CPUs, the reg of number 1 is 0x100; guest_configure was given 2, 0x101"));
    vm->affinity[1] = 0x100;
    vm->vcpu_count = 3;
    vm->affinity[2] = 0x200;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(fake_log_has("guest_configure was given 3, 0x0"));
}

static void test_affinities(void **state)
{
    (void)state;
    start_registered();
    guest.cpu_count = 2;
    guest.gic = 3;
    guest.cpu_stride = 0x100;
    assert_int_not_equal(set_up(), NO_ENTRY);
    assert_true(virq_controller_init(0));
    assert_int_equal(vm_affinity(vm, 1), 0x100);
    assert_int_equal(vgic_vcpu_of(&vm->vgic, 0x100), 1);
    guest.cpu_stride = 1;
    assert_int_equal(set_up(), NO_ENTRY);
    assert_true(fake_log_has("2 vCPUs: the interrupt controller is set up for 2, or their affinities were others"));
}

static void test_unaligned_dtb_while_the_guest_runs(void **state)
{
    (void)state;
    start_registered();
    vm->vcpus[0].state = VCPU_RUNNING;
    images.dtb_size = builder_guest(&b, &guest);
    memmove(b.blob + 4, b.blob, images.dtb_size);
    images.dtb_src = (uintptr_t)b.blob + 4;
    assert_int_equal(set_up_as_built(), NO_ENTRY);
    assert_true(is_ram_zero());
}

static void test_reload_checks_again(void **state)
{
    (void)state;
    uint64_t pc = 0;

    start_registered();
    assert_int_not_equal(set_up(), NO_ENTRY);
    memset(ram, 0, RAM_BYTES);
    kernel[56] = 0;
    assert_int_equal(vm->reload(vm, &pc), RESULT_INVALID);
    assert_true(is_ram_zero());
}

/* Whatever single byte of header or device tree is damaged, nothing is read or written where it must not be. */
static void test_every_byte_damaged(void **state)
{
    (void)state;
    start_registered();
    images.dtb_size = builder_guest(&b, &guest);
    const struct builder good = b;

    for (size_t i = 0; i < images.dtb_size; i++) {
        b = good;
        b.blob[i] = (char)(b.blob[i] ^ (1 << i % 8));
        fake_log_reset();
        uintptr_t entry = set_up_as_built();
        assert_true(entry == GUEST_BASE + TEXT_OFFSET || (entry == NO_ENTRY && fake_log_has("ERROR")));
    }
    b = good;
    for (size_t i = 0; i < sizeof(struct linux_image_header); i++) {
        make_kernel();
        kernel[i] = (uint8_t)~kernel[i];
        fake_log_reset();
        assert_true(set_up_as_built() != NO_ENTRY || fake_log_has("ERROR"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_addresses),
        cmocka_unit_test(test_registered_ram),
        cmocka_unit_test(test_caches_are_told),
        cmocka_unit_test(test_no_initrd),
        cmocka_unit_test(test_dtb_with_padding),
        cmocka_unit_test(test_unaligned_dtb),
        cmocka_unit_test(test_unaligned_dtb_that_is_wrong),
        cmocka_unit_test(test_huge_unaligned_dtb),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_no_dtb),
        cmocka_unit_test(test_sources_in_guest_ram),
        cmocka_unit_test(test_each_check_is_made),
        cmocka_unit_test(test_gic_configured_by_the_vmm),
        cmocka_unit_test(test_second_call_after_the_controller_is_up),
        cmocka_unit_test(test_failure_keeps_the_former_images),
        cmocka_unit_test(test_while_the_guest_runs_only_a_restart_copies),
        cmocka_unit_test(test_unaligned_dtb_while_the_guest_runs),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_seeds_without_a_source),
        cmocka_unit_test(test_seeds_of_the_device_tree),
        cmocka_unit_test(test_vcpus_configured_by_the_vmm),
        cmocka_unit_test(test_affinities),
        cmocka_unit_test(test_device_in_ram),
        cmocka_unit_test(test_a_stopped_guest_keeps_its_ram),
        cmocka_unit_test(test_reload_checks_again),
        cmocka_unit_test(test_every_byte_damaged),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
