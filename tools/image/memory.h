/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Which physical memory is free, and who gets it: a block each for whatever
 * has an address of its own in the image.
 *
 * Fixed blocks are placed first. The others then go where there is room, the
 * ones with the largest alignment first, each at the lowest address that fits.
 */
#ifndef IMAGE_MEMORY_H
#define IMAGE_MEMORY_H

#include "board.h"

struct block {
    struct block *next;
    size_t index; /* in the order of memory_add */
    struct place place;
    const char *what; /* for the report and for errors */
    uint64_t size_bytes;
    uint64_t alignment;
    bool is_fixed;
    bool is_ram;
    uint64_t paddr;      /* once placed */
    const uint8_t *data; /* content; zero behind data_bytes */
    uint64_t data_bytes;
    bool is_written_whole; /* in the file even where it is zero */
};

struct memory_range {
    struct memory_range *next;
    uint64_t base;
    uint64_t size_bytes;
};

struct memory {
    struct tool *tool;
    const struct board *board;
    struct memory_range *free; /* ascending, disjoint */
    struct block *blocks;
    struct block **block_tail;
    size_t block_count;
};

/* All of RAM is free except the kernel's range. */
void memory_init(struct memory *memory, struct tool *tool, const struct board *board);

/* A new block of whole pages, to be placed by memory_place. */
struct block *memory_add(struct memory *memory, struct place place, const char *what, uint64_t size_bytes,
                         uint64_t alignment);

/* Places every block that memory_add has made; a block that does not fit is an error. */
enum result memory_place(struct memory *memory) MUST_CHECK;

/* A block that is placed at once; memory_place has been called. */
enum result memory_add_placed(struct memory *memory, struct place place, const char *what, uint64_t size_bytes,
                              struct block **block) MUST_CHECK;

uint64_t memory_free_bytes(const struct memory *memory);

enum run_kind {
    RUN_FILE, /* has to be in the file */
    RUN_ZERO, /* is to be cleared at boot */
};

/*
 * How the block goes on at `offset`, in whole pages: kind and size of the next
 * run. Few zero pages in a row are not worth a run of their own.
 */
enum run_kind memory_run(const struct block *block, uint64_t offset, uint64_t *size_bytes);

#endif
