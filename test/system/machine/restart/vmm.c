/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that restarts its guest (test/guests/restart.c) when the guest says so: from within the handlers of the
 * library, or when another PD notifies it.
 */
#include "../machine.h"

/* As test/guests/restart.c has it. */
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

static enum command command;
static uintptr_t kernel_pc;

static void restart(void)
{
    command = COMMAND_NONE;
    if (!guest_restart(GUEST_VCPU_ID, guest_ram_vaddr, GUEST_RAM_SIZE)) {
        LOG_VMM_ERR("the guest cannot be restarted\n");
    }
}

static void take_command(size_t offset, uint64_t value)
{
    if (offset == COMMAND_OFFSET) {
        command = (enum command)value;
        if (command == COMMAND_NOW) {
            restart();
        }
    }
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
        machine_start(kernel_pc);
        break;
    default:
        break;
    }
}

void init(void)
{
    on_store = take_command;
    kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1 && smc_register_sip_handler(on_sip)) {
        machine_start(kernel_pc);
    }
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
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
