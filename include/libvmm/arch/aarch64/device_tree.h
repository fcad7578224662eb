/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The device tree of a guest that needs no .dts file: what libvmm itself gives every guest. Virtual devices of the
 * library add their own nodes when the guest is loaded; what is passed through still takes a .dts.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libvmm/virq.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the device tree is to say. Addresses are guest-physical. */
struct linux_device_tree {
    uint64_t ram_base;
    uint64_t ram_size_bytes;
    size_t vcpu_count;                 /**< 1 to 8 with a GICv2, 1 to 16 with a GICv3 */
    struct virq_controller_config gic; /**< as for virq_controller_configure */
    uint64_t initrd_base;              /**< ignored when initrd_size_bytes is 0 */
    uint64_t initrd_size_bytes;        /**< 0: no initial RAM disk */
    const char *bootargs;              /**< the kernel's command line; NULL: none */
    const char *stdout_path;           /**< node of the console for firmware, as "/serial@9000000"; NULL: none */
};

/**
 * Writes a device tree: memory, CPUs, PSCI (by SMC), virtual timer, interrupt controller and /chosen. For
 * linux_setup_images, as its `dtb_src`. [DTSpec 3]
 *
 * May be called from every entry point of the VMM.
 *
 * @param buffer    where to, a multiple of 8, outside of guest RAM.
 * @param capacity  bytes at `buffer`; 4096 and the length of bootargs are enough.
 * @param guest     what to say.
 * @return the device tree's size in bytes; or 0, after a line in the log, when a number is out of range, the version
 *         of the interrupt controller unknown or the capacity too small.
 */
size_t linux_device_tree_write(void *buffer, size_t capacity, const struct linux_device_tree *guest);

#ifdef __cplusplus
}
#endif
