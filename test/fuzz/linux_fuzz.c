/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * linux_setup_images with any kernel and any device tree, then a restart that walks the same road again.
 *
 * An input is a struct shape, a kernel of kernel_size bytes, and the device tree: the rest. Kernel and device tree end
 * where memory ends, so that the first byte read behind them is caught, by uninstrumented code (libfdt) as well.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <libvmm/arch/aarch64/fault.h>
#include <libvmm/arch/aarch64/linux.h>
#include <libvmm/virq.h>

#include "boot/dtb.h"
#include "boot/dtb_memory.h"
#include "machine.h"
#include "util/checked.h"

#define RAM_BASE     UINT64_C(0x40000000) /* guest-physical, and the VMM's */
#define RAM_BYTES    UINT64_C(0x400000)
#define SOURCE_BYTES 0x8000u
#define PAGE_BYTES   0x1000u
#define LOOK_BYTES   0x10000u
#define INITRD_BYTES 0x300u
#define NO_ENTRY     ((uintptr_t)-1)
#define ADDRESS_UNIT 0x1000u

enum shape_flags {
    SHAPE_REGISTERED = 1, /* RAM is registered, and not at its guest-physical address in the VMM */
    SHAPE_UNALIGNED = 2,  /* device tree at an odd address */
    SHAPE_INITRD = 4,
    SHAPE_RESTART = 8,
    SHAPE_CONFIGURED = 16, /* the VMM has configured a GICv3 */
    SHAPE_ADD_BYTES = 32,  /* addresses are not multiples of ADDRESS_UNIT */
};

struct shape {
    uint8_t flags;
    uint64_t dtb_dest;
    uint64_t initrd_dest;
    uint16_t kernel_size;
};

/* Memory that ends in a page nobody may touch. */
struct guarded {
    uint8_t *start;
    size_t size_bytes;
};

static struct guarded kernel_memory;
static struct guarded dtb_memory;
static uint8_t initrd[INITRD_BYTES];
static uint8_t *ram_at_base;
static uint8_t *ram_elsewhere;
static struct vm before;

static uint8_t *map(uintptr_t at, size_t size_bytes)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at != 0 ? MAP_FIXED_NOREPLACE : 0);
    uint8_t *memory = mmap((void *)at, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    MACHINE_REQUIRE(memory != MAP_FAILED);
    return memory;
}

static struct guarded map_guarded(void)
{
    uint8_t *start = map(0, SOURCE_BYTES + PAGE_BYTES);
    MACHINE_REQUIRE(mprotect(start + SOURCE_BYTES, PAGE_BYTES, PROT_NONE) == 0);
    return (struct guarded){start, SOURCE_BYTES};
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    kernel_memory = map_guarded();
    dtb_memory = map_guarded();
    ram_at_base = map(RAM_BASE, RAM_BYTES);
    ram_elsewhere = map(0, RAM_BYTES);
    memset(initrd, 0xc7, sizeof initrd);
    return 0;
}

/* Copies bytes to the end of guarded memory, as close to it as an alignment permits. */
static uintptr_t place(const struct guarded *memory, const uint8_t *bytes, size_t size_bytes, size_t alignment,
                       size_t misalignment)
{
    const size_t room = memory->size_bytes - size_bytes - misalignment;
    uint8_t *at = memory->start + room / alignment * alignment + misalignment;
    memcpy(at, bytes, size_bytes);
    return (uintptr_t)at;
}

static uint64_t any_address(struct input *input, uint8_t flags)
{
    const uint64_t at = RAM_BASE + (uint64_t)input_u16(input) * ADDRESS_UNIT;
    return (flags & SHAPE_ADD_BYTES) != 0 ? at + input_u64(input) : at;
}

static struct shape take_shape(struct input *input)
{
    struct shape shape = {.flags = input_u8(input)};
    shape.dtb_dest = any_address(input, shape.flags);
    shape.initrd_dest = any_address(input, shape.flags);
    shape.kernel_size = input_u16(input);
    return shape;
}

static bool take_images(struct input *input, const struct shape *shape, struct linux_images *images)
{
    const size_t kernel_size = shape->kernel_size % (SOURCE_BYTES / 2);
    if (input->size_bytes < kernel_size || input->size_bytes - kernel_size >= SOURCE_BYTES - 2 * DTB_ALIGN_BYTES) {
        return false;
    }
    const size_t dtb_size = input->size_bytes - kernel_size;
    *images = (struct linux_images){
        .ram_start = (uintptr_t)((shape->flags & SHAPE_REGISTERED) != 0 ? ram_elsewhere : ram_at_base),
        .kernel = place(&kernel_memory, input->bytes, kernel_size, 1, 0),
        .kernel_size = kernel_size,
        .dtb_src = place(&dtb_memory, input->bytes + kernel_size, dtb_size, DTB_ALIGN_BYTES,
                         (shape->flags & SHAPE_UNALIGNED) != 0 ? 3 : 0),
        .dtb_dest = shape->dtb_dest,
        .dtb_size = dtb_size,
        .initrd_src = (uintptr_t)initrd,
        .initrd_dest = shape->initrd_dest,
        .initrd_size = (shape->flags & SHAPE_INITRD) != 0 ? sizeof initrd : 0,
    };
    return true;
}

/* RAM that is not registered is as large as the device tree says; here, there is only so much of it. */
static bool is_ram_there(const struct shape *shape, const struct linux_images *images)
{
    static _Alignas(8) uint8_t copy[SOURCE_BYTES];
    struct dtb dtb;
    uint64_t size_bytes;
    if ((shape->flags & SHAPE_REGISTERED) != 0) {
        return true;
    }
    memcpy(copy, (const void *)images->dtb_src, images->dtb_size);
    return dtb_open(copy, images->dtb_size, &dtb) != RESULT_OK ||
           dtb_memory_size(&dtb, gpa(RAM_BASE), &size_bytes) != RESULT_OK || size_bytes <= RAM_BYTES;
}

