/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Reading a flattened device tree, on libfdt: is it well-formed, what do reg and ranges say. [DTSpec 2.3, 5]
 *
 * Left out: versions of the format before 16; addresses of more than two cells (PCI).
 *
 * Invariant: a struct dtb has passed dtb_open, so libfdt finds its way in it; what its properties say is still
 * anybody's guess and is checked where it is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"

#define DTB_ALIGN_BYTES 8

struct dtb {
    const void *blob;
    uint64_t size_bytes; /* of the tree: its totalsize */
};

/* An entry of reg: in the address space that the text says. */
struct dtb_reg {
    uint64_t base;
    uint64_t size_bytes;
};

/*
 * Checks that a well-formed device tree lies at `blob`, a multiple of 8. RESULT_INVALID, with a log line, if not.
 */
MUST_CHECK enum result dtb_open(const void *blob, uint64_t blob_bytes, struct dtb *dtb);

/* The size that a device tree at any address claims for itself; 0 if its first bytes are not those of one. */
uint64_t dtb_claimed_bytes(const void *blob, uint64_t blob_bytes);

/* Whether a node may be used: it has no status, or "okay". */
bool dtb_is_available(const struct dtb *dtb, int node);

/*
 * Reads a property of one or two cells. RESULT_RANGE: there is no such property; RESULT_INVALID: it has another size.
 */
MUST_CHECK enum result dtb_read_number(const struct dtb *dtb, int node, const char *property, uint64_t *value);

/*
 * Reads entry `index` of reg of a node, in the address space of its parent. RESULT_RANGE: reg has no such entry;
 * RESULT_INVALID: reg is malformed, which is logged.
 */
MUST_CHECK enum result dtb_read_reg(const struct dtb *dtb, int node, size_t index, struct dtb_reg *reg);

/*
 * As dtb_read_reg, but translated through the ranges of every parent: as the guest's CPUs see it. RESULT_INVALID also
 * when some parent's ranges do not cover the entry.
 */
MUST_CHECK enum result dtb_read_guest_reg(const struct dtb *dtb, int node, size_t index, struct dtb_reg *reg);

/* A node's name for log lines; never NULL. */
const char *dtb_node_name(const struct dtb *dtb, int node);
