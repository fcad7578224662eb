/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Decoding of loads and stores: see decode.h. Field names are those of the architecture.
 */
#include "aarch64/insn/decode.h"

#include <stddef.h>

#include "util/field.h"

#define INSTRUCTION_SIZE FIELD(31, 30)
#define INSTRUCTION_V    BIT(26)
#define INSTRUCTION_RN   FIELD(9, 5)
#define INSTRUCTION_RT   FIELD(4, 0)

/* Load/store pair: opc 101 V 0 mode L imm7 Rt2 Rn Rt. */
#define PAIR_CLASS    (FIELD(29, 27) | BIT(25))
#define PAIR_CLASS_IS (UINT64_C(5) << 27)
#define PAIR_OPC      FIELD(31, 30)
#define PAIR_MODE     FIELD(24, 23)
#define PAIR_L        BIT(22)
#define PAIR_IMM7     FIELD(21, 15)
#define PAIR_RT2      FIELD(14, 10)
#define PAIR_OPC_W    0
#define PAIR_OPC_SW   1
#define PAIR_OPC_X    2
#define PAIR_NO_HINT  0 /* non-temporal */
#define PAIR_POST     1
#define PAIR_PRE      3

/* Load-acquire and store-release: size 001000 1 L 0 Rs o0 Rt2 Rn Rt, where Rs and Rt2 should be one. */
#define ORDERED_CLASS    (FIELD(29, 23) | BIT(21))
#define ORDERED_CLASS_IS ((UINT64_C(8) << 24) | BIT(23))
#define ORDERED_L        BIT(22)

/* Load/store register: size 111 V 0 kind opc ... Rn Rt. */
#define SINGLE_CLASS    (FIELD(29, 27) | BIT(25))
#define SINGLE_CLASS_IS (UINT64_C(7) << 27)
#define SINGLE_UNSIGNED BIT(24) /* a scaled imm12; otherwise as below */
#define SINGLE_OPC      FIELD(23, 22)
#define SINGLE_IMM12    FIELD(21, 10)
#define SINGLE_REGISTER BIT(21) /* an offset in a register, with mode 2 */
#define SINGLE_IMM9     FIELD(20, 12)
#define SINGLE_MODE     FIELD(11, 10)
#define SINGLE_POST     1
#define SINGLE_OTHER    2 /* unprivileged, or an offset in a register */
#define SINGLE_PRE      3
#define SINGLE_RM       FIELD(20, 16)
#define SINGLE_OPTION   FIELD(15, 13)
#define SINGLE_S        BIT(12)
#define SIZE_X          3

/* What `option` says of an offset in a register. */
#define OPTION_SIGNED BIT(2)
#define OPTION_64     BIT(0)
#define OPTION_VALID  BIT(1)

enum {
    OPC_STORE = 0,
    OPC_LOAD = 1,
    OPC_LOAD_SIGNED_64 = 2,
    OPC_LOAD_SIGNED_32 = 3,
};

/* The value of a field as a two's complement number. */
static int64_t signed_field(uint64_t field, uint64_t value)
{
    const int unused = __builtin_clzll(field);
    const int shift = __builtin_ctzll(field);
    return (int64_t)((value & field) << unused) >> (unused + shift);
}

static bool decode_pair(uint64_t word, struct load_store *what)
{
    const uint64_t opc = field_get(PAIR_OPC, word);
    const uint64_t mode = field_get(PAIR_MODE, word);
    const bool is_load = (word & PAIR_L) != 0;
    if ((word & INSTRUCTION_V) != 0 || opc > PAIR_OPC_X) {
        return false;
    }
    if (opc == PAIR_OPC_SW && (!is_load || mode == PAIR_NO_HINT)) {
        return false;
    }
    what->width_bytes = opc == PAIR_OPC_X ? 8 : 4;
    what->is_load = is_load;
    what->is_signed = opc == PAIR_OPC_SW;
    what->is_64 = opc != PAIR_OPC_W;
    what->count = 2;
    what->data[1] = (uint8_t)field_get(PAIR_RT2, word);
    what->offset = signed_field(PAIR_IMM7, word) * what->width_bytes;
    what->is_post = mode == PAIR_POST;
    what->writes_back = mode == PAIR_POST || mode == PAIR_PRE;
    return true;
}

/* Direction, width and destination of a single register's access. */
static bool decode_operation(uint64_t word, struct load_store *what)
{
    const uint64_t size = field_get(INSTRUCTION_SIZE, word);
    const uint64_t opc = field_get(SINGLE_OPC, word);
    const bool is_prefetch = size == SIZE_X && opc == OPC_LOAD_SIGNED_64;
    const bool is_unallocated = size >= 2 && opc == OPC_LOAD_SIGNED_32;
    if (is_prefetch || is_unallocated) {
        return false;
    }
    what->width_bytes = (uint8_t)(1u << size);
    what->is_load = opc != OPC_STORE;
    what->is_signed = opc >= OPC_LOAD_SIGNED_64;
    what->is_64 = opc == OPC_LOAD_SIGNED_64 || size == SIZE_X;
    what->count = 1;
    return true;
}

static bool decode_register_offset(uint64_t word, struct load_store *what)
{
    const uint64_t option = field_get(SINGLE_OPTION, word);
    if ((option & OPTION_VALID) == 0) {
        return false;
    }
    what->index = (uint8_t)field_get(SINGLE_RM, word);
    what->index_bits = (option & OPTION_64) != 0 ? 64 : 32;
    what->index_is_signed = (option & OPTION_SIGNED) != 0;
    what->index_shift = (word & SINGLE_S) != 0 ? (uint8_t)field_get(INSTRUCTION_SIZE, word) : 0;
    return true;
}

static bool decode_single(uint64_t word, struct load_store *what)
{
    const uint64_t mode = field_get(SINGLE_MODE, word);
    if ((word & INSTRUCTION_V) != 0 || !decode_operation(word, what)) {
        return false;
    }
    if ((word & SINGLE_UNSIGNED) != 0) {
        what->offset = (int64_t)(field_get(SINGLE_IMM12, word) * what->width_bytes);
        return true;
    }
    if ((word & SINGLE_REGISTER) != 0) {
        return mode == SINGLE_OTHER && decode_register_offset(word, what);
    }
    what->offset = signed_field(SINGLE_IMM9, word);
    what->is_unprivileged = mode == SINGLE_OTHER;
    what->is_post = mode == SINGLE_POST;
    what->writes_back = mode == SINGLE_POST || mode == SINGLE_PRE;
    return true;
}

static bool decode_ordered(uint64_t word, struct load_store *what)
{
    const uint64_t size = field_get(INSTRUCTION_SIZE, word);
    what->width_bytes = (uint8_t)(1u << size);
    what->is_load = (word & ORDERED_L) != 0;
    what->is_64 = size == SIZE_X;
    what->count = 1;
    return true;
}

bool decode_load_store(uint32_t instruction, struct load_store *what)
{
    const uint64_t word = instruction;
    *what = (struct load_store){
        .base = (uint8_t)field_get(INSTRUCTION_RN, word),
        .data = {(uint8_t)field_get(INSTRUCTION_RT, word), 0},
        .index = DECODE_NO_OFFSET,
    };
    if ((word & PAIR_CLASS) == PAIR_CLASS_IS) {
        return decode_pair(word, what);
    }
    if ((word & ORDERED_CLASS) == ORDERED_CLASS_IS) {
        return decode_ordered(word, what);
    }
    return (word & SINGLE_CLASS) == SINGLE_CLASS_IS && decode_single(word, what);
}
