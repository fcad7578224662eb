/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Packets of GDB's remote serial protocol [GDB E.1]: `$` data `#` checksum, each acknowledged by `+` or asked for again
 * by `-`. A character 3 outside a packet is an interrupt.
 *
 * A packet that is longer than there is room for is acknowledged and dropped: its sender gets the empty answer, as to
 * one that is not supported.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvmm/gdb.h>

#define GDB_FRAME_BYTES 4 /* $, # and the checksum */

enum gdb_packet_event {
    GDB_PACKET_NONE,
    GDB_PACKET_WHOLE, /* `bytes` holds one, ended by a zero */
    GDB_PACKET_BROKEN,
    GDB_PACKET_AGAIN, /* the other side asks for the last one again */
    GDB_PACKET_INTERRUPT,
};

/* What comes in. */
struct gdb_input {
    char bytes[GDB_PACKET_BYTES + 1];
    uint32_t length;
    uint8_t sum;
    uint16_t sum_told;
    enum {
        GDB_INPUT_OUTSIDE,
        GDB_INPUT_DATA,
        GDB_INPUT_SUM_HIGH,
        GDB_INPUT_SUM_LOW,
    } state;
};

/* Takes a character. */
enum gdb_packet_event gdb_input_take(struct gdb_input *input, uint8_t character);

/* What goes out: built with the functions below, between begin and end. What does not fit makes it too long. */
struct gdb_output {
    char bytes[GDB_PACKET_BYTES + GDB_FRAME_BYTES];
    uint32_t length;
    uint32_t sent;
    bool is_too_long;
};

void gdb_output_begin(struct gdb_output *output);
void gdb_output_char(struct gdb_output *output, char character);
void gdb_output_text(struct gdb_output *output, const char *text);
/* The same with each character as two digits, for `monitor`. */
void gdb_output_hex_text(struct gdb_output *output, const char *text);
void gdb_output_hex_bytes(struct gdb_output *output, const uint8_t *bytes, size_t count);
/* How many characters there is room for, where none needs an escape. */
size_t gdb_output_room(const struct gdb_output *output);
/* A number, without leading zeros. */
void gdb_output_number(struct gdb_output *output, uint64_t value);
/* Checksum; a packet that is too long becomes an error. */
void gdb_output_end(struct gdb_output *output);

/* Reads a hexadecimal number of 1 to 16 digits at `*text`, and moves behind it. False: there is none. */
bool gdb_parse_number(const char **text, uint64_t *value);
/* Reads 2 * `count` digits as bytes. */
bool gdb_parse_bytes(const char **text, uint8_t *bytes, size_t count);
/* Moves behind a character or a word, if that is what comes next. */
bool gdb_parse_char(const char **text, char character);
bool gdb_parse_word(const char **text, const char *word);
