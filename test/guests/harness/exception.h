/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Exceptions: those that a check expects are recorded and stepped over; interrupts go to a handler; any other one is
 * printed, fails and ends the guest.
 */
#pragma once

#include "harness.h"
#include "spec/arm/esr.h"

/* Vector numbers: kind + origin. */
enum {
    VECTOR_SYNC = 0,
    VECTOR_IRQ = 1,
    VECTOR_FROM_EL1T = 0,
    VECTOR_FROM_EL1H = 4,
    VECTOR_FROM_EL0 = 8,
};

static inline enum esr_ec esr_ec(uint64_t esr)
{
    return (enum esr_ec)(esr >> 26);
}

static inline uint64_t esr_fsc(uint64_t esr)
{
    return esr & DABT_FSC;
}

#define SPSR_EL0T 0x3c0
#define SPSR_EL1T 0x3c4
#define SPSR_EL1H 0x3c5

struct exception {
    uint64_t count; /* since exception_expect */
    uint64_t vector;
    uint64_t esr;
    uint64_t elr;
    uint64_t far;
    uint64_t spsr;
    uint64_t daif;  /* in the handler */
    uint64_t spsel; /* in the handler */
};

/* From here on synchronous exceptions are recorded and the instruction is stepped over; a call is returned from. */
void exception_expect(void);
/* The last exception since then, and no further one is expected. */
struct exception exception_caught(void);

/* Calls a function at EL0, or at EL1 with SP_EL0 as its stack, and returns. Only with the MMU off or all of it open. */
void exception_call_el0(void (*function)(void));
void exception_call_el1t(void (*function)(void));

/* Called for interrupts; the default acknowledges, records in interrupt_log, and ends them. */
typedef void (*interrupt_handler_t)(void);
void interrupt_set_handler(interrupt_handler_t handler);

struct interrupt_log {
    volatile uint64_t count;
    volatile uint32_t ids[64];
};
extern struct interrupt_log interrupt_log;

static inline void interrupt_unmask(void)
{
    __asm__ volatile("msr daifclr, #2\n isb" : : : "memory");
}

static inline void interrupt_mask(void)
{
    __asm__ volatile("msr daifset, #2\n isb" : : : "memory");
}

/*
 * Waits for an interrupt and takes it. Called and returns with PSTATE.I set: an interrupt that comes between the
 * caller's check of what it waits for and the WFI ends that WFI [Arm ARM D1.6.2].
 */
static inline void interrupt_wait(void)
{
    __asm__ volatile("wfi");
    interrupt_unmask();
    interrupt_mask();
}
