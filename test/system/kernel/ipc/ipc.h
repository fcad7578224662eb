/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Channels of the PDs of this system.
 */
#ifndef IPC_H
#define IPC_H

#include "harness.h"

enum boss_channel {
    BOSS_IDLER = 0,
    BOSS_ECHO = 1,
    BOSS_SERVER = 2,
    BOSS_CLIENT = 10,      /* + number of the client: write your letter to the log */
    BOSS_CLIENT_CALL = 20, /* + number of the client: call the server */
};

enum boss_child {
    CHILD_SERVER = 0,
    CHILD_CLIENT = 1, /* + number of the client */
};

enum client_channel {
    CLIENT_LOG = 0,
    CLIENT_CALL = 1,
    CLIENT_SERVER = 2,
};

#define ECHO_LABEL_CHANGE 0x5a5a5a5aULL
#define ECHO_WORD(word)   ((word)*3 + 1)

#endif
