/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Bits and fields of registers, as masks of 64 bits: FIELD(hi, lo) has bits hi..lo set.
 */
#pragma once

#include <stdint.h>

#define BIT(n)        (UINT64_C(1) << (n))
#define FIELD(hi, lo) ((~UINT64_C(0) >> (63 - ((hi) - (lo)))) << (lo))
