/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A stub for GDB's remote serial protocol [GDB, Appendix E]: a debugger sees the guest's vCPUs as threads, its general
 * and EL1 registers, and its memory through the guest's own page tables. Breakpoints and steps are for code at EL1.
 * docs/debugging.md shows how to use it.
 *
 * The stub is for whoever is at the other end of its line: that one may change everything in the guest, and nothing
 * outside it. The guest gains nothing by it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#include <libvmm/sddf/serial.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of hexadecimal text that a packet holds at most. */
#define GDB_PACKET_BYTES 2048
/** Size of the storage; what it contains is the library's. */
#define GDB_STORAGE_BYTES 9216

/** A stub. The VMM provides the memory, for as long as it lives; its content is the library's. */
struct gdb {
    _Alignas(8) unsigned char storage[GDB_STORAGE_BYTES];
};

/** The other end of the line. Called from within fault_handle and gdb_poll. */
struct gdb_line {
    /** Takes characters for the debugger; answers how many it took: 0 to `count`, from the first on. */
    size_t (*transmit)(void *cookie, const uint8_t *bytes, size_t count);
    /** Gives characters that the debugger has sent; answers how many: 0 to `count_max`. */
    size_t (*receive)(void *cookie, uint8_t *bytes, size_t count_max);
    /** Passed to both. */
    void *cookie;
};

/**
 * Gives the guest a debugger, before guest_start. One for each VMM.
 *
 * @param gdb    storage for it.
 * @param line   copied; both functions must be there.
 * @param waits  whether the guest stops before its first instruction and waits for the debugger. Later starts of the
 *               guest do not stop.
 * @return false, with a line in the log, when a function is missing, there is a stub already or the guest has started.
 */
bool gdb_init(struct gdb *gdb, const struct gdb_line *line, bool waits);

/**
 * Does what the debugger has asked for, and sends what there was no room for. The VMM calls it when there is something
 * to read, or room to write. Harmless otherwise.
 */
void gdb_poll(struct gdb *gdb);

/**
 * The same as gdb_init for a line that is a serial connection of sDDF, to a driver, or to a virtualiser that hands
 * every character on. gdb_notified then takes the place of gdb_poll.
 *
 * @param gdb     storage for it.
 * @param config  filled in by the build (section GDB_CLIENT_CONFIG).
 * @param waits   as for gdb_init.
 * @return false, with a line in the log, when the section is not filled in or its regions hold no rings, or as
 * gdb_init.
 */
bool gdb_init_serial(struct gdb *gdb, const struct sddf_serial_client_config *config, bool waits);

/**
 * Tells the stub of a notification.
 *
 * @param gdb      one of gdb_init_serial, or memory that is all zeros.
 * @param channel  the channel of the PD.
 * @return whether it is that of the stub's line.
 */
bool gdb_notified(struct gdb *gdb, microkit_channel channel);

/** Name of the section that tools/sddf/configure fills in, from memory regions gdb_VMM_rx_queue and so on. */
#define GDB_CLIENT_CONFIG ".gdb_client_config"

/**
 * Says where virtual addresses will be in the guest's RAM that its page tables do not translate yet, so that
 * breakpoints work from the first instruction on. There is room for four ranges; the debugger's command is `monitor
 * map`.
 *
 * @param va          virtual address.
 * @param paddr       guest-physical address.
 * @param size_bytes  not 0.
 * @return false, with a line in the log, when there is no room or a range wraps around.
 */
bool gdb_map(struct gdb *gdb, uint64_t va, uint64_t paddr, uint64_t size_bytes);

#ifdef __cplusplus
}
#endif
