/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The Linux loader as libvmm 0.2 has it: guest-physical addresses throughout, and 0 for failure.
 */
#pragma once

#include_next <libvmm/arch/aarch64/linux.h>

#include "../../guest_ram.h"

#define LINUX_IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */

COMPAT02_UNUSED static uint64_t compat02_linux_setup_images(uint64_t ram_start_gpa, uintptr_t kernel,
                                                            size_t kernel_size, uintptr_t dtb_src,
                                                            uint64_t dtb_dest_gpa, size_t dtb_size,
                                                            uintptr_t initrd_src, uint64_t initrd_dest_gpa,
                                                            size_t initrd_size)
{
    void *const ram = gpa_to_hva(ram_start_gpa, 1);
    if (ram == NULL) {
        LOG_VMM_ERR("linux_setup_images: 0x%lx is in none of the regions of RAM given to guest_init\n",
                    (unsigned long)ram_start_gpa);
        return 0;
    }
    const uintptr_t kernel_pc = linux_setup_images((uintptr_t)ram, kernel, kernel_size, dtb_src, dtb_dest_gpa, dtb_size,
                                                   initrd_src, initrd_dest_gpa, initrd_size);
    return kernel_pc == UINTPTR_MAX ? 0 : kernel_pc;
}

#define linux_setup_images compat02_linux_setup_images
