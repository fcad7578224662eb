/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Logs its letter, or calls the server and logs its letter after that.
 */
#include "ipc.h"

static char letter(void)
{
    return harness_name_is("client_10")    ? 'X'
           : harness_name_is("client_20a") ? 'A'
           : harness_name_is("client_20b") ? 'B'
                                           : 'C';
}

void init(void)
{
}

void notified(microkit_channel ch)
{
    if (ch == CLIENT_CALL) {
        (void)microkit_ppcall(CLIENT_SERVER, microkit_msginfo_new((seL4_Word)(letter() | 0x20), 0));
    }
    harness_log(letter());
}
