/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Formatting: one pass over the format, one conversion at a time.
 *
 * Left out: floating point, wide characters, positional arguments and %n; a conversion that is not known is sent on
 * as it is written, and takes no argument.
 */
#include "util/format.h"

#include <stdbool.h>
#include <stdint.h>

#define DIGIT_COUNT_MAX 24 /* 64 bits in octal are 22 digits */

struct format_state {
    format_sink_t sink;
    void *context;
    size_t count;
    va_list args;
};

struct format_spec {
    bool left, zero, plus, space, alternate;
    bool has_precision;
    size_t width;
    size_t precision;
    size_t length_bytes; /* of an integer argument */
    char conversion;
};

static void put(struct format_state *state, char character)
{
    state->sink(state->context, character);
    state->count++;
}

static void put_repeated(struct format_state *state, char character, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(state, character);
    }
}

static void put_text(struct format_state *state, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        put(state, text[i]);
    }
}

/* Prefix, zeroes and digits within the width. */
static void put_padded(struct format_state *state, const struct format_spec *spec, const char *prefix,
                       size_t zero_count, const char *body, size_t body_length)
{
    size_t prefix_length = 0;
    while (prefix[prefix_length] != '\0') {
        prefix_length++;
    }
    const size_t length = prefix_length + zero_count + body_length;
    const size_t padding = spec->width > length ? spec->width - length : 0;
    if (!spec->left) {
        put_repeated(state, ' ', padding);
    }
    put_text(state, prefix, prefix_length);
    put_repeated(state, '0', zero_count);
    put_text(state, body, body_length);
    if (spec->left) {
        put_repeated(state, ' ', padding);
    }
}

static void put_number(struct format_state *state, const struct format_spec *spec, const char *prefix, uint64_t value,
                       unsigned base)
{
    const char *const digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[DIGIT_COUNT_MAX];
    size_t at = sizeof text;
    for (; value != 0; value /= base) {
        text[--at] = digits[value % base];
    }
    const size_t length = sizeof text - at;
    size_t prefix_length = 0;
    while (prefix[prefix_length] != '\0') {
        prefix_length++;
    }
    size_t digit_count = spec->has_precision ? spec->precision : 1;
    if (!spec->has_precision && spec->zero && !spec->left && spec->width > prefix_length + digit_count) {
        digit_count = spec->width - prefix_length;
    }
    put_padded(state, spec, prefix, digit_count > length ? digit_count - length : 0, text + at, length);
}

static uint64_t next_unsigned(struct format_state *state, const struct format_spec *spec)
{
    if (spec->length_bytes == sizeof(uint64_t)) {
        return va_arg(state->args, uint64_t);
    }
    const uint32_t value = va_arg(state->args, uint32_t);
    return spec->length_bytes == 1 ? (uint8_t)value : spec->length_bytes == 2 ? (uint16_t)value : value;
}

static int64_t next_signed(struct format_state *state, const struct format_spec *spec)
{
    const uint64_t value = next_unsigned(state, spec);
    const unsigned unused_bits = 64 - 8 * (unsigned)spec->length_bytes;
    return (int64_t)(value << unused_bits) >> unused_bits;
}

static void put_signed(struct format_state *state, const struct format_spec *spec)
{
    const int64_t value = next_signed(state, spec);
    const char *const prefix = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    put_number(state, spec, prefix, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void put_hex(struct format_state *state, const struct format_spec *spec)
{
    const uint64_t value = next_unsigned(state, spec);
    const char *const prefix = !spec->alternate || value == 0 ? "" : spec->conversion == 'X' ? "0X" : "0x";
    put_number(state, spec, prefix, value, 16);
}

static void put_pointer(struct format_state *state, const struct format_spec *spec)
{
    put_number(state, spec, "0x", (uintptr_t)va_arg(state->args, void *), 16);
}

static void put_string(struct format_state *state, const struct format_spec *spec)
{
    const char *text = va_arg(state->args, const char *);
    if (text == NULL) {
        text = "(null)";
    }
    size_t length = 0;
    while ((!spec->has_precision || length < spec->precision) && text[length] != '\0') {
        length++;
    }
    put_padded(state, spec, "", 0, text, length);
}

static void put_char(struct format_state *state, const struct format_spec *spec)
{
    const char character = (char)va_arg(state->args, int);
    put_padded(state, spec, "", 0, &character, 1);
}

static const char *parse_flags(const char *at, struct format_spec *spec)
{
    for (;; at++) {
        switch (*at) {
        case '-':
            spec->left = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        default:
            return at;
        }
    }
}

/* Digits, or an argument. A negative argument is answered with false and its magnitude. */
static const char *parse_size(struct format_state *state, const char *at, size_t *size, bool *positive)
{
    *positive = true;
    *size = 0;
    if (*at == '*') {
        const int value = va_arg(state->args, int);
        *positive = value >= 0;
        *size = value < 0 ? (size_t) - (int64_t)value : (size_t)value;
        return at + 1;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        *size = *size * 10 + (size_t)(*at - '0');
    }
    return at;
}

static const char *parse_length(const char *at, struct format_spec *spec)
{
    spec->length_bytes = sizeof(int);
    if (at[0] == 'h') {
        const bool is_char = at[1] == 'h';
        spec->length_bytes = is_char ? sizeof(char) : sizeof(short);
        return at + (is_char ? 2 : 1);
    }
    if (at[0] == 'l' || at[0] == 'z' || at[0] == 'j' || at[0] == 't') {
        spec->length_bytes = sizeof(uint64_t);
        return at + (at[0] == 'l' && at[1] == 'l' ? 2 : 1);
    }
    return at;
}

static const char *parse_spec(struct format_state *state, const char *at, struct format_spec *spec)
{
    bool positive;
    at = parse_flags(at, spec);
    at = parse_size(state, at, &spec->width, &positive);
    spec->left = spec->left || !positive;
    if (*at == '.') {
        at = parse_size(state, at + 1, &spec->precision, &positive);
        spec->has_precision = positive;
    }
    at = parse_length(at, spec);
    spec->conversion = *at;
    return at;
}

/* Whether the conversion is known. */
static bool convert(struct format_state *state, const struct format_spec *spec)
{
    switch (spec->conversion) {
    case 'd':
    case 'i':
        put_signed(state, spec);
        return true;
    case 'u':
        put_number(state, spec, "", next_unsigned(state, spec), 10);
        return true;
    case 'o':
        put_number(state, spec, "", next_unsigned(state, spec), 8);
        return true;
    case 'x':
    case 'X':
        put_hex(state, spec);
        return true;
    case 'p':
        put_pointer(state, spec);
        return true;
    case 's':
        put_string(state, spec);
        return true;
    case 'c':
        put_char(state, spec);
        return true;
    case '%':
        put(state, '%');
        return true;
    default:
        return false;
    }
}

size_t format_text(format_sink_t sink, void *context, const char *format, va_list args)
{
    struct format_state state = {.sink = sink, .context = context};
    va_copy(state.args, args);
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(&state, *at);
            continue;
        }
        struct format_spec spec = {0};
        const char *const end = parse_spec(&state, at + 1, &spec);
        if (convert(&state, &spec)) {
            at = end;
        } else {
            put(&state, '%');
        }
    }
    va_end(state.args);
    return state.count;
}
