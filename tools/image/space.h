/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * An address space: what is mapped where, before anything has a physical
 * address.
 */
#ifndef IMAGE_SPACE_H
#define IMAGE_SPACE_H

#include "memory.h"

struct mapping {
    struct place place;
    const char *what;
    uint64_t vaddr;
    struct block *block; /* its size is the mapping's */
    uint64_t page_bytes;
    unsigned perms;
    bool is_cached;
};

struct space {
    struct space *next;
    const char *name; /* of the PD or virtual machine, with its kind */
    uint8_t vmid;
    size_t root; /* table number, see stage2.h */
    struct mapping *mappings;
    size_t mapping_count;
    size_t mapping_capacity;
};

void space_add(struct tool *tool, struct space *space, const struct mapping *mapping);

/* Sorts the mappings by address and reports those that overlap. */
void space_check(struct tool *tool, struct space *space);

#endif
