/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls a server on its own core and one on the other, and notifies, all the
 * time; its parent stops it meanwhile.
 */
#include "smp.h"

enum caller_channel {
    CALLER_HERE = 0,
    CALLER_THERE = 1,
    CALLER_NOISE = 2,
};

static void call(microkit_channel ch, seL4_Word i)
{
    microkit_mr_set(0, i);
    microkit_mr_set(1, ~i);
    microkit_msginfo answer = microkit_ppcall(ch, microkit_msginfo_new(i & 0xffff, 2));
    bool holds = microkit_msginfo_get_label(answer) == (i & 0xffff) + 1 && microkit_msginfo_get_count(answer) == 2;
    holds = holds && microkit_mr_get(0) == i + 1 && microkit_mr_get(1) == ~i + 1;
    SMP->wrong_answers += holds ? 0 : 1;
}

void init(void)
{
    for (seL4_Word i = 0;; i++) {
        call(CALLER_HERE, i);
        call(CALLER_THERE, i);
        microkit_notify(CALLER_NOISE);
        SMP->calls++;
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}
