/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The PD that runs on when all culprits have been stopped: it has the lowest
 * priority. Nobody has touched its memory.
 */
#include "harness.h"

#define SECRET ((volatile seL4_Word *)0x8000000)

/* The culprit that may only read it maps it read-only; here it is writable. */
#define SHARED_READ_ONLY ((volatile seL4_Word *)0x9000000)

void init(void)
{
    check_equal("secret untouched", SECRET[0], 0);
    check_equal("read-only memory untouched", SHARED_READ_ONLY[0], 0);
    SECRET[0] = 1;
    check_equal("own memory writable", SECRET[0], 1);
    harness_done();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
