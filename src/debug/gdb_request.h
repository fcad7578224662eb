/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The requests of GDB's remote serial protocol [GDB E.2 to E.4].
 *
 * All-stop mode; vCPU n is thread n + 1. Requests that need a stopped guest are refused while it runs. A step runs one
 * vCPU alone, whatever the debugger would have the others do.
 *
 * Left out: non-stop mode, multiple processes, binary downloads (X), hardware breakpoints and watchpoints: GDB does
 * without.
 */
#pragma once

#include "debug/gdb_stub.h"

/* Carries out a request, and puts its answer into the output that has been begun; one that is not known has none. */
void gdb_request(struct gdb_stub *stub, const char *text);

/* The answer that says that the guest has stopped, and why. */
void gdb_request_put_stop(struct gdb_stub *stub, enum debug_reason why);
