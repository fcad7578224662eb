/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packets: see gdb_packet.h.
 */
#include "debug/gdb_packet.h"

#include <libvmm/util/util.h>

#define INTERRUPT   3
#define ESCAPE      '}'
#define ESCAPED     0x20 /* what an escaped character differs by */
#define NO_DIGIT    16
#define DIGITS_MAX  16
#define END_BYTES   3 /* # and the checksum */
#define ERROR_RANGE "E22"

static const char digits[] = "0123456789abcdef";

static uint32_t digit(char character)
{
    if (character >= '0' && character <= '9') {
        return (uint32_t)(character - '0');
    }
    if (character >= 'a' && character <= 'f') {
        return (uint32_t)(character - 'a') + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return (uint32_t)(character - 'A') + 10;
    }
    return NO_DIGIT;
}

static enum gdb_packet_event take_outside(struct gdb_input *input, uint8_t character)
{
    switch (character) {
    case '$':
        input->state = GDB_INPUT_DATA;
        input->length = 0;
        input->sum = 0;
        return GDB_PACKET_NONE;
    case '-':
        return GDB_PACKET_AGAIN;
    case INTERRUPT:
        return GDB_PACKET_INTERRUPT;
    default:
        return GDB_PACKET_NONE;
    }
}

/* A `$` is no data: the end of the packet before it is lost, and another one begins. */
static void take_data(struct gdb_input *input, uint8_t character)
{
    if (character == '$') {
        (void)take_outside(input, character);
        return;
    }
    if (character == '#') {
        input->state = GDB_INPUT_SUM_HIGH;
        return;
    }
    input->sum = (uint8_t)(input->sum + character);
    if (input->length <= GDB_PACKET_BYTES) {
        input->bytes[input->length] = (char)character;
    }
    input->length += input->length <= GDB_PACKET_BYTES;
}

static enum gdb_packet_event end_packet(struct gdb_input *input, uint8_t character)
{
    const uint32_t low = digit((char)character);
    const bool is_good = low != NO_DIGIT && (input->sum_told | low) == input->sum;
    input->state = GDB_INPUT_OUTSIDE;
    if (input->length > GDB_PACKET_BYTES) {
        input->length = 0;
    }
    input->bytes[input->length] = '\0';
    return is_good ? GDB_PACKET_WHOLE : GDB_PACKET_BROKEN;
}

enum gdb_packet_event gdb_input_take(struct gdb_input *input, uint8_t character)
{
    switch (input->state) {
    case GDB_INPUT_DATA:
        take_data(input, character);
        return GDB_PACKET_NONE;
    case GDB_INPUT_SUM_HIGH:
        input->sum_told = (uint16_t)(digit((char)character) << 4); /* more than a byte, if it is no digit */
        input->state = GDB_INPUT_SUM_LOW;
        return GDB_PACKET_NONE;
    case GDB_INPUT_SUM_LOW:
        return end_packet(input, character);
    default:
        return take_outside(input, character);
    }
}

void gdb_output_begin(struct gdb_output *output)
{
    output->bytes[0] = '$';
    output->length = 1;
    output->sent = 0;
    output->is_too_long = false;
}

static void put(struct gdb_output *output, char character)
{
    if (output->length + END_BYTES < sizeof output->bytes) {
        output->bytes[output->length++] = character;
    } else {
        output->is_too_long = true;
    }
}

void gdb_output_char(struct gdb_output *output, char character)
{
    if (character == '$' || character == '#' || character == ESCAPE || character == '*') {
        put(output, ESCAPE);
        character ^= ESCAPED;
    }
    put(output, character);
}

void gdb_output_text(struct gdb_output *output, const char *text)
{
    while (*text != '\0') {
        gdb_output_char(output, *text++);
    }
}

void gdb_output_hex_bytes(struct gdb_output *output, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put(output, digits[bytes[i] >> 4]);
        put(output, digits[bytes[i] & 15]);
    }
}

void gdb_output_hex_text(struct gdb_output *output, const char *text)
{
    gdb_output_hex_bytes(output, (const uint8_t *)text, strlen(text));
}

size_t gdb_output_room(const struct gdb_output *output)
{
    return sizeof output->bytes - END_BYTES - output->length;
}

void gdb_output_number(struct gdb_output *output, uint64_t value)
{
    uint32_t shift = 60;
    while (shift != 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (uint32_t left = shift / 4 + 1; left != 0; left--) {
        put(output, digits[value >> (4 * (left - 1)) & 15]);
    }
}

void gdb_output_end(struct gdb_output *output)
{
    uint8_t sum = 0;
    if (output->is_too_long) {
        gdb_output_begin(output);
        gdb_output_text(output, ERROR_RANGE);
    }
    for (uint32_t i = 1; i < output->length; i++) {
        sum = (uint8_t)(sum + (uint8_t)output->bytes[i]);
    }
    output->bytes[output->length++] = '#';
    output->bytes[output->length++] = digits[sum >> 4];
    output->bytes[output->length++] = digits[sum & 15];
}

bool gdb_parse_number(const char **text, uint64_t *value)
{
    uint32_t count = 0;
    *value = 0;
    while (digit(**text) != NO_DIGIT) {
        *value = *value << 4 | digit(**text);
        (*text)++;
        count++;
    }
    return count != 0 && count <= DIGITS_MAX;
}

bool gdb_parse_bytes(const char **text, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t high = digit((*text)[0]);
        const uint32_t low = high == NO_DIGIT ? NO_DIGIT : digit((*text)[1]);
        if (low == NO_DIGIT) {
            return false;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}

bool gdb_parse_char(const char **text, char character)
{
    const bool is_there = **text == character;
    *text += is_there;
    return is_there;
}

bool gdb_parse_word(const char **text, const char *word)
{
    const size_t length = strlen(word);
    const bool is_there = strnlen(*text, length) == length && memcmp(*text, word, length) == 0;
    *text += is_there ? length : 0;
    return is_there;
}
