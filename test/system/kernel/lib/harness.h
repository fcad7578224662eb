/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the kernel's test PDs share: checks whose outcome goes to the console.
 *
 * A check prints "ok WHAT" or "BAD WHAT: got X, want Y"; harness_done prints
 * "DONE". The test on the host fails where it sees a BAD, or no DONE. Only one
 * PD of a system may check, because lines of two may run into each other.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <microkit.h>
#include <stdbool.h>

/* Where a system description maps the memory that its PDs share. */
#define HARNESS_SHARED 0x10000000

void harness_hex(seL4_Word value);
void check_equal(const char *what, seL4_Word got, seL4_Word want);
void check_range(const char *what, seL4_Word got, seL4_Word least, seL4_Word most);
void check(const char *what, bool holds);
void harness_done(void);

bool harness_name_is(const char *name);

/* A text that PDs write one letter each into, so that the order of what they did can be checked. */
struct harness_log {
    volatile seL4_Word count;
    volatile char letters[256];
};

#define HARNESS_LOG ((struct harness_log *)HARNESS_SHARED)

void harness_log(char letter);
void harness_log_clear(void);
void check_log(const char *what, const char *want);

/* The counter (QEMU 7 lets EL0 have the virtual one only), and how fast it counts. */
static inline seL4_Word harness_now(void)
{
    seL4_Word now;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(now) : : "memory");
    return now;
}

static inline seL4_Word harness_ticks(seL4_Word us)
{
    seL4_Word hz;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    return us * (hz / 1000) / 1000;
}

/* In a loop that waits for another core: QEMU may run both in one thread. */
static inline void harness_yield(void)
{
    __asm__ volatile("yield" : : : "memory");
}

/*
 * Spins until *stop is not 0 and adds the time in which it really ran to
 * *busy, in ticks: a step of the counter longer than 10 us is somebody else's.
 */
void harness_spin(volatile seL4_Word *busy, const volatile seL4_Word *stop);

#endif
