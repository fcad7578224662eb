/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that starts one guest.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#define DTB_DEST 0x40100000

extern char _guest_kernel_image[], _guest_kernel_image_end[], _guest_dtb_image[], _guest_dtb_image_end[];

uintptr_t guest_ram_vaddr; /* set by the image tool */

void init(void)
{
    uintptr_t pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    if (pc != (uintptr_t)-1 && virq_controller_init(GUEST_VCPU_ID)) {
        guest_start(GUEST_VCPU_ID, pc, DTB_DEST, 0);
    }
}

void notified(microkit_channel ch)
{
    virq_handle_passthrough(ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
