/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The road from nine arguments to a guest in memory:
 *
 *     arguments -> kernel header -> device tree -> guest RAM -> devices, layout -> /chosen, CPUs, GIC -> commit
 *
 * Invariant: struct plan is filled by checks alone; commit, which changes the VM and guest RAM, cannot fail after
 * them. A restart walks the same road, so images that were changed meanwhile are checked again.
 */
#include "boot/linux_setup.h"

#include <libvmm/arch/aarch64/linux.h>
#include <libvmm/util/util.h>

#include "aarch64/vcpu/cache.h"
#include "boot/dtb.h"
#include "boot/dtb_chosen.h"
#include "boot/dtb_cpus.h"
#include "boot/dtb_devices.h"
#include "boot/dtb_gic.h"
#include "boot/dtb_memory.h"
#include "boot/dtb_seeds.h"
#include "boot/layout.h"
#include "boot/linux_image.h"
#include "util/checked.h"

#define RAM_ALIGN_BYTES 4096

/* What is to be done, once all of it is known to be right. */
struct plan {
    struct linux_images images;
    struct linux_image image;
    struct vm_config config;
    struct layout layout;
    uint64_t dtb_bytes; /* of the device tree as given; in the layout it has room for the library's devices */
};

/* Whether the guest goes on from where it is, now or by guest_resume: its RAM and its devices are then its own. */
static bool is_running(const struct vm *vm)
{
    bool is_running = vm->is_new;
    for (size_t i = 0; i < VM_VCPU_COUNT_MAX; i++) {
        is_running |= vm->vcpus[i].state != VCPU_OFF;
    }
    return is_running;
}

static enum result check_source(const char *name, uintptr_t source, size_t size)
{
    uint64_t end;

