/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The rules of the arm64 boot protocol for what lies where. [LinuxBoot 2, 3, 4]
 *
 * Invariant: no sum of a base and a size is formed before the range is known to lie inside guest RAM, which does not
 * wrap.
 */
#include "boot/layout.h"

#include <stddef.h>

#include <libvmm/util/util.h>

#include "util/checked.h"

#define GIB UINT64_C(0x40000000)

#define PHYSICAL_ADDRESS_LIMIT (UINT64_C(1) << 48)
#define INITRD_WINDOW_ALIGN    GIB
#define INITRD_WINDOW_BYTES    (32 * GIB)
#define OLD_DTB_WINDOW_BYTES   (GIB / 2)

static uint64_t end_of(const struct layout_range *range)
{
    return range->base.value + range->size_bytes;
}

static enum result check_inside(const struct layout_range *ram, const char *name, const struct layout_range *range)
{
    if (!range_inside(ram->base.value, ram->size_bytes, range->base.value, range->size_bytes)) {
        LOG_VMM_ERR("%s at 0x%lx with 0x%lx bytes is not inside guest RAM, 0x%lx with 0x%lx bytes\n", name,
                    range->base.value, range->size_bytes, ram->base.value, ram->size_bytes);
        return RESULT_RANGE;
    }
    return RESULT_OK;
}

static enum result place_kernel(const struct layout_range *ram, const struct linux_image *image,
                                struct layout_range *kernel)
{
    uint64_t base;

    if (!checked_align_up(ram->base.value, LAYOUT_KERNEL_ALIGN_BYTES, &base) ||
        !checked_add(base, image->text_offset, &kernel->base.value)) {
        LOG_VMM_ERR("kernel's text_offset 0x%lx does not fit guest RAM at 0x%lx\n", image->text_offset,
                    ram->base.value);
        return RESULT_RANGE;
    }
    kernel->size_bytes = image->memory_bytes;

    enum result result = check_inside(ram, "kernel", kernel);
    if (result == RESULT_OK && end_of(kernel) > PHYSICAL_ADDRESS_LIMIT) {
        LOG_VMM_ERR("kernel ends at 0x%lx, beyond the 48 bits of a physical address\n", end_of(kernel));
        result = RESULT_RANGE;
    }
    return result;
}

static enum result check_dtb(const struct layout_range *ram, const struct linux_image *image,
                             const struct layout *layout)
{
    const struct layout_range *dtb = &layout->dtb;

    if (!is_aligned(dtb->base.value, LAYOUT_DTB_ALIGN_BYTES)) {
        LOG_VMM_ERR("dtb_dest 0x%lx is not a multiple of %u\n", dtb->base.value, LAYOUT_DTB_ALIGN_BYTES);
        return RESULT_INVALID;
    }
    if (dtb->size_bytes > LAYOUT_DTB_BYTES_MAX) {
        LOG_VMM_ERR("device tree has 0x%lx bytes: the limit is 0x%x\n", dtb->size_bytes, LAYOUT_DTB_BYTES_MAX);
        return RESULT_RANGE;
    }
    enum result result = check_inside(ram, "device tree", dtb);
    if (result != RESULT_OK || image->is_sized) {
        return result;
    }
    uint64_t window = layout->kernel.base.value - image->text_offset;
    if (!range_inside(window, OLD_DTB_WINDOW_BYTES, dtb->base.value, dtb->size_bytes)) {
        LOG_VMM_ERR("device tree at 0x%lx is not within 512 MiB of 0x%lx, as a kernel this old needs it\n",
                    dtb->base.value, window);
        return RESULT_RANGE;
    }
    return RESULT_OK;
}

/* One window, which starts at a multiple of 1 GiB, covers the kernel and the initial RAM disk. */
static enum result check_initrd(const struct layout_range *ram, const struct layout *layout)
{
    const struct layout_range *kernel = &layout->kernel;
    const struct layout_range *initrd = &layout->initrd;

    if (initrd->size_bytes == 0) {
        return RESULT_OK;
    }
    enum result result = check_inside(ram, "initial RAM disk", initrd);
    if (result != RESULT_OK) {
        return result;
    }
    uint64_t window = MIN(kernel->base.value, initrd->base.value) & ~(INITRD_WINDOW_ALIGN - 1);
    uint64_t kernel_end = end_of(kernel);
    uint64_t initrd_end = end_of(initrd);
    if (MAX(kernel_end, initrd_end) - window > INITRD_WINDOW_BYTES) {
        LOG_VMM_ERR("initial RAM disk at 0x%lx is not within 32 GiB of the kernel at 0x%lx\n", initrd->base.value,
                    kernel->base.value);
        return RESULT_RANGE;
    }
    return RESULT_OK;
}

static enum result check_disjoint(const struct layout *layout)
{
    const struct {
        const char *name;
        const struct layout_range *range;
    } parts[] = {{"kernel", &layout->kernel}, {"device tree", &layout->dtb}, {"initial RAM disk", &layout->initrd}};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        for (size_t j = i + 1; j < ARRAY_SIZE(parts); j++) {
            const struct layout_range *a = parts[i].range;
            const struct layout_range *b = parts[j].range;
            if (ranges_overlap(a->base.value, a->size_bytes, b->base.value, b->size_bytes)) {
                LOG_VMM_ERR("%s at 0x%lx with 0x%lx bytes overlaps %s at 0x%lx with 0x%lx bytes\n", parts[i].name,
                            a->base.value, a->size_bytes, parts[j].name, b->base.value, b->size_bytes);
                return RESULT_BUSY;
            }
        }
    }
    return RESULT_OK;
}

enum result layout_decide(const struct layout_range *ram, const struct linux_image *image, struct layout *layout)
{
    enum result result = place_kernel(ram, image, &layout->kernel);

    if (result == RESULT_OK) {
        result = check_dtb(ram, image, layout);
    }
    if (result == RESULT_OK) {
        result = check_initrd(ram, layout);
    }
    if (result == RESULT_OK) {
        result = check_disjoint(layout);
    }
    return result;
}
