/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What proofs share. A proof is a main() that CBMC runs for all values of everything that any_*() gives. It includes
 * the sources that it is about, and has bodies for what these call.
 *
 * Each proof begins with what it proves and within which bounds, and names CBMC's options on a line of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CBMC takes functions of these names for any value. */
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
int nondet_int(void);
bool nondet_bool(void);

#define any_u8()   nondet_u8()
#define any_u16()  nondet_u16()
#define any_u32()  nondet_u32()
#define any_u64()  nondet_u64()
#define any_int()  nondet_int()
#define any_bool() nondet_bool()

#define ASSUME(condition)     __CPROVER_assume(condition)
#define PROVE(condition, why) __CPROVER_assert(condition, why)

/* Wider than any sum of two addresses. */
typedef unsigned __int128 wide_t;
