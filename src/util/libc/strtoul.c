/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * strtoul, which libfdt's path look-up refers to. Overflow saturates; errno is not set, as there is none.
 */
#include <limits.h>
#include <stdbool.h>

#include "util/libc/libc.h"

unsigned long strtoul(const char *text, char **end, int base);

static int digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    const char lower = (char)(character | 0x20);
    return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : INT_MAX;
}

static bool is_space(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

/* Past the prefix of a number, if it has one that suits the base; settles base 0. */
static const char *skip_prefix(const char *at, int *base)
{
    const bool is_hex = at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16;
    if ((*base == 0 || *base == 16) && is_hex) {
        *base = 16;
        return at + 2;
    }
    if (*base == 0) {
        *base = at[0] == '0' ? 8 : 10;
    }
    return at;
}

LIBC_WEAK unsigned long strtoul(const char *text, char **end, int base)
{
    const char *at = text;
    while (is_space(*at)) {
        at++;
    }
    const bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    at = skip_prefix(at, &base);
    unsigned long value = 0;
    bool overflow = false;
    const char *const digits = at;
    for (; digit_value(*at) < base; at++) {
        overflow = overflow || __builtin_mul_overflow(value, (unsigned long)base, &value) ||
                   __builtin_add_overflow(value, (unsigned long)digit_value(*at), &value);
    }
    if (end != NULL) {
        *end = (char *)(uintptr_t)(at == digits ? text : at);
    }
    return overflow ? ULONG_MAX : negative ? -value : value;
}
