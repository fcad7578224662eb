/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Free memory is a sorted list of ranges; placing a block cuts it out.
 */
#include "memory.h"
#include "number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ZERO_RUN_BYTES_MIN (16 * PAGE_BYTES)

static void add_free(struct memory *memory, struct memory_range **link, uint64_t base, uint64_t size_bytes)
{
    struct memory_range *range = arena_alloc(&memory->tool->arena, sizeof(*range));

    *range = (struct memory_range){*link, base, size_bytes};
    *link = range;
}

/* Cuts out of the free range at `link` a part that lies wholly inside. */
static void cut(struct memory *memory, struct memory_range **link, uint64_t base, uint64_t size_bytes)
{
    struct memory_range *range = *link;
    uint64_t end = base + size_bytes;
    uint64_t range_end = range->base + range->size_bytes;

    if (range_end > end) {
        add_free(memory, &range->next, end, range_end - end);
    }
    range->size_bytes = base - range->base;
    if (range->size_bytes == 0) {
        *link = range->next;
    }
}

/* False when not all of the range is free. */
static bool reserve(struct memory *memory, uint64_t base, uint64_t size_bytes)
{
    for (struct memory_range **link = &memory->free; *link != NULL; link = &(*link)->next) {
        const struct memory_range *range = *link;
        if (base >= range->base && number_range_fits(base - range->base, size_bytes, range->size_bytes)) {
            cut(memory, link, base, size_bytes);
            return true;
        }
    }
    return false;
}

static bool take(struct memory *memory, struct block *block)
{
    for (struct memory_range **link = &memory->free; *link != NULL; link = &(*link)->next) {
        const struct memory_range *range = *link;
        uint64_t base = number_align_up(range->base, block->alignment);
        uint64_t lead = base - range->base;
        if (lead <= range->size_bytes && block->size_bytes <= range->size_bytes - lead) {
            block->paddr = base;
            cut(memory, link, base, block->size_bytes);
            return true;
        }
    }
    return false;
}

void memory_init(struct memory *memory, struct tool *tool, const struct board *board)
{
    *memory = (struct memory){.tool = tool, .board = board, .block_tail = &memory->blocks};
    for (size_t i = 0; i < IMAGE_BOARD_RAM_COUNT; i++) {
        const struct image_range *ram = &board->facts.ram[i];
        struct memory_range **link = &memory->free;
        while (*link != NULL && (*link)->base < ram->base) {
            link = &(*link)->next;
        }
        if (ram->size_bytes != 0) {
            add_free(memory, link, ram->base, ram->size_bytes);
        }
    }
    /* board_load has checked that the kernel's range lies in RAM. */
    (void)reserve(memory, board->facts.kernel.base, board->facts.kernel.size_bytes);
}

struct block *memory_add(struct memory *memory, struct place place, const char *what, uint64_t size_bytes,
                         uint64_t alignment)
{
    struct block *block = arena_alloc(&memory->tool->arena, sizeof(*block));

    block->place = place;
    block->what = what;
    block->size_bytes = number_align_up(size_bytes, PAGE_BYTES);
    block->alignment = alignment;
    block->is_ram = true;
    block->index = memory->block_count++;
    *memory->block_tail = block;
    memory->block_tail = &block->next;
    return block;
}

static void report_full(struct memory *memory, const struct block *block)
{
    uint64_t largest = 0;

    for (const struct memory_range *range = memory->free; range != NULL; range = range->next) {
        largest = range->size_bytes > largest ? range->size_bytes : largest;
    }
    diag_error(&memory->tool->diag, block->place,
               "%s (0x%" PRIx64 " bytes, aligned to 0x%" PRIx64 ") does not fit in RAM: the board has 0x%" PRIx64
               " bytes, 0x%" PRIx64 " are free, at most 0x%" PRIx64 " in one piece",
               block->what, block->size_bytes, block->alignment, board_ram_bytes(memory->board),
               memory_free_bytes(memory), largest);
}

/* What a fixed block that could not be reserved overlaps: the kernel, or a fixed block before it. */
static void report_taken(struct memory *memory, const struct block *block)
{
    const struct image_range *kernel = &memory->board->facts.kernel;
    const char *what = "the kernel";
    uint64_t base = kernel->base, size = kernel->size_bytes;

    for (const struct block *other = memory->blocks; other != block; other = other->next) {
        if (other->is_fixed && other->paddr < block->paddr + block->size_bytes &&
            block->paddr < other->paddr + other->size_bytes) {
            what = other->what;
            base = other->paddr;
            size = other->size_bytes;
        }
    }
    diag_error(&memory->tool->diag, block->place,
               "%s at 0x%" PRIx64 " (0x%" PRIx64 " bytes) overlaps %s at 0x%" PRIx64 " (0x%" PRIx64
               " bytes) in physical memory",
               block->what, block->paddr, block->size_bytes, what, base, size);
}

static bool overlaps_device(const struct memory *memory, const struct block *block)
{
    for (const struct block *other = memory->blocks; other != block; other = other->next) {
        if (other->is_fixed && !other->is_ram && other->paddr < block->paddr + block->size_bytes &&
            block->paddr < other->paddr + other->size_bytes) {
            return true;
        }
    }
    return false;
}

