/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A bare guest of the kernel's tests: it talks to its VMM by HVC, and does
 * one thing after the other that its VMM expects to trap. See guest_start.S.
 */
#ifndef GUEST_H
#define GUEST_H

#include "vm.h"

/* The program; returning from it is an HVC of GUEST_ENDED. */
void guest_main(uint64_t argument);
void guest_interrupt(void);

/* Answers the x0 that the VMM gives back. */
static inline uint64_t guest_call(uint64_t code, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = code;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;
    __asm__ volatile("hvc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

/* Reports a value under a name that the VMM knows; see vm_take_report. */
static inline void guest_report(uint64_t item, uint64_t value)
{
    (void)guest_call(GUEST_REPORT, item, value, 0);
}

/*
 * Tells the VMM that step `item` follows and where its instruction is, then carries it out with `argument` in x3;
 * answers x4, which is 0 before.
 */
#define GUEST_STEP(item, argument, instruction)                                                                        \
    ({                                                                                                                 \
        register uint64_t x3_ __asm__("x3") = (argument);                                                              \
        register uint64_t x4_ __asm__("x4") = 0;                                                                       \
        __asm__ volatile("mov x0, %2\n mov x1, %3\n adr x2, 1f\n hvc #0\n1: " instruction                              \
                         : "+r"(x3_), "+r"(x4_)                                                                        \
                         : "i"(GUEST_NEXT_STEP), "i"(item)                                                             \
                         : "x0", "x1", "x2", "x30", "memory");                                                         \
        x4_;                                                                                                           \
    })

#define GUEST_READ(name)                                                                                               \
    ({                                                                                                                 \
        uint64_t value_;                                                                                               \
        __asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory");                                                \
        value_;                                                                                                        \
    })
#define GUEST_WRITE(name, value) __asm__ volatile("msr " #name ", %0\n isb" : : "r"((uint64_t)(value)) : "memory")

static inline void guest_unmask(void)
{
    __asm__ volatile("msr daifclr, #3\n isb" : : : "memory");
}

static inline void guest_mask(void)
{
    __asm__ volatile("msr daifset, #3\n isb" : : : "memory");
}

#endif