    if (source == 0 || size == 0 || !checked_add(source, size, &end)) {
        LOG_VMM_ERR("%s: address 0x%lx with 0x%lx bytes is not a file in memory\n", name, (uint64_t)source,
                    (uint64_t)size);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result check_arguments(const struct vm *vm, const struct linux_images *images)
{
    if (images->ram_start == 0 || !is_aligned(images->ram_start, RAM_ALIGN_BYTES)) {
        LOG_VMM_ERR("ram_start 0x%lx is not the start of guest RAM: should be a multiple of 0x%x\n",
                    (uint64_t)images->ram_start, RAM_ALIGN_BYTES);
        return RESULT_INVALID;
    }
    if (vm->ram_registered && images->ram_start != (uintptr_t)vm->ram.vmm_base) {
        LOG_VMM_ERR("ram_start is 0x%lx, but guest_ram_register was given 0x%lx\n", (uint64_t)images->ram_start,
                    (uint64_t)(uintptr_t)vm->ram.vmm_base);
        return RESULT_INVALID;
    }
    enum result result = check_source("kernel", images->kernel, images->kernel_size);
    if (result == RESULT_OK) {
        result = check_source("device tree", images->dtb_src, images->dtb_size);
    }
    if (result == RESULT_OK && images->initrd_size != 0) {
        result = check_source("initial RAM disk", images->initrd_src, images->initrd_size);
    }
    return result;
}

/* Guest RAM as far as the VMM and the device tree tell; both must say the same where both say something. */
static enum result find_ram(const struct vm *vm, const struct dtb *dtb, struct plan *plan)
{
    gpa_t base = vm->ram_registered ? vm->ram.base : gpa(plan->images.ram_start);
    uint64_t size_bytes;
    enum result result = dtb_memory_size(dtb, base, &size_bytes);

    if (result != RESULT_OK) {
        return result;
    }
    if (vm->ram_registered && size_bytes != vm->ram.size_bytes) {
        LOG_VMM_ERR("device tree has 0x%lx bytes of memory at 0x%lx, but guest_ram_register was given 0x%lx\n",
                    size_bytes, base.value, vm->ram.size_bytes);
        return RESULT_INVALID;
    }
    if (vm->ram_registered) {
        plan->config.ram = vm->ram;
        return RESULT_OK;
    }
    result = guest_ram_init(&plan->config.ram, (void *)plan->images.ram_start, base, size_bytes);
    if (result != RESULT_OK) {
        LOG_VMM_ERR("guest RAM at 0x%lx cannot have 0x%lx bytes\n", base.value, size_bytes);
    }
    return result;
}

/* A source inside of guest RAM would be overwritten by the copy, and be at the guest's mercy later. */
static enum result check_sources_outside_ram(const struct plan *plan)
{
    const struct linux_images *images = &plan->images;
    const struct {
        const char *name;
        uintptr_t source;
        size_t size;
    } sources[] = {{"kernel", images->kernel, images->kernel_size},
                   {"device tree", images->dtb_src, images->dtb_size},
                   {"initial RAM disk", images->initrd_src, images->initrd_size}};

    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        if (ranges_overlap(sources[i].source, sources[i].size, images->ram_start, plan->config.ram.size_bytes)) {
            LOG_VMM_ERR("%s, 0x%lx bytes at 0x%lx of the VMM, overlaps guest RAM, 0x%lx bytes at 0x%lx\n",
                        sources[i].name, (uint64_t)sources[i].size, (uint64_t)sources[i].source,
                        plan->config.ram.size_bytes, (uint64_t)images->ram_start);
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

static enum result decide_layout(struct vm *vm, const struct dtb *dtb, struct plan *plan)
{
    const struct linux_images *images = &plan->images;
    const struct layout_range ram = {plan->config.ram.base, plan->config.ram.size_bytes};
    uint64_t growth_bytes;
    enum result result = dtb_devices_size(vm, dtb, &growth_bytes);

    if (result != RESULT_OK) {
        return result;
    }
    plan->dtb_bytes = dtb->size_bytes;
    plan->layout.dtb = (struct layout_range){gpa(images->dtb_dest), dtb->size_bytes + growth_bytes};
    plan->layout.initrd = (struct layout_range){gpa(images->initrd_dest), images->initrd_size};
    return layout_decide(&ram, &plan->image, &plan->layout);
}

static enum result find_vcpus(const struct vm *vm, const struct dtb *dtb, struct plan *plan)
{
    struct dtb_cpus cpus;
    enum result result = dtb_cpus_read(dtb, VM_VCPU_COUNT_MAX, &cpus);

    if (result != RESULT_OK) {
        return result;
    }
    plan->config.vcpu_count = cpus.count;
    memcpy(plan->config.affinity, cpus.affinity, sizeof cpus.affinity);
    if (!vm->is_configured) {
        return RESULT_OK;
    }
    for (size_t i = 0; i < cpus.count; i++) {
        if (cpus.count != vm_vcpu_count(vm) || cpus.affinity[i] != vm_affinity(vm, i)) {
            LOG_VMM_ERR(
                "device tree has %zu CPUs, the reg of number %zu is 0x%x; guest_configure was given %zu, 0x%x\n",
                cpus.count, i, cpus.affinity[i], vm_vcpu_count(vm), vm_affinity(vm, i));
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

/* The interrupt controller as the VMM has configured or initialised it; NULL: it is still to be found. */
static const struct vgic_config *known_vgic(const struct vm *vm)
{
    if (vm->virq.configured) {
        return &vm->virq.config;
    }
    return vm->virq.initialised ? &vm->vgic_config : NULL;
}

static bool is_same_vgic(const struct vgic_config *a, const struct vgic_config *b)
{
    return a->version == b->version && a->dist_base.value == b->dist_base.value &&
           (a->version != VGIC_V3 || a->redist_base.value == b->redist_base.value);
}

/* What the device tree says; where it is known already, the guest must look for it in the same place. */
static enum result find_vgic(const struct vm *vm, const struct dtb *dtb, struct plan *plan)
{
    const struct vgic_config *known = known_vgic(vm);
    struct vgic_config *found = &plan->config.vgic;
    enum result result = dtb_gic_find(dtb, found);

    if (known == NULL) {
        if (result == RESULT_RANGE) {
            LOG_VMM_ERR("device tree has no interrupt controller: arm,gic-v3, arm,gic-400 or arm,cortex-a15-gic\n");
        }
        return result;
    }
    if (result == RESULT_OK && !is_same_vgic(known, found)) {
        LOG_VMM_ERR("device tree has a GICv%u at 0x%lx, redistributors at 0x%lx; the VMM a GICv%u at 0x%lx, 0x%lx\n",
                    found->version == VGIC_V3 ? 3U : 2U, found->dist_base.value, found->redist_base.value,
                    known->version == VGIC_V3 ? 3U : 2U, known->dist_base.value, known->redist_base.value);
        result = RESULT_INVALID;
    }
    *found = *known;
    return result == RESULT_RANGE ? RESULT_OK : result;
}

static enum result decide_from_dtb(struct vm *vm, const struct dtb *dtb, struct plan *plan)
{
    enum result result = find_ram(vm, dtb, plan);

    if (result == RESULT_OK) {
        result = check_sources_outside_ram(plan);
    }
    if (result == RESULT_OK) {
        result = decide_layout(vm, dtb, plan);
    }
    if (result == RESULT_OK) {
        const struct layout_range ram = {plan->config.ram.base, plan->config.ram.size_bytes};
        result = dtb_chosen_check_initrd(dtb, &plan->layout.initrd, &ram);
    }
    if (result == RESULT_OK) {
        result = find_vcpus(vm, dtb, plan);
    }
    if (result == RESULT_OK) {
        result = find_vgic(vm, dtb, plan);
    }
    return result == RESULT_OK ? vm_config_check(vm, "linux_setup_images", &plan->config) : result;
}

/*
 * libfdt wants a device tree aligned to 8, which a file included with .incbin may not be. Such a one is copied to the
 * start of guest RAM for the time it is read: any guest has that much RAM, whatever else may be wrong.
 */
static enum result decide_from_unaligned_dtb(struct vm *vm, struct plan *plan)
{
    const void *source = (const void *)plan->images.dtb_src;
    void *copy = (void *)plan->images.ram_start;
    uint64_t claimed_bytes = dtb_claimed_bytes(source, plan->images.dtb_size);
    uint64_t bytes = MIN(claimed_bytes, plan->images.dtb_size);

    if (is_running(vm) || bytes > LAYOUT_DTB_BYTES_MAX || (vm->ram_registered && bytes > vm->ram.size_bytes)) {
        LOG_VMM_ERR("device tree's address 0x%lx is not a multiple of %u: its 0x%lx bytes cannot be read there\n",
                    (uint64_t)plan->images.dtb_src, DTB_ALIGN_BYTES, bytes);
        return RESULT_INVALID;
    }
    struct dtb dtb;
    memcpy(copy, source, bytes);
    enum result result = dtb_open(copy, bytes, &dtb);
    if (result == RESULT_OK) {
        result = decide_from_dtb(vm, &dtb, plan);
    }
    memset(copy, 0, bytes);
    cache_sync(copy, bytes);
    return result;
}

static enum result decide(struct vm *vm, const struct linux_images *images, struct plan *plan)
{
    plan->images = *images;
    if (images->initrd_size == 0) {
        plan->images.initrd_src = 0;
        plan->images.initrd_dest = 0;
    }
    enum result result = check_arguments(vm, images);
    if (result == RESULT_OK) {
        result = linux_image_decode((const void *)images->kernel, images->kernel_size, &plan->image);
    }
    if (result != RESULT_OK) {
        return result;
    }
    if (!is_aligned(images->dtb_src, DTB_ALIGN_BYTES)) {
        return decide_from_unaligned_dtb(vm, plan);
    }
    struct dtb dtb;
    result = dtb_open((const void *)images->dtb_src, images->dtb_size, &dtb);
    return result == RESULT_OK ? decide_from_dtb(vm, &dtb, plan) : result;
}

/* Copies into a range that decide() has found inside of guest RAM, which is why this cannot fail. */
static void load(const struct guest_ram *ram, const struct layout_range *range, uintptr_t source, uint64_t bytes)
{
    enum result result = bytes == 0 ? RESULT_OK : guest_ram_load(ram, range->base, (const void *)source, bytes);

    assert(result == RESULT_OK);
    (void)result;
}

/* The device tree, with the library's devices and seeds in it. Cannot fail: decide() has seen the very tree. */
static void load_dtb(struct vm *vm, const struct plan *plan)
{
    const struct layout_range *range = &plan->layout.dtb;
    load(&vm->ram, range, plan->images.dtb_src, plan->dtb_bytes);
    void *blob = guest_ram_at(&vm->ram, range->base, range->size_bytes);
    enum result result = dtb_devices_add(vm, blob, range->size_bytes);
    assert(result == RESULT_OK);
    (void)result;
    vm->seeds.count = 0;
    for (size_t i = 0; i < DTB_SEED_COUNT; i++) {
        const struct dtb_seed seed = dtb_seed_find(blob, i);
        if (seed.size_bytes != 0) {
            vm->seeds.places[vm->seeds.count].at = gpa(range->base.value + seed.offset);
            vm->seeds.places[vm->seeds.count++].size_bytes = seed.size_bytes;
        }
    }
    cache_sync(blob, range->size_bytes);
}

/* What devices have under way for a former life of the guest must not come into the memory of this one. */
static void copy_images(struct vm *vm, const struct plan *plan)
{
    const struct linux_images *images = &plan->images;
    const struct layout *layout = &plan->layout;

    device_reset_all(vm);
    load(&vm->ram, &layout->kernel, images->kernel, images->kernel_size);
    load_dtb(vm, plan);
    load(&vm->ram, &layout->initrd, images->initrd_src, images->initrd_size);
}

/* A restart: guest RAM has been cleared, no vCPU runs. */
static enum result reload(struct vm *vm, uint64_t *kernel_pc)
{
    struct plan plan;
    enum result result = decide(vm, &vm->images, &plan);

    if (result == RESULT_OK) {
        vm_config_commit(vm, &plan.config);
        copy_images(vm, &plan);
        *kernel_pc = plan.layout.kernel.base.value;
    }
    return result;
}

enum result linux_setup(struct vm *vm, const struct linux_images *images, uint64_t *kernel_pc)
{
    struct plan plan;
    enum result result = decide(vm, images, &plan);

    if (result != RESULT_OK) {
        return result;
    }
    const struct guest_ram former_ram = vm->ram;
    vm->images = plan.images;
    vm_config_commit(vm, &plan.config);
    vm->untested_page_kib = plan.image.page_kib;
    vm->reload = reload;
    if (is_running(vm)) {
        vm->ram = former_ram;
    } else {
        copy_images(vm, &plan);
    }
    *kernel_pc = plan.layout.kernel.base.value;
    return RESULT_OK;
}

uintptr_t linux_setup_images(uintptr_t ram_start, uintptr_t kernel, size_t kernel_size, uintptr_t dtb_src,
                             uintptr_t dtb_dest, size_t dtb_size, uintptr_t initrd_src, uintptr_t initrd_dest,
                             size_t initrd_size)
{
    const struct linux_images images = {
        .ram_start = ram_start,
        .kernel = kernel,
        .kernel_size = kernel_size,
        .dtb_src = dtb_src,
        .dtb_dest = dtb_dest,
        .dtb_size = dtb_size,
        .initrd_src = initrd_src,
        .initrd_dest = initrd_dest,
        .initrd_size = initrd_size,
    };
    uint64_t kernel_pc;

    return linux_setup(vm_instance(), &images, &kernel_pc) == RESULT_OK ? (uintptr_t)kernel_pc : (uintptr_t)-1;
}
