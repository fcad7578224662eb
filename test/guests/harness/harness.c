/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Console (the PL011, polled) and checks.
 */
#include "harness.h"

#include "gic.h"
#include "psci.h"

#define PL011_DR      0x9000000
#define PL011_FR      0x9000018
#define PL011_FR_TXFF BIT(5)

/* Failures printed within one loop. */
#define LOOP_FAILURES_MAX 4

/* Product and implementer that the library's Distributor gives itself. */
#define IIDR_LIBVMM 0x4c00043b

static uint64_t passed_count;
static uint64_t failed_count;
static uint64_t loop_failed_count;

static void put_char(char c)
{
    while ((read32(PL011_FR) & PL011_FR_TXFF) != 0) {
    }
    write32(PL011_DR, (uint8_t)c);
}

void harness_put(const char *text)
{
    for (; *text != 0; text++) {
        put_char(*text);
    }
}

void harness_put_hex(uint64_t value)
{
    harness_put("0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        if (shift == 0 || value >> shift != 0) {
            put_char("0123456789abcdef"[value >> shift & 15]);
        }
    }
}

void harness_put_decimal(uint64_t value)
{
    if (value >= 10) {
        harness_put_decimal(value / 10);
    }
    put_char((char)('0' + value % 10));
}

static void pass(const char *name)
{
    passed_count++;
    harness_put("PASS ");
    harness_put(name);
    harness_put("\n");
}

static void fail(const char *name, uint64_t got, uint64_t want)
{
    failed_count++;
    harness_put("FAIL ");
    harness_put(name);
    harness_put(": got ");
    harness_put_hex(got);
    harness_put(" want ");
    harness_put_hex(want);
}

void check(const char *name, bool holds)
{
    check_equal(name, holds, true);
}

void check_equal(const char *name, uint64_t got, uint64_t want)
{
    if (got == want) {
        pass(name);
        return;
    }
    fail(name, got, want);
    harness_put("\n");
}

void check_range(const char *name, uint64_t got, uint64_t least, uint64_t most)
{
    if (got >= least && got <= most) {
        pass(name);
        return;
    }
    fail(name, got, least);
    harness_put(" to ");
    harness_put_hex(most);
    harness_put("\n");
}

void check_each(const char *name, uint64_t at, uint64_t got, uint64_t want)
{
    if (got == want || loop_failed_count++ >= LOOP_FAILURES_MAX) {
        return;
    }
    fail(name, got, want);
    harness_put(" at ");
    harness_put_hex(at);
    harness_put("\n");
}

void check_all(const char *name)
{
    if (loop_failed_count == 0) {
        pass(name);
    }
    loop_failed_count = 0;
}

bool harness_is_native(void)
{
    return read32(GICD_BASE + GICD_IIDR) != IIDR_LIBVMM;
}

void harness_end(void)
{
    harness_put("DONE ");
    harness_put_decimal(passed_count);
    harness_put(" passed, ");
    harness_put_decimal(failed_count);
    harness_put(" failed\n");
    for (;;) {
        (void)psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    }
}

_Noreturn void harness_main(void);
_Noreturn void harness_secondary_main(size_t cpu);

void harness_main(void)
{
    guest_main();
    harness_end();
}

__attribute__((weak)) void guest_secondary(size_t cpu)
{
    (void)cpu;
}

void harness_secondary_main(size_t cpu)
{
    guest_secondary(cpu);
    for (;;) {
        __asm__ volatile("wfi");
    }
}
