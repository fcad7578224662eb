/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that stops its guest (test/guests/pause.c) and lets it go on, when the guest says so: a few ticks later, or at
 * its next error.
 */
#include "../machine.h"

/* As test/guests/pause.c has them. */
#define COMMAND_OFFSET 0xff8
#define PAUSES_OFFSET  0xff0 /* how often the guest has been stopped and has gone on */
#define INJECTED_IRQ   180   /* raised while it is stopped */

enum command {
    COMMAND_NONE = 0,
    COMMAND_PAUSE = 1,      /* at the next tick, for two of them */
    COMMAND_DEBUG = 2,      /* at the next guest error, until the next tick */
    COMMAND_AT_ONCE = 3,    /* while this very store is being handled, until the next tick */
    COMMAND_RAISE = 4,      /* this VMM's own: at the next tick an interrupt comes */
    COMMAND_RESUME = 5,     /* likewise: at the next tick the guest goes on */
    COMMAND_ERROR_SEEN = 6, /* likewise: the guest error has happened */
};

static enum command command;

static void resume(void)
{
    command = COMMAND_NONE;
    scratch_put(PAUSES_OFFSET, scratch_get(PAUSES_OFFSET) + 1);
    guest_stop_on_error(false);
    if (!guest_resume(GUEST_VCPU_ID)) {
        LOG_VMM_ERR("the guest cannot be resumed\n");
    }
}

static void take_command(size_t offset, uint64_t value)
{
    if (offset != COMMAND_OFFSET) {
        return;
    }
    /* A store that was stopped in the middle is made again. */
    if (value == COMMAND_AT_ONCE && scratch_get(PAUSES_OFFSET) % 2 == 0) {
        guest_stop(GUEST_VCPU_ID);
        command = COMMAND_RESUME;
        return;
    }
    command = value == COMMAND_AT_ONCE ? COMMAND_NONE : (enum command)value;
    guest_stop_on_error(command == COMMAND_DEBUG);
}

static void on_tick(void)
{
    switch (command) {
    case COMMAND_PAUSE:
        guest_stop(GUEST_VCPU_ID);
        command = COMMAND_RAISE;
        break;
    case COMMAND_RAISE:
        virq_inject(GUEST_VCPU_ID, INJECTED_IRQ);
        command = COMMAND_RESUME;
        break;
    case COMMAND_RESUME:
    case COMMAND_ERROR_SEEN:
        resume();
        break;
    default:
        break;
    }
}

void init(void)
{
    on_store = take_command;
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1 && virq_register(GUEST_VCPU_ID, INJECTED_IRQ, NULL, NULL)) {
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
    if (fault_handle(child, msginfo)) {
        return seL4_True;
    }
    if (command == COMMAND_DEBUG && microkit_msginfo_get_label(msginfo) == seL4_Fault_VMFault) {
        command = COMMAND_ERROR_SEEN;
    }
    return seL4_False;
}
