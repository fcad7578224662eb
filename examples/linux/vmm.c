/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that runs one Linux guest with the machine's UART passed through to it.
 */
#include <microkit.h>

#include <libvmm/gdb.h>
#include <libvmm/libvmm.h>

/* Where the guest finds its device tree and initial RAM disk (guest-physical); the device tree says the latter too. */
#define GUEST_DTB_DEST    0x45000000
#define GUEST_INITRD_DEST 0x45200000

/* The UART's interrupt, that of QEMU's virt machine unless the build says another, and its channel. */
#ifndef SERIAL_IRQ
#define SERIAL_IRQ 33
#endif
#define SERIAL_CH 1

/* PSCI function that switches the machine off. */
#define PSCI_SYSTEM_OFF 0x84000008

/* Made by package_guest_images.S. */
extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];
extern char _guest_initrd_image[], _guest_initrd_image_end[];

/* Filled in where the system has a line for a debugger. */
__attribute__((__section__(GDB_CLIENT_CONFIG), __used__)) struct sddf_serial_client_config gdb_config;

static struct gdb gdb;

/* Address of the guest's RAM here; the image tool sets it from the system description. */
uintptr_t guest_ram_vaddr;

/* The guest waits for its debugger, if there is a line for one. */
static bool add_debugger(void)
{
    return gdb_config.magic[0] == '\0' || gdb_init_serial(&gdb, &gdb_config, true);
}

/* A guest that switches itself off takes the machine with it; one that resets is restarted by the library. */
static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)cookie;
    if (event == GUEST_POWER_OFF) {
        seL4_ARM_SMCContext call = {.x0 = PSCI_SYSTEM_OFF};
        microkit_arm_smc_call(&call, &call);
    }
    return GUEST_POWER_ACTION_DEFAULT;
}

void init(void)
{
    uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image),
        (uintptr_t)_guest_initrd_image, GUEST_INITRD_DEST, (size_t)(_guest_initrd_image_end - _guest_initrd_image));
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) ||
        !virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) ||
        !guest_register_power_handler(on_power, NULL) || !add_debugger()) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    microkit_irq_ack(SERIAL_CH);
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
}

void notified(microkit_channel ch)
{
    if (!gdb_notified(&gdb, ch) && !virq_handle_passthrough(ch)) {
        LOG_VMM_ERR("channel %u: not the guest's\n", ch);
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
