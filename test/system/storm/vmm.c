/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMMs of the two guests; STORMY says which. The stormy one passes the PL031's interrupt through and counts the
 * notifications that it gets from the other one, whose guest causes them by way of its doorbell.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#include "storm.h"

#define GUEST_DTB_DEST 0x40180000

#define RTC_IRQ  34
#define RTC_CH   1
#define OTHER_CH 2

#define DOORBELL_BYTES 0x1000

#define PSCI_SYSTEM_OFF 0x84000008

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];

uintptr_t guest_ram_vaddr;

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
    (void)offset;
    (void)regs;
    (void)data;
    microkit_notify(OTHER_CH);
    return fault_is_write(fsr);
}

static bool set_up(void)
{
    if (STORMY) {
        microkit_irq_ack(RTC_CH);
        return virq_register_passthrough(GUEST_VCPU_ID, RTC_IRQ, RTC_CH);
    }
    return fault_register_vm_exception_handler(STORM_DOORBELL, DOORBELL_BYTES, on_doorbell, NULL) &&
           guest_register_power_handler(on_power, NULL);
}

void init(void)
{
    const uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) || !set_up()) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, 0);
}

void notified(microkit_channel ch)
{
    if (STORMY && ch == OTHER_CH) {
        storm->answers++;
    } else {
        virq_handle_passthrough(ch);
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
