/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Start of the kernel: the primary core prepares what all share, starts the
 * others that the image uses, and every core then enters its first thread.
 */
#include "kernel/core/boot.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/interrupt.h"
#include "kernel/aarch64/mmu.h"
#include "kernel/aarch64/smc.h"
#include "kernel/aarch64/vgic.h"
#include "kernel/core/control.h"
#include "kernel/core/dispatch.h"
#include "kernel/core/firmware.h"
#include "kernel/core/irq.h"
#include "kernel/core/lock.h"
#include "kernel/core/report.h"

#define STACK_BYTES 8192 /* STACK_SHIFT in start.S */

/* Filled in by the image tool: where struct image is. */
uint64_t kernel_image __attribute__((used, section(".data"))) = 0;

_Alignas(16) uint8_t kernel_stacks[IMAGE_CORE_COUNT_MAX][STACK_BYTES];

extern const char kernel_start_secondary[];

/* [Arm ARM D17.2.35] Clears memory by whole blocks, and out of the caches: a guest may start with its own off. */
static void clear_ram(const struct image_range *range)
{
    uint64_t block_bytes = 4ULL << (SYSREG_READ(dczid_el0) & 0xf);
    uint64_t end = range->base + range->size_bytes;

    for (uint64_t at = range->base; at < end; at += block_bytes) {
        __asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
    }
    for (uint64_t at = range->base; at < end; at += 64) {
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    cpu_dsb();
}

static const struct image *check_image(void)
{
    const struct image *image = (const struct image *)kernel_image;

    if (image == NULL || image->magic != IMAGE_MAGIC) {
        report_panic("the image tool has not put a system into this image, table at", kernel_image);
    }
    if (image->version != IMAGE_VERSION) {
        report_panic("the image tool is of another version:", image->version);
    }
    return image;
}

static void boot_system(void)
{
    const struct image *image = check_image();
    const struct image_range *zeros = (const struct image_range *)image->zeros_paddr;

    for (uint32_t i = 0; i < image->zero_count; i++) {
        clear_ram(&zeros[i]);
    }
    for (uint32_t i = 0; i < IMAGE_CORE_COUNT_MAX; i++) {
        cores[i].id = i;
        cores[i].stack_top = (uint64_t)kernel_stacks[i + 1];
        cores[i].next_wake = UINT64_MAX;
        cores[i].timer_at = UINT64_MAX;
        cores[i].is_alone = image->core_count == 1;
    }
    core_count = image->core_count;
    gic_init();
    context_find_features();
    control_init(image);
    irq_init(image);
    firmware_init(image);
}

static void start_other_cores(void)
{
    for (uint32_t i = 1; i < core_count; i++) {
        if (!smc_core_on(i, (uint64_t)kernel_start_secondary, i)) {
            report_panic("the firmware does not start core", i);
        }
    }
}

struct frame *boot_core(uint32_t id)
{
    struct core *core = &cores[id];

    if (id == 0) {
        mmu_init();
    }
    mmu_enable();
    SYSREG_WRITE(tpidr_el2, core);
    if (id == 0) {
        boot_system();
    }
    context_init_core();
    interrupt_init_core(core);
    vgic_init_core();
    if (id == 0) {
        start_other_cores();
    }
    (void)lock_enter(core, 0);
    core->is_online = true;
    return dispatch_next(core);
}
