/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * On core 1: spins while its VMM on core 0 stops and changes it, then takes
 * interrupts. The instruction behind the end of an interrupt is one that
 * traps.
 */
#include "guest_gic.h"
#include "items.h"

/* Counts until x9, in which the VMM finds PATTERN, changes; answers it. */
static uint64_t spin(void)
{
    register uint64_t x9 __asm__("x9") = PATTERN;
    __asm__ volatile("mov x10, x9\n"
                     "1: ldr x11, [%1]\n add x11, x11, #1\n str x11, [%1]\n yield\n"
                     "cmp x9, x10\n b.eq 1b"
                     : "+r"(x9)
                     : "r"(&GUEST_SHARED->count)
                     : "x10", "x11", "cc", "memory");
    return x9;
}

void guest_interrupt(void)
{
    uint64_t irq = guest_gic_take();
    GUEST_SHARED->count++;
    if (guest_gic_is_v3()) {
        __asm__ volatile("msr S3_0_C12_C12_1, %0\n smc #0" : : "r"(irq) : "memory");
    } else {
        __asm__ volatile("str %w0, [%1]\n smc #0" : : "r"(irq), "r"(&GUEST_GICC_REG(GICC_EOIR)) : "memory");
    }
}

void guest_main(uint64_t argument)
{
    (void)argument;
    GUEST_SHARED->starts++;
    GUEST_WRITE(tpidr_el1, PATTERN);
    guest_gic_enable();
    guest_report(ITEM_READY, guest_gic_is_v3());
    guest_report(ITEM_SIGNAL, spin());
    guest_report(ITEM_TPIDR, GUEST_READ(tpidr_el1));
    guest_unmask();
    for (;;) {
        __asm__ volatile("yield");
    }
}
