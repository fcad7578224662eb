/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The stub behind <libvmm/gdb.h>.
 *
 * Invariants: nothing is taken from the line while something is left to be sent to it, so a debugger that does not read
 * holds up itself; a stop is told only when the debugger waits for one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libvmm/gdb.h>

#include "aarch64/debug/debug.h"
#include "debug/gdb_packet.h"

#define GDB_CHUNK_BYTES 64

enum gdb_awaits {
    GDB_AWAITS_NOTHING, /* but the answers to its requests */
    GDB_AWAITS_STOP,
    GDB_AWAITS_REBOOT,
};

struct gdb_stub {
    struct debug debug; /* first */
    struct gdb_line line;
    struct sddf_serial rx, tx; /* if the line is one of sDDF */
    struct gdb_input input;
    struct gdb_output output;
    bool is_answering;              /* the output is being built by a request */
    uint8_t chunk[GDB_CHUNK_BYTES]; /* characters that are still to be looked at */
    size_t chunk_at, chunk_count;
    char ack; /* + or -, to be sent before the output; 0: none */
    enum gdb_awaits awaits;
    uint32_t thread; /* the vCPU that requests are about */
    bool is_physical;
};

_Static_assert(sizeof(struct gdb_stub) <= GDB_STORAGE_BYTES, "storage of the public structure");

/* The request has no answer yet: a stop or a reboot will be it, and may be it before the request is done. */
void gdb_stub_await(struct gdb_stub *stub, enum gdb_awaits what);

/* Adds a map; false: there is no room, or it wraps around. */
bool gdb_stub_add_map(struct gdb_stub *stub, uint64_t va, uint64_t at, uint64_t size_bytes);
