/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * sgi_pairs with more than 10,000 rounds, for a machine that is emulated in one thread.
 */
#define ROUNDS 850
#include "smp/sgi_pairs.c"
