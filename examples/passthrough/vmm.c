/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that runs one Linux guest with real devices: the machine's PL011, two virtio-mmio transports and a PCI host
 * bridge. All that the library does for them is to hand on their interrupts; the guest drives them, by DMA too.
 *
 * A restart of the guest does not reset the machine's devices. One that still owns buffers in guest RAM would write
 * into the next guest's memory: stop_devices() takes them away.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

/* Where the guest finds its device tree and initial RAM disk (guest-physical); the device tree says the latter too. */
#define GUEST_DTB_DEST    0x55000000
#define GUEST_INITRD_DEST 0x55200000

/* PSCI function that switches the machine off. */
#define PSCI_SYSTEM_OFF 0x84000008

/* A virtio-mmio transport, and the register that resets its device when 0 is written [VIRTIO 4.2.2]. */
#define VIRTIO_TRANSPORT_COUNT 8
#define VIRTIO_TRANSPORT_BYTES 0x200
#define VIRTIO_STATUS          0x70

/* Configuration space of a bus, 4096 bytes a function [PCIe 7.2.2], and what is used of it [PCI 6.2]. */
#define PCI_FUNCTION_COUNT     256
#define PCI_FUNCTION_BYTES     0x1000
#define PCI_VENDOR_ID          0x0
#define PCI_VENDOR_ID_NONE     0xffff
#define PCI_COMMAND            0x4
#define PCI_COMMAND_BUS_MASTER 0x4u

/* The devices' interrupts and their channels in the system description. */
static const struct {
    uint16_t irq;
    microkit_channel channel;
} interrupts[] = {
    {33, 1}, /* PL011 */
    {78, 2}, /* virtio-mmio 30 */
    {79, 3}, /* virtio-mmio 31 */
    {35, 4}, /* PCI, INTA to INTD */
    {36, 5}, {37, 6}, {38, 7},
};

/* Made by package_guest_images.S. */
extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];
extern char _guest_initrd_image[], _guest_initrd_image_end[];

/* Addresses here of the guest's RAM and of its devices; the image tool sets them from the system description. */
uintptr_t guest_ram_vaddr;
uintptr_t virtio_vaddr;
uintptr_t pci_config_vaddr;

static void stop_devices(void)
{
    for (uintptr_t i = 0; i < VIRTIO_TRANSPORT_COUNT; i++) {
        *(volatile uint32_t *)(virtio_vaddr + i * VIRTIO_TRANSPORT_BYTES + VIRTIO_STATUS) = 0;
    }
    for (uintptr_t i = 0; i < PCI_FUNCTION_COUNT; i++) {
        const uintptr_t function = pci_config_vaddr + i * PCI_FUNCTION_BYTES;
        volatile uint16_t *const command = (volatile uint16_t *)(function + PCI_COMMAND);
        if (*(volatile uint16_t *)(function + PCI_VENDOR_ID) != PCI_VENDOR_ID_NONE) {
            *command = (uint16_t)(*command & ~PCI_COMMAND_BUS_MASTER);
        }
    }
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
    stop_devices();
    return GUEST_POWER_ACTION_DEFAULT;
}

static bool pass_interrupts_through(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(interrupts); i++) {
        if (!virq_register_passthrough(GUEST_VCPU_ID, interrupts[i].irq, interrupts[i].channel)) {
            return false;
        }
        microkit_irq_ack(interrupts[i].channel);
    }
    return true;
}

void init(void)
{
    uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image),
        (uintptr_t)_guest_initrd_image, GUEST_INITRD_DEST, (size_t)(_guest_initrd_image_end - _guest_initrd_image));
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) || !pass_interrupts_through() ||
        !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
}

void notified(microkit_channel ch)
{
    if (!virq_handle_passthrough(ch)) {
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
