/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest to be debugged: calls, a loop, a loop of load and store exclusive, interrupt masks, exceptions, EL0. It finds
 * out itself whether it could tell that somebody has looked on; test_gdb_bare.py knows its functions by name.
 */
#include "harness/exception.h"
#include "harness/harness.h"
#include "harness/timer.h"

#define COUNT      10
#define BREAK      7
#define DAIF_I     BIT(7)
#define SUM        285 /* of the squares below COUNT */
#define ADDED_LATE 1000

volatile uint64_t sum;
volatile uint64_t late; /* 0, unless the debugger says otherwise */
uint32_t exclusive;
uint64_t masks[2];

/* Increments a word. */
void add_exclusive(uint32_t *word);
__asm__(".text\n"
        ".global add_exclusive\n"
        ".type add_exclusive, %function\n"
        "add_exclusive:\n"
        "1:  ldaxr w1, [x0]\n"
        "    add w1, w1, #1\n"
        "    cbz w1, 2f\n"
        "    stlxr w2, w1, [x0]\n"
        "    cbnz w2, 1b\n"
        "2:  ret\n"
        ".size add_exclusive, . - add_exclusive\n");

/* Unmasks interrupts and masks them; stores DAIF after each. */
void change_masks(uint64_t got[2]);
__asm__(".global change_masks\n"
        ".type change_masks, %function\n"
        "change_masks:\n"
        "    msr daifclr, #2\n"
        "    mrs x1, daif\n"
        "    msr daifset, #2\n"
        "    mrs x2, daif\n"
        "    stp x1, x2, [x0]\n"
        "    ret\n"
        ".size change_masks, . - change_masks\n");

__attribute__((noipa)) uint64_t square(uint64_t x)
{
    uint64_t product = x * x;
    return product;
}

__attribute__((noipa)) void add_squares(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        sum += square(i);
    }
}

__attribute__((noipa)) void break_here(void)
{
    __asm__ volatile("brk %0" : : "i"(BREAK) : "memory");
}

__attribute__((noipa)) void at_el0(void)
{
    exclusive++;
}

/* The debugger stops the guest in here. */
__attribute__((noipa)) void stand_still(void)
{
    __asm__ volatile("" : : : "memory");
}

static void test_exceptions(void)
{
    interrupt_unmask();
    exception_expect();
    break_here();
    const struct exception caught = exception_caught();
    interrupt_mask();
    check_equal("BRK: taken", caught.count, 1);
    check_equal("BRK: class", esr_ec(caught.esr), ESR_EC_BRK64);
    check_equal("BRK: interrupts were not masked", caught.spsr & DAIF_I, 0);
    exception_call_el0(at_el0);
    check_equal("EL0", exclusive, 2);
}

/* While everything is stopped, the physical counter goes on and the virtual one does not. */
static void test_time(void)
{
    const uint64_t virtual_before = READ_SYSREG(cntvct_el0), physical_before = READ_SYSREG(cntpct_el0);
    stand_still();
    const uint64_t virtual_ticks = READ_SYSREG(cntvct_el0) - virtual_before;
    const uint64_t physical_ticks = READ_SYSREG(cntpct_el0) - physical_before;
    harness_put("time that did not pass: ");
    harness_put_decimal((physical_ticks - virtual_ticks) * 1000 / READ_SYSREG(cntfrq_el0));
    harness_put(" ms\n");
}

void guest_main(void)
{
    add_squares(COUNT);
    check_equal("sum", sum, SUM + late);
    add_exclusive(&exclusive);
    check_equal("exclusive", exclusive, 1);
    change_masks(masks);
    check_equal("unmasked", masks[0] & DAIF_I, 0);
    check_equal("masked", masks[1] & DAIF_I, DAIF_I);
    test_exceptions();
    test_time();
    check("nothing was changed but what the debugger wanted", late == 0 || late == ADDED_LATE);
}
