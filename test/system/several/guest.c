/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * One of several guests: does what the meter orders, and finds its memory and registers as it has left them, whatever
 * the others do.
 */
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"

#include "board.h"

#define BOARD ((struct board *)BOARD_OF_GUEST)

#define STATE_WORDS 512
/* Steps between two looks at the state, which take longer than a step. */
#define STEPS 20000

static uint64_t pattern;

static uint64_t ticks_of_us(uint64_t us)
{
    return us * (READ_SYSREG(cntfrq_el0) / 1000) / 1000;
}

static void fill_state(void)
{
    volatile uint64_t *words = (volatile uint64_t *)HARNESS_FREE_RAM;
    /* Differs between two guests and between two boots. */
    pattern = READ_SYSREG(cntvct_el0) * 0x9e3779b97f4a7c15 | 1;
    for (uint64_t i = 0; i < STATE_WORDS; i++) {
        words[i] = pattern * (i + 1);
    }
    WRITE_SYSREG(tpidr_el1, pattern);
    WRITE_SYSREG(tpidr_el0, ~pattern);
    WRITE_SYSREG(mair_el1, pattern * 3);
    WRITE_SYSREG(contextidr_el1, pattern & 0xffffffff);
}

static bool is_state_whole(void)
{
    const volatile uint64_t *words = (const volatile uint64_t *)HARNESS_FREE_RAM;
    bool is_whole = READ_SYSREG(tpidr_el1) == pattern && READ_SYSREG(tpidr_el0) == ~pattern &&
                    READ_SYSREG(mair_el1) == pattern * 3 && READ_SYSREG(contextidr_el1) == (pattern & 0xffffffff);
    for (uint64_t i = 0; i < STATE_WORDS; i++) {
        is_whole = is_whole && words[i] == pattern * (i + 1);
    }
    return is_whole;
}

/* A step of the counter that is longer than 10 us is somebody else's. */
static void work(void)
{
    const uint64_t longest_own_step = ticks_of_us(10);
    uint64_t last = READ_SYSREG(cntvct_el0);
    for (unsigned i = 0; i < STEPS && BOARD->order == ORDER_WORK; i++) {
        const uint64_t now = READ_SYSREG(cntvct_el0);
        BOARD->busy += now - last < longest_own_step ? now - last : 0;
        last = now;
    }
}

static void flood(void)
{
    (void)read32(GICD_BASE + GICD_TYPER);
    BOARD->exits++;
}

static void crash(void)
{
    WRITE_SYSREG(vbar_el1, HARNESS_NOTHING);
    __asm__ volatile("br %0" : : "r"((uint64_t)HARNESS_NOTHING));
}

void guest_main(void)
{
    fill_state();
    BOARD->boots++;
    for (;;) {
        switch (BOARD->order) {
        case ORDER_FLOOD:
            flood();
            break;
        case ORDER_CRASH:
            crash();
            break;
        case ORDER_RESTART:
            (void)psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
            break;
        default:
            work();
            BOARD->checks++;
            BOARD->damages += is_state_whole() ? 0 : 1;
            break;
        }
    }
}
