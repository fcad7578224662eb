/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A second variable of the same name as one in pd.c, both of them static.
 */
#include <stdint.h>

static volatile uint64_t local_word = 1;

uint64_t twin(void);

uint64_t twin(void)
{
    return local_word;
}
