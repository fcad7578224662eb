/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores, from their instructions [Arm ARM C4.1.94]: those of one or two general registers, in every
 * addressing mode but PC-relative, with acquire and release.
 *
 * Left out: SIMD and FP registers, which no call of the Microkit gives a VMM; exclusives and atomics, which devices do
 * not support; prefetches, which do not fault; AArch32.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Register numbers: 31 as base is the stack pointer, as data the zero register, as offset none. */
#define DECODE_SP        31
#define DECODE_NO_OFFSET 32

struct load_store {
    bool is_load;
    bool is_signed;      /* a load that extends the sign */
    bool is_64;          /* a load's destination has 64 bits; with 32, the upper half is cleared */
    bool is_post;        /* the base alone is the address */
    bool writes_back;    /* base plus offset becomes the base */
    uint8_t width_bytes; /* of each register's access: 1, 2, 4 or 8 */
    uint8_t count;       /* 1 or 2 registers */
    uint8_t data[2];
    uint8_t base;
    uint8_t index;       /* register whose value is part of the offset, or DECODE_NO_OFFSET */
    uint8_t index_shift; /* by which it is shifted */
    uint8_t index_bits;  /* how many of its bits count: 32 or 64 */
    bool index_is_signed;
    int64_t offset;
    bool is_unprivileged; /* with the permissions of EL0 */
};

/* Whether `instruction` is a load or store that is not left out; if so, what it does. */
bool decode_load_store(uint32_t instruction, struct load_store *what);
