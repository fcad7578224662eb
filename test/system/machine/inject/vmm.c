/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that raises interrupts in its guest (test/guests/inject.c) when the guest says so, and counts their ends.
 */
#include "../machine.h"

/* As test/guests/inject.c has them. */
#define COMMAND_OFFSET 0xff8
#define RESULT_OFFSET  0xff0
#define ENDS_OFFSET    0xfe8 /* of all interrupts */
#define LAST_OFFSET    0xfe0 /* the interrupt that was ended last */
#define IRQ_COUNT      1020
#define TIMER_IRQ      27

enum command {
    COMMAND_INJECT = 1,
    COMMAND_HIGH = 2,
    COMMAND_LOW = 3,
    COMMAND_ALL_HIGH = 4, /* from the interrupt on, 16 of them */
};

static void on_end(size_t vcpu_id, int irq, void *cookie)
{
    (void)vcpu_id;
    (void)cookie;
    scratch_put(ENDS_OFFSET, scratch_get(ENDS_OFFSET) + 1);
    scratch_put(LAST_OFFSET, (uint64_t)irq);
}

/* Bits 15:0 are the interrupt, those above the command. */
static void take_command(size_t offset, uint64_t value)
{
    const int irq = (int)(value & 0xffff);
    bool result = true;
    if (offset != COMMAND_OFFSET) {
        return;
    }
    switch (value >> 16) {
    case COMMAND_INJECT:
        result = virq_inject(GUEST_VCPU_ID, irq);
        break;
    case COMMAND_HIGH:
    case COMMAND_LOW:
        result = virq_set_level(GUEST_VCPU_ID, irq, value >> 16 == COMMAND_HIGH);
        break;
    case COMMAND_ALL_HIGH:
        for (int i = 0; i < 16; i++) {
            result = virq_set_level(GUEST_VCPU_ID, irq + i, true) && result;
        }
        break;
    default:
        break;
    }
    scratch_put(RESULT_OFFSET, result);
}

static bool register_all(void)
{
    for (size_t irq = 0; irq < IRQ_COUNT; irq++) {
        if (irq != SERIAL_IRQ && irq != TIMER_IRQ && !virq_register(GUEST_VCPU_ID, irq, on_end, NULL)) {
            return false;
        }
    }
    return true;
}

void init(void)
{
    on_store = take_command;
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1 && register_all()) {
        machine_start(kernel_pc);
    }
}

void notified(microkit_channel ch)
{
    virq_handle_passthrough(ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
