/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that runs Debian's U-Boot for QEMU's virt machine, with the machine's PL011 and a virtio disk.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>
#include <libvmm/pci.h>
#include <libvmm/virtio/blk.h>

/* U-Boot looks for its device tree at the start of RAM. */
#define GUEST_DTB_DEST 0x40000000

#define SERIAL_IRQ 33
#define SERIAL_CH  1

#define DISK_BASE 0xa000000
#define DISK_IRQ  48

#define PSCI_SYSTEM_OFF 0x84000008

extern char _guest_kernel_image[], _guest_kernel_image_end[], _guest_dtb_image[], _guest_dtb_image_end[];

__attribute__((__section__(SDDF_BLK_CLIENT_CONFIG), __used__)) struct sddf_blk_client_config blk_config;
uintptr_t guest_ram_vaddr; /* set from the system description */

static struct virtio_blk disk;
#ifdef WITH_PCI
static struct pci_host pci_host;
#endif

static bool add_disk(void)
{
#ifdef WITH_PCI
    const struct pci_host_config host = {
        .ecam_base = 0x10000000,
        .window_base = 0x11000000,
        .window_size_bytes = 0x1000000,
        .irqs = {35, 36, 37, 38},
    };
    return pci_host_init(&pci_host, &host) && virtio_blk_init(&disk, virtio_at_pci(&pci_host, 1, 0), &blk_config, 1);
#else
    return virtio_blk_init(&disk, virtio_at_mmio(DISK_BASE, DISK_IRQ), &blk_config, 1);
#endif
}

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

static bool set_up(uintptr_t *pc)
{
    if (!add_disk()) {
        return false;
    }
    *pc = linux_setup_images(guest_ram_vaddr, (uintptr_t)_guest_kernel_image,
                             (size_t)(_guest_kernel_image_end - _guest_kernel_image), (uintptr_t)_guest_dtb_image,
                             GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    return *pc != (uintptr_t)-1 && virq_controller_init(GUEST_VCPU_ID) &&
           virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) &&
           guest_register_power_handler(on_power, NULL);
}

void init(void)
{
    uintptr_t pc;
    if (!set_up(&pc)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    microkit_irq_ack(SERIAL_CH);
    guest_start(GUEST_VCPU_ID, pc, GUEST_DTB_DEST, 0);
}

void notified(microkit_channel ch)
{
    if (!virtio_notified(ch) && !virq_handle_passthrough(ch)) {
        LOG_VMM_ERR("channel %u: not the guest's\n", ch);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
