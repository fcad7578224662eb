/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the VMMs of bare guests have in common: the machine's PL011 is passed through, a page of HARNESS_SCRATCH holds
 * what the guest stores there, and a guest that switches itself off takes the machine with it. Each VMM is one file,
 * which includes this one once.
 */
#pragma once

#include <microkit.h>

#include <libvmm/libvmm.h>

#define GUEST_RAM_SIZE 0x200000
#define GUEST_DTB_DEST 0x40180000

/* Channels, as the system descriptions have them. */
#define TICKER_CH  0
#define SERIAL_CH  1
#define SERIAL_IRQ 33

#define PSCI_SYSTEM_OFF 0x84000008

/* As test/guests/harness/harness.h has it. */
#define SCRATCH       0x50000000
#define SCRATCH_BYTES 0x1000

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];

uintptr_t guest_ram_vaddr;

/* The page, and what is called after each store to it; NULL: nothing. */
static uint8_t scratch[SCRATCH_BYTES];
static void (*on_store)(size_t offset, uint64_t value);

static inline uint64_t scratch_get(size_t offset)
{
    uint64_t value;
    memcpy(&value, &scratch[offset], sizeof value);
    return value;
}

static inline void scratch_put(size_t offset, uint64_t value)
{
    memcpy(&scratch[offset], &value, sizeof value);
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

/* Bytes of an access, from its syndrome [Arm ARM D17.2.37, ISS.SAS]. */
static size_t width_of(size_t fsr)
{
    return (size_t)1 << (fsr >> 22 & 3);
}

static bool on_scratch(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    const size_t width = width_of(fsr);
    uint64_t value = 0;
    (void)vcpu_id;
    (void)data;
    if (offset > SCRATCH_BYTES - width) {
        return false;
    }
    if (fault_is_read(fsr)) {
        memcpy(&value, &scratch[offset], width);
        fault_emulate_write(regs, 0, fsr, value);
        return true;
    }
    value = fault_get_data(regs, fsr);
    memcpy(&scratch[offset], &value, width);
    if (on_store != NULL) {
        on_store(offset, value);
    }
    return true;
}

/* Sets everything up but what a VMM has of its own. The entry point, or -1 with a line in the log. */
static uintptr_t machine_set_up(void)
{
    const uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) ||
        !virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) ||
        !fault_register_vm_exception_handler(SCRATCH, SCRATCH_BYTES, on_scratch, NULL) ||
        !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return (uintptr_t)-1;
    }
    microkit_irq_ack(SERIAL_CH);
    return kernel_pc;
}

static void machine_start(uintptr_t kernel_pc)
{
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, 0);
}