static void set_up(const struct shape *shape)
{
    vm_forget(vm_instance());
    fake_microkit_reset();
    if ((shape->flags & SHAPE_REGISTERED) != 0) {
        MACHINE_REQUIRE(guest_ram_register((uintptr_t)ram_elsewhere, RAM_BASE, RAM_BYTES));
    }
    if ((shape->flags & SHAPE_CONFIGURED) != 0) {
        const struct virq_controller_config config = {.version = VIRQ_CONTROLLER_GICV3,
                                                      .dist_base = 0x8000000,
                                                      .dist_size_bytes = 0x10000,
                                                      .redist_base = 0x80a0000,
                                                      .redist_size_bytes = 0xf60000};
        MACHINE_REQUIRE(virq_controller_configure(&config));
    }
    memcpy(&before, vm_instance(), sizeof before);
}

static uintptr_t set_up_images(const struct linux_images *images)
{
    return linux_setup_images(images->ram_start, images->kernel, images->kernel_size, images->dtb_src, images->dtb_dest,
                              images->dtb_size, images->initrd_src, images->initrd_dest, images->initrd_size);
}

/* An error has changed nothing, and says why. */
static void check_refused(const struct linux_images *images)
{
    static const uint8_t zeros[LOOK_BYTES];
    MACHINE_REQUIRE(memcmp(&before, vm_instance(), sizeof before) == 0);
    MACHINE_REQUIRE(memcmp((const void *)images->ram_start, zeros, sizeof zeros) == 0);
    MACHINE_REQUIRE(fake_log_has("ERROR"));
}

/* Whether the range lies in RAM and holds the source's bytes. */
static void check_loaded(const struct linux_images *images, uint64_t at, uintptr_t source, size_t size_bytes)
{
    MACHINE_REQUIRE(range_inside(RAM_BASE, vm_instance()->ram.size_bytes, at, size_bytes));
    MACHINE_REQUIRE(memcmp((const uint8_t *)images->ram_start + (at - RAM_BASE), (const void *)source, size_bytes) ==
                    0);
}

static void check_all_loaded(const struct linux_images *images, uintptr_t entry)
{
    const uint64_t dtb_bytes = dtb_claimed_bytes((const void *)images->dtb_src, images->dtb_size);
    MACHINE_REQUIRE(vm_instance()->ram.size_bytes <= RAM_BYTES);
    MACHINE_REQUIRE(!ranges_overlap(entry, images->kernel_size, images->dtb_dest, dtb_bytes));
    check_loaded(images, entry, images->kernel, images->kernel_size);
    /* It is not as it was given: seeds have come. */
    MACHINE_REQUIRE(dtb_claimed_bytes((const uint8_t *)images->ram_start + (images->dtb_dest - RAM_BASE), dtb_bytes) >=
                    dtb_bytes);
    if (images->initrd_size != 0) {
        MACHINE_REQUIRE(!ranges_overlap(entry, images->kernel_size, images->initrd_dest, images->initrd_size));
        MACHINE_REQUIRE(!ranges_overlap(images->dtb_dest, dtb_bytes, images->initrd_dest, images->initrd_size));
        check_loaded(images, images->initrd_dest, images->initrd_src, images->initrd_size);
    }
    MACHINE_REQUIRE(fake.cache_syncs >= 2);
}

/* vCPUs that have run reset themselves before the guest starts anew: each ends that with an SMC. */
static void let_reset(void)
{
    const struct reset_stub *stub = &vm_instance()->reset_stub;
    for (unsigned i = 0; stub->under_way && i < VM_VCPU_COUNT_MAX; i++) {
        const uint32_t id = stub->vcpu_id;
        (void)fault_handle(id, fake_vcpu_fault(id, fake.vcpus[id].context.pc, 0x5e000000));
    }
    MACHINE_REQUIRE(!stub->under_way);
}

static void restart(const struct linux_images *images, uintptr_t entry)
{
    const bool has_controller = virq_controller_init(0);
    MACHINE_REQUIRE(guest_start(0, entry, images->dtb_dest, images->initrd_dest));
    if (has_controller) {
        machine_check();
    }
    memset((void *)images->ram_start, 0xa5, 64);
    MACHINE_REQUIRE(guest_restart(0, images->ram_start, vm_instance()->ram.size_bytes));
    let_reset();
    check_all_loaded(images, entry);
    MACHINE_REQUIRE(fake.vcpus[0].running && fake.vcpus[0].context.pc == entry);
    MACHINE_REQUIRE(fake.vcpus[0].context.x0 == images->dtb_dest);
}

/* Leaves RAM as it was found. */
static void clear(const struct linux_images *images)
{
    MACHINE_REQUIRE(madvise((void *)images->ram_start, RAM_BYTES, MADV_DONTNEED) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct input input = {bytes, size_bytes};
    const struct shape shape = take_shape(&input);
    struct linux_images images;
    if (!take_images(&input, &shape, &images) || !is_ram_there(&shape, &images)) {
        return -1;
    }
    set_up(&shape);
    const uintptr_t entry = set_up_images(&images);
    if (entry == NO_ENTRY) {
        check_refused(&images);
        return 0;
    }
    check_all_loaded(&images, entry);
    if ((shape.flags & SHAPE_RESTART) != 0) {
        restart(&images, entry);
    }
    clear(&images);
    return 0;
}
