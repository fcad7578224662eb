/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loading a Linux guest: kernel, device tree and initial RAM disk into guest RAM.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The first 64 bytes of an arm64 Linux kernel ("Image"), all fields little-endian. [LinuxBoot 4]
 */
struct linux_image_header {
    uint32_t code0;       /**< executable code, or "MZ" for an image that is also an EFI program */
    uint32_t code1;       /**< executable code */
    uint64_t text_offset; /**< where the image belongs, in bytes from a base that is aligned to 2 MiB */
    uint64_t image_size;  /**< bytes of memory from the image's start that the kernel needs; 0 before Linux 3.17 */
    uint64_t flags;       /**< bit 0: big-endian; bits 2-1: page size; bit 3: may lie anywhere in memory */
    uint64_t res2;        /**< reserved */
    uint64_t res3;        /**< reserved */
    uint64_t res4;        /**< reserved */
    uint32_t magic;       /**< "ARM\x64" */
    uint32_t res5;        /**< offset of the PE header, for EFI */
};

/**
 * Copies a Linux kernel, its device tree and, if there is one, its initial RAM disk into guest RAM, ready to run.
 *
 * Everything is checked before the first byte is copied: the kernel's header, where the three go, the device tree and
 * whether it agrees with the arguments. From the device tree the library also learns which interrupt controller the
 * guest is to see, unless the VMM has configured one (then both must agree), and how many vCPUs the guest has. So call
 * this function before virq_controller_init.
 *
 * The three sources belong to the caller, must not overlap guest RAM, and must stay readable as long as the guest may
 * be restarted: guest_restart and the guest's own reboot check and copy them anew. A later call replaces them, which
 * is how a guest is restarted with a different image. While the guest runs, or is stopped by guest_stop, such a call
 * only checks; guest_restart copies. Interrupt controller and number of CPUs must then be those of the first device
 * tree.
 *
 * May be called from every entry point of the VMM. [LinuxBoot 2-4]
 *
 * @param ram_start    address of guest RAM in the VMM, a multiple of 4096. Guest RAM lies at the same guest-physical
 *                     address and is as large as the memory nodes of the device tree say, unless guest_ram_register
 *                     has told otherwise; then the memory nodes must say the same.
 * @param kernel       address of the kernel in the VMM: an uncompressed arm64 "Image". It goes to its text_offset
 *                     above the first 2 MiB boundary of guest RAM.
 * @param kernel_size  bytes at `kernel`, at least 64.
 * @param dtb_src      address of the flattened device tree in the VMM. A guest cannot do without one.
 * @param dtb_dest     guest-physical address to copy it to, a multiple of 8.
 * @param dtb_size     bytes at `dtb_src`; the tree itself may be shorter, and may have 2 MiB at most.
 * @param initrd_src   address of the initial RAM disk in the VMM. Ignored when `initrd_size` is 0.
 * @param initrd_dest  guest-physical address to copy it to: linux,initrd-start in the device tree's /chosen node.
 *                     Ignored when `initrd_size` is 0.
 * @param initrd_size  bytes at `initrd_src`. linux,initrd-end must be initrd_dest + initrd_size or more, up to the end
 *                     of RAM. 0: the guest has none, and /chosen must not claim one.
 * @return the guest-physical address of the kernel's entry point, for guest_start; or (uintptr_t)-1 after a line in the
 *         log that names what is wrong and the limit. Then nothing has changed, and images that were set up before are
 *         still those of a restart. (One exception: a device tree whose `dtb_src` is not a multiple of 8 is read
 * through a copy at the start of guest RAM, which is cleared again; while the guest runs, it is refused.)
 */
uintptr_t linux_setup_images(uintptr_t ram_start, uintptr_t kernel, size_t kernel_size, uintptr_t dtb_src,
                             uintptr_t dtb_dest, size_t dtb_size, uintptr_t initrd_src, uintptr_t initrd_dest,
                             size_t initrd_size);

#ifdef __cplusplus
}
#endif