/* The device of the kernel's that a block overlaps, or NULL. */
static const struct image_range *find_kernel_device(const struct memory *memory, const struct block *block)
{
    for (size_t i = 0; i < IMAGE_BOARD_DEVICE_COUNT; i++) {
        const struct image_range *device = &memory->board->facts.devices[i];
        if (device->base < block->paddr + block->size_bytes && block->paddr < device->base + device->size_bytes) {
            return device;
        }
    }
    return NULL;
}

static void place_fixed(struct memory *memory, struct block *block)
{
    enum board_overlap overlap = board_overlap(memory->board, block->paddr, block->size_bytes);

    block->is_ram = overlap == BOARD_INSIDE_RAM;
    if (overlap == BOARD_PARTLY_IN_RAM) {
        diag_error(&memory->tool->diag, block->place,
                   "%s at 0x%" PRIx64 " (0x%" PRIx64 " bytes) lies partly in RAM: must be wholly inside or outside",
                   block->what, block->paddr, block->size_bytes);
        return;
    }
    const struct image_range *device = find_kernel_device(memory, block);
    if (device != NULL) {
        diag_error(&memory->tool->diag, block->place,
                   "%s at 0x%" PRIx64 " (0x%" PRIx64
                   " bytes) overlaps a device that is the kernel's alone, at 0x%" PRIx64 " (0x%" PRIx64 " bytes)",
                   block->what, block->paddr, block->size_bytes, device->base, device->size_bytes);
        return;
    }
    if (block->is_ram ? !reserve(memory, block->paddr, block->size_bytes) : overlaps_device(memory, block)) {
        report_taken(memory, block);
    }
    if (!block->is_ram && block->data_bytes != 0) {
        diag_error(&memory->tool->diag, block->place, "%s at 0x%" PRIx64 " lies outside RAM: only RAM can be prefilled",
                   block->what, block->paddr);
    }
}

static int compare_blocks(const void *left, const void *right)
{
    const struct block *a = *(struct block *const *)left, *b = *(struct block *const *)right;

    if (a->alignment != b->alignment) {
        return a->alignment > b->alignment ? -1 : 1;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

static void place_others(struct memory *memory)
{
    struct block **order = arena_alloc(&memory->tool->arena, memory->block_count * sizeof(struct block *));
    size_t count = 0;

    for (struct block *block = memory->blocks; block != NULL; block = block->next) {
        if (!block->is_fixed) {
            order[count++] = block;
        }
    }
    qsort(order, count, sizeof(struct block *), compare_blocks);
    for (size_t i = 0; i < count; i++) {
        if (!take(memory, order[i])) {
            report_full(memory, order[i]);
            return;
        }
    }
}

enum result memory_place(struct memory *memory)
{
    for (struct block *block = memory->blocks; block != NULL; block = block->next) {
        if (block->is_fixed) {
            place_fixed(memory, block);
        }
    }
    if (diag_result(&memory->tool->diag) == RESULT_OK) {
        place_others(memory);
    }
    return diag_result(&memory->tool->diag);
}

enum result memory_add_placed(struct memory *memory, struct place place, const char *what, uint64_t size_bytes,
                              struct block **block)
{
    *block = memory_add(memory, place, what, size_bytes, PAGE_BYTES);
    if (!take(memory, *block)) {
        report_full(memory, *block);
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

uint64_t memory_free_bytes(const struct memory *memory)
{
    uint64_t sum = 0;

    for (const struct memory_range *range = memory->free; range != NULL; range = range->next) {
        sum += range->size_bytes;
    }
    return sum;
}

/* Bytes from offset on, in whole pages, that are zero. */
static uint64_t zero_bytes(const struct block *block, uint64_t offset)
{
    static const uint8_t zeros[PAGE_BYTES] = {0};
    uint64_t end = offset;

    while (end < block->data_bytes) {
        uint64_t rest = block->data_bytes - end;
        if (memcmp(block->data + end, zeros, rest < PAGE_BYTES ? rest : PAGE_BYTES) != 0) {
            return end - offset;
        }
        end += PAGE_BYTES;
    }
    return block->size_bytes - offset;
}

static bool is_zero_run(const struct block *block, uint64_t offset, uint64_t zero)
{
    return zero != 0 && !block->is_written_whole && (zero >= ZERO_RUN_BYTES_MIN || offset + zero == block->size_bytes);
}

enum run_kind memory_run(const struct block *block, uint64_t offset, uint64_t *size_bytes)
{
    uint64_t zero = zero_bytes(block, offset);
    uint64_t end = offset;

    if (is_zero_run(block, offset, zero)) {
        *size_bytes = zero;
        return RUN_ZERO;
    }
    do {
        end += zero == 0 ? PAGE_BYTES : zero;
        zero = end < block->size_bytes ? zero_bytes(block, end) : 0;
    } while (end < block->size_bytes && !is_zero_run(block, end, zero));
    *size_bytes = end - offset;
    return RUN_FILE;
}
