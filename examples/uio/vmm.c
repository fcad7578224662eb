/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that runs one Linux guest and connects it with a service, another PD: the guest's write to the doorbell becomes
 * a notification, and a notification becomes an interrupt. What the two share is none of the VMM's business.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

/* Where the guest finds its device tree and initial RAM disk (guest-physical); the device tree says the latter too. */
#define GUEST_DTB_DEST    0x45000000
#define GUEST_INITRD_DEST 0x45200000

/* The PL011's interrupt, SPI 1, and its channel in the system description. */
#define SERIAL_IRQ 33
#define SERIAL_CH  1

/* The doorbell, a page of nothing but this handler; the interrupt that answers; the service's channel. */
#define DOORBELL_BASE  0xb001000
#define DOORBELL_BYTES 0x1000
#define SERVICE_IRQ    132
#define SERVICE_CH     2

/* PSCI function that switches the machine off. */
#define PSCI_SYSTEM_OFF 0x84000008

/* Made by package_guest_images.S. */
extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];
extern char _guest_initrd_image[], _guest_initrd_image_end[];

/* Address of the guest's RAM here; the image tool sets it from the system description. */
uintptr_t guest_ram_vaddr;

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

static bool on_doorbell(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)vcpu_id;
    (void)data;
    if (fault_is_write(fsr)) {
        microkit_notify(SERVICE_CH);
    } else {
        fault_emulate_write(regs, offset, fsr, 0);
    }
    return true;
}

static bool set_up_service(void)
{
    return virq_register(GUEST_VCPU_ID, SERVICE_IRQ, NULL, NULL) &&
           fault_register_vm_exception_handler(DOORBELL_BASE, DOORBELL_BYTES, on_doorbell, NULL);
}

void init(void)
{
    uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image),
        (uintptr_t)_guest_initrd_image, GUEST_INITRD_DEST, (size_t)(_guest_initrd_image_end - _guest_initrd_image));
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) ||
        !virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) || !set_up_service() ||
        !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    microkit_irq_ack(SERIAL_CH);
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
}

void notified(microkit_channel ch)
{
    if (ch == SERVICE_CH) {
        virq_inject(GUEST_VCPU_ID, SERVICE_IRQ);
    } else if (!virq_handle_passthrough(ch)) {
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
