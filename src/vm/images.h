/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The arguments of the last linux_setup_images, kept so that a restart can load the same images again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct linux_images {
    uintptr_t ram_start;
    uintptr_t kernel;
    size_t kernel_size;
    uintptr_t dtb_src;
    uintptr_t dtb_dest;
    size_t dtb_size;
    uintptr_t initrd_src;
    uintptr_t initrd_dest;
    size_t initrd_size;
};
