/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of one of several bare guests, which has no devices. A guest that resets itself is restarted by the library;
 * one that has crashed, by the meter.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#define GUEST_DTB_DEST  0x40180000
#define GUEST_RAM_BYTES 0x200000

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];

uintptr_t guest_ram_vaddr;

void init(void)
{
    const uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, 0);
}

void notified(microkit_channel ch)
{
    (void)ch;
    guest_stop(GUEST_VCPU_ID);
    if (!guest_restart(GUEST_VCPU_ID, guest_ram_vaddr, GUEST_RAM_BYTES)) {
        LOG_VMM_ERR("the guest cannot be restarted\n");
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    if (!fault_handle(child, msginfo)) {
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return seL4_True;
}
