/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of the Linux guest that is measured. It does what the example's does, and says the time (CNTVCT_EL0, whose
 * offset is 0 for its guest) before and after it loads its guest, for the first time and when the guest resets.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#define GUEST_RAM_SIZE    0x10000000
#define GUEST_DTB_DEST    0x45000000
#define GUEST_INITRD_DEST 0x45200000

#define SERIAL_IRQ 33
#define SERIAL_CH  1

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];
extern char _guest_initrd_image[], _guest_initrd_image_end[];

uintptr_t guest_ram_vaddr;

static uint64_t now(void)
{
    uint64_t value;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
}

static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)cookie;
    if (event != GUEST_POWER_RESET) {
        return GUEST_POWER_ACTION_DEFAULT;
    }
    const uint64_t before = now();
    if (!guest_restart(GUEST_VCPU_ID, guest_ram_vaddr, GUEST_RAM_SIZE)) {
        return GUEST_POWER_ACTION_STOP;
    }
    LOG_VMM("BENCH restart %lu %lu\n", before, now());
    return GUEST_POWER_ACTION_HANDLED;
}

void init(void)
{
    const uint64_t before = now();
    uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image),
        (uintptr_t)_guest_initrd_image, GUEST_INITRD_DEST, (size_t)(_guest_initrd_image_end - _guest_initrd_image));
    const uint64_t loaded = now();
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) ||
        !virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) ||
        !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    microkit_irq_ack(SERIAL_CH);
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
    LOG_VMM("BENCH load %lu %lu\n", before, loaded);
    LOG_VMM("BENCH start %lu\n", now());
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
