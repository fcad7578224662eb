/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * There is no sign, no other base and no white space.
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

bool number_parse(const char *text, uint64_t *value)
{
    uint64_t base = 10, sum = 0;
    bool has_digit = false;

    if (text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    for (; *text != '\0'; text++) {
        if (*text == '_') {
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
