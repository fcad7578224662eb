/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Of the lowest priority: when it runs, all frames have come or never will. Prints what was written down. */
#include "board.h"

#include <libvmm/util/util.h>

void init(void)
{
    static const char *const kinds[KINDS] = {"broadcast", "unicast", "forged"};

    for (unsigned i = 0; i < PORTS * PORTS * KINDS; i++) {
        unsigned hearer = i / KINDS / PORTS, speaker = i / KINDS % PORTS, kind = i % KINDS;
        printf("%u hears %u %s %u\n", hearer + 1, speaker + 1, kinds[kind], BOARD->heard[hearer][speaker][kind]);
    }
    printf("%u wrong\n", BOARD->wrong);
}

void notified(microkit_channel channel)
{
    (void)channel;
}
