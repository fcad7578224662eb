/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that restarts its guest (guests/restart.c) when the guest says so: from within the handlers of the library, or
 * when another PD notifies it.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#define GUEST_RAM_SIZE 0x200000
#define GUEST_DTB_DEST 0x40180000

#define TICKER_CH  0
#define SERIAL_CH  1
#define SERIAL_IRQ 33

#define PSCI_SYSTEM_OFF 0x84000008

/* As guests/rig/rig.h and guests/restart.c have them. */
#define SCRATCH        0x50000000
#define SCRATCH_BYTES  0x1000
#define COMMAND_OFFSET 0xff8

enum command {
    COMMAND_NONE = 0,
    COMMAND_NOW = 1,
    COMMAND_ON_CALL = 2,
    COMMAND_ON_TICK = 3,
    COMMAND_STOP = 4,
    COMMAND_START = 5,
    COMMAND_RESTART = 6, /* this VMM's own: the guest has been stopped */
};

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];

uintptr_t guest_ram_vaddr;

static uint8_t scratch[SCRATCH_BYTES];
static enum command command;
static uintptr_t kernel_pc;

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

static void restart(void)
{
    command = COMMAND_NONE;
    if (!guest_restart(GUEST_VCPU_ID, guest_ram_vaddr, GUEST_RAM_SIZE)) {
        LOG_VMM_ERR("the guest cannot be restarted\n");
    }
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
    if (offset == COMMAND_OFFSET) {
        command = (enum command)value;
        if (command == COMMAND_NOW) {
            restart();
        }
    }
    return true;
}

static bool on_sip(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    (void)vcpu_id;
    (void)fn_number;
    regs->x0 = 0;
    if (command == COMMAND_ON_CALL) {
        restart();
    }
    return true;
}

static void on_tick(void)
{
    switch (command) {
    case COMMAND_ON_TICK:
    case COMMAND_RESTART:
        restart();
        break;
    case COMMAND_STOP:
        guest_stop(GUEST_VCPU_ID);
        command = COMMAND_RESTART;
        break;
    case COMMAND_START:
        command = COMMAND_NONE;
        guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, 0);
        break;
    default:
        break;
    }
}

void init(void)
{
    kernel_pc = linux_setup_images(guest_ram_vaddr, (uintptr_t)_guest_kernel_image,
                                   (size_t)(_guest_kernel_image_end - _guest_kernel_image), (uintptr_t)_guest_dtb_image,
                                   GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) ||
        !virq_register_passthrough(GUEST_VCPU_ID, SERIAL_IRQ, SERIAL_CH) ||
        !fault_register_vm_exception_handler(SCRATCH, SCRATCH_BYTES, on_scratch, NULL) ||
        !smc_register_sip_handler(on_sip) || !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    microkit_irq_ack(SERIAL_CH);
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, 0);
}

void notified(microkit_channel ch)
{
    if (ch == TICKER_CH) {
        on_tick();
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
