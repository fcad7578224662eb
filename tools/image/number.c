/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * There is no minus, no other base and no white space.
 */
#include "number.h"

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 16;
}

static const char *skip_underscores(const char *text)
{
    while (*text == '_') {
        text++;
    }
    return text;
}

static bool parse_digits(const char *text, uint64_t base, bool may_have_underscores, uint64_t *value)
{
    uint64_t sum = 0;
    bool has_digit = false;

    if (*text == '+') {
        text++;
    }
    for (; *text != '\0'; text++) {
        if (*text == '_' && may_have_underscores) {
            continue;
        }
        uint64_t digit = (uint64_t)digit_value(*text);
        if (digit >= base || sum > (UINT64_MAX - digit) / base) {
            return false;
        }
        sum = sum * base + digit;
        has_digit = true;
    }
    *value = sum;
    return has_digit;
}

bool number_parse(const char *text, uint64_t *value)
{
    text = skip_underscores(text);
    if (*text == '0') {
        const char *second = skip_underscores(text + 1);
        if (*second == 'x') {
            return parse_digits(skip_underscores(second + 1), 16, true, value);
        }
    }
    return parse_digits(text, 10, true, value);
}

bool number_parse_decimal(const char *text, uint64_t *value)
{
    return parse_digits(text, 10, false, value);
}
