/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Commands of the user that GDB hands on: `monitor ...` [GDB E.4, qRcmd].
 */
#pragma once

#include "debug/gdb_stub.h"

/* Carries out a command, and puts its answer into the stub's output, unless that comes later (GDB_AWAITS_REBOOT). */
void gdb_monitor(struct gdb_stub *stub, const char *command);
