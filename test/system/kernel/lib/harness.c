/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Checks of the kernel's test PDs; see harness.h.
 */
#include "harness.h"

void harness_hex(seL4_Word value)
{
    microkit_dbg_puts("0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        if (value >> shift != 0 || shift == 0) {
            microkit_dbg_putc("0123456789abcdef"[value >> shift & 15]);
        }
    }
}

static void print_outcome(const char *what, bool holds)
{
    microkit_dbg_puts(holds ? "ok " : "BAD ");
    microkit_dbg_puts(what);
}

void check_equal(const char *what, seL4_Word got, seL4_Word want)
{
    print_outcome(what, got == want);
    if (got != want) {
        microkit_dbg_puts(": got ");
        harness_hex(got);
        microkit_dbg_puts(", want ");
        harness_hex(want);
    }
    microkit_dbg_puts("\n");
}

void check_range(const char *what, seL4_Word got, seL4_Word least, seL4_Word most)
{
    print_outcome(what, got >= least && got <= most);
    microkit_dbg_puts(": got ");
    microkit_dbg_put32((seL4_Uint32)got);
    microkit_dbg_puts(", want ");
    microkit_dbg_put32((seL4_Uint32)least);
    microkit_dbg_puts(" to ");
    microkit_dbg_put32((seL4_Uint32)most);
    microkit_dbg_puts("\n");
}

void check(const char *what, bool holds)
{
    print_outcome(what, holds);
    microkit_dbg_puts("\n");
}

void harness_done(void)
{
    microkit_dbg_puts("DONE\n");
}

bool harness_name_is(const char *name)
{
    const char *mine = microkit_name;
    while (*name != 0 && *name == *mine) {
        name++;
        mine++;
    }
    return *name == *mine;
}

void harness_log(char letter)
{
    seL4_Word at = HARNESS_LOG->count;
    HARNESS_LOG->letters[at % sizeof(HARNESS_LOG->letters)] = letter;
    HARNESS_LOG->count = at + 1;
}

void harness_log_clear(void)
{
    HARNESS_LOG->count = 0;
}

void check_log(const char *what, const char *want)
{
    seL4_Word i = 0;
    while (i < HARNESS_LOG->count && want[i] == HARNESS_LOG->letters[i]) {
        i++;
    }
    bool holds = i == HARNESS_LOG->count && want[i] == 0;
    print_outcome(what, holds);
    if (!holds) {
        microkit_dbg_puts(": got ");
        for (i = 0; i < HARNESS_LOG->count && i < sizeof(HARNESS_LOG->letters); i++) {
            microkit_dbg_putc(HARNESS_LOG->letters[i]);
        }
        microkit_dbg_puts(", want ");
        microkit_dbg_puts(want);
    }
    microkit_dbg_puts("\n");
}

void harness_spin(volatile seL4_Word *busy, const volatile seL4_Word *stop)
{
    seL4_Word longest_own_step = harness_ticks(10);
    seL4_Word last = harness_now();
    while (*stop == 0) {
        seL4_Word now = harness_now();
        if (now - last < longest_own_step) {
            *busy += now - last;
        }
        last = now;
    }
}

/* The compiler calls it to clear a struct. */
void *memset(void *at, int value, unsigned long count);

void *memset(void *at, int value, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        ((volatile unsigned char *)at)[i] = (unsigned char)value;
    }
    return at;
}
