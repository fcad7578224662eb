/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM with two initrds for its guest. A guest that writes to TRIGGER is stopped wherever it is and
 * restarted with the other one; its own reboot restarts it with the same.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#define GUEST_RAM_SIZE    0x10000000
#define GUEST_DTB_DEST    0x45000000
#define GUEST_INITRD_DEST 0x45200000

#define SERIAL_IRQ 33
#define SERIAL_CH  1

#define PSCI_SYSTEM_OFF 0x84000008

/* A guest-physical page of this VMM's own. */
#define TRIGGER      0xc000000
#define TRIGGER_SIZE 0x1000

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _first_dtb_image[], _first_dtb_image_end[];
extern char _first_initrd_image[], _first_initrd_image_end[];
extern char _second_dtb_image[], _second_dtb_image_end[];
extern char _second_initrd_image[], _second_initrd_image_end[];

uintptr_t guest_ram_vaddr;

static const struct images {
    char *dtb, *dtb_end, *initrd, *initrd_end;
} images[] = {
    {_first_dtb_image, _first_dtb_image_end, _first_initrd_image, _first_initrd_image_end},
    {_second_dtb_image, _second_dtb_image_end, _second_initrd_image, _second_initrd_image_end},
};
static size_t current;
static bool restart_wanted;

static bool set_up(const struct images *set, uintptr_t *kernel_pc)
{
    *kernel_pc = linux_setup_images(guest_ram_vaddr, (uintptr_t)_guest_kernel_image,
                                    (size_t)(_guest_kernel_image_end - _guest_kernel_image), (uintptr_t)set->dtb,
                                    GUEST_DTB_DEST, (size_t)(set->dtb_end - set->dtb), (uintptr_t)set->initrd,
                                    GUEST_INITRD_DEST, (size_t)(set->initrd_end - set->initrd));
    return *kernel_pc != (uintptr_t)-1;
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

static bool on_trigger(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)vcpu_id;
    (void)offset;
    (void)regs;
    (void)data;
    restart_wanted = fault_is_write(fsr);
    return true;
}

static void restart_with_the_other(void)
{
    uintptr_t kernel_pc;
    current = (current + 1) % ARRAY_SIZE(images);
    guest_stop(GUEST_VCPU_ID);
    if (!set_up(&images[current], &kernel_pc) || !guest_restart(GUEST_VCPU_ID, guest_ram_vaddr, GUEST_RAM_SIZE)) {
        LOG_VMM_ERR("the guest cannot be restarted\n");
    }
}

void init(void)
{
    uintptr_t kernel_pc;
    if (!set_up(&images[current], &kernel_pc) || !virq_controller_init(GUEST_VCPU_ID) ||
        !virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) ||
        !fault_register_vm_exception_handler(TRIGGER, TRIGGER_SIZE, on_trigger, NULL) ||
        !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    microkit_irq_ack(SERIAL_CH);
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
}

void notified(microkit_channel ch)
{
    virq_handle_passthrough(ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    bool is_resumed = fault_handle(child, msginfo);
    if (restart_wanted) {
        restart_wanted = false;
        restart_with_the_other();
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return is_resumed ? seL4_True : seL4_False;
}
