/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that stops its guest (test/guests/smp_pause.c) when the guest says so, looks whether any of its vCPUs still
 * writes, raises an interrupt meanwhile, and lets it go on.
 */
#include "../machine.h"

/* As test/guests/smp_pause.c has them. */
#define COMMAND_OFFSET 0xff8
#define PAUSES_OFFSET  0xff0
#define MOVED_OFFSET   0xfe8    /* how many counters have changed while the guest was stopped */
#define COUNTERS       0x1a0000 /* in guest RAM, one for each vCPU */
#define COUNTER_COUNT  4
#define INJECTED_IRQ   180

enum step {
    STEP_NONE,
    STEP_STOP,
    STEP_RAISE,
    STEP_RESUME,
};

static enum step step;
static uint64_t counters[COUNTER_COUNT];

static uint64_t counter(size_t i)
{
    return ((const volatile uint64_t *)(guest_ram_vaddr + COUNTERS))[i];
}

static void stop(void)
{
    guest_stop(GUEST_VCPU_ID);
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        counters[i] = counter(i);
    }
}

static void resume(void)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        scratch_put(MOVED_OFFSET, scratch_get(MOVED_OFFSET) + (counters[i] != counter(i)));
    }
    scratch_put(PAUSES_OFFSET, scratch_get(PAUSES_OFFSET) + 1);
    if (!guest_resume(GUEST_VCPU_ID)) {
        LOG_VMM_ERR("the guest cannot be resumed\n");
    }
}

static void on_tick(void)
{
    switch (step) {
    case STEP_STOP:
        stop();
        step = STEP_RAISE;
        break;
    case STEP_RAISE:
        virq_inject(GUEST_VCPU_ID, INJECTED_IRQ);
        step = STEP_RESUME;
        break;
    case STEP_RESUME:
        step = STEP_NONE;
        resume();
        break;
    default:
        break;
    }
}

static void take_command(size_t offset, uint64_t value)
{
    (void)value;
    if (offset == COMMAND_OFFSET) {
        step = STEP_STOP;
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
    return fault_handle(child, msginfo);
}
