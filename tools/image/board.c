/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The kernel's ELF file holds struct image_board at symbol kernel_board, and
 * a word for the address of struct image at symbol kernel_image.
 */
#include "board.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

#define KERNEL_PADDR_MAX (UINT64_C(1) << 48)

static struct place kernel_place(const struct tool *tool)
{
    return (struct place){tool->options->kernel_path, 0};
}

static uint8_t *find(struct tool *tool, struct elf *kernel, const char *name, uint64_t size_bytes)
{
    struct elf_symbol symbol;

    if (elf_find_symbol(kernel, name, &symbol) != ELF_SYMBOL_FOUND || symbol.size_bytes != size_bytes) {
        diag_error(&tool->diag, kernel_place(tool),
                   "has no symbol \"%s\" of %" PRIu64 " bytes: is not a kernel that this tool was made for", name,
                   size_bytes);
        return NULL;
    }
    uint8_t *bytes = elf_at(kernel, symbol.value, size_bytes);
    if (bytes == NULL) {
        diag_error(&tool->diag, kernel_place(tool), "symbol \"%s\" at 0x%" PRIx64 " lies in no segment", name,
                   symbol.value);
    }
    return bytes;
}

static bool has_sane_ram(const struct image_board *facts)
{
    bool has_kernel = false;

    for (size_t i = 0; i < IMAGE_BOARD_RAM_COUNT; i++) {
        const struct image_range *ram = &facts->ram[i];
        if (ram->size_bytes == 0) {
            continue;
        }
        if (!number_range_fits(ram->base, ram->size_bytes, KERNEL_PADDR_MAX) ||
            !number_is_aligned(ram->base | ram->size_bytes, PAGE_BYTES)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            const struct image_range *other = &facts->ram[j];
            if (ram->base < other->base + other->size_bytes && other->base < ram->base + ram->size_bytes) {
                return false;
            }
        }
        if (facts->kernel.base >= ram->base &&
            number_range_fits(facts->kernel.base - ram->base, facts->kernel.size_bytes, ram->size_bytes)) {
            has_kernel = true;
        }
    }
    return has_kernel;
}

static enum result check_facts(struct tool *tool, const struct image_board *facts)
{
    if (facts->core_count == 0 || facts->core_count > IMAGE_CORE_COUNT_MAX || !has_sane_ram(facts) ||
        memchr(facts->name, '\0', sizeof(facts->name)) == NULL ||
        !number_is_aligned(facts->kernel.base | facts->kernel.size_bytes, PAGE_BYTES)) {
        diag_error(&tool->diag, kernel_place(tool),
                   "kernel_board makes no sense: 1 to %d cores, RAM in whole pages, the kernel's range inside it",
                   IMAGE_CORE_COUNT_MAX);
        return RESULT_FAILED;
    }
    if (strcmp(facts->name, tool->options->board) != 0) {
        diag_error(&tool->diag, kernel_place(tool), "is for board \"%s\", and --board says \"%s\"", facts->name,
                   tool->options->board);
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

static enum result check_segments(struct tool *tool, const struct board *board)
{
    const struct image_range *range = &board->facts.kernel;

    for (size_t i = 0; i < board->kernel.segment_count; i++) {
        const struct elf_segment *segment = &board->kernel.segments[i];
        if (segment->vaddr != segment->paddr || segment->vaddr < range->base ||
            !number_range_fits(segment->vaddr - range->base, segment->size_bytes, range->size_bytes)) {
            diag_error(&tool->diag, kernel_place(tool),
                       "segment at 0x%" PRIx64 " (0x%" PRIx64 " bytes) does not lie, at its physical address, in the"
                       " kernel's range at 0x%" PRIx64 " (0x%" PRIx64 " bytes)",
                       segment->vaddr, segment->size_bytes, range->base, range->size_bytes);
            return RESULT_FAILED;
        }
    }
    return RESULT_OK;
}

enum result board_load(struct tool *tool, struct board *board)
{
    struct file file;

    board->kernel = (struct elf){
        .tool = tool,
        .place = kernel_place(tool),
        .label = "",
        .use = ELF_KERNEL,
        .vaddr_max = KERNEL_PADDR_MAX,
    };
    if (file_read(tool, kernel_place(tool), tool->options->kernel_path, &file) != RESULT_OK ||
        elf_load(&board->kernel, &file) != RESULT_OK) {
        return RESULT_FAILED;
    }
    const uint8_t *facts = find(tool, &board->kernel, "kernel_board", sizeof(board->facts));
    if (facts == NULL || find(tool, &board->kernel, "kernel_image", sizeof(uint64_t)) == NULL) {
        return RESULT_FAILED;
    }
    memcpy(&board->facts, facts, sizeof(board->facts));
    if (check_facts(tool, &board->facts) != RESULT_OK) {
        return RESULT_FAILED;
    }
    return check_segments(tool, board);
}

void board_set_image(struct board *board, uint64_t image_paddr)
{
    struct elf_symbol symbol = {0, 0};

    /* board_load has found both. */
    if (elf_find_symbol(&board->kernel, "kernel_image", &symbol) == ELF_SYMBOL_FOUND) {
        memcpy(elf_at(&board->kernel, symbol.value, sizeof(image_paddr)), &image_paddr, sizeof(image_paddr));
    }
}

uint64_t board_ram_bytes(const struct board *board)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < IMAGE_BOARD_RAM_COUNT; i++) {
        sum += board->facts.ram[i].size_bytes;
    }
    return sum;
}

enum board_overlap board_overlap(const struct board *board, uint64_t base, uint64_t size_bytes)
{
    enum board_overlap overlap = BOARD_OUTSIDE_RAM;

    for (size_t i = 0; i < IMAGE_BOARD_RAM_COUNT; i++) {
        const struct image_range *ram = &board->facts.ram[i];
        if (base >= ram->base && number_range_fits(base - ram->base, size_bytes, ram->size_bytes)) {
            return BOARD_INSIDE_RAM;
        }
        if (base < ram->base + ram->size_bytes && ram->base < base + size_bytes) {
            overlap = BOARD_PARTLY_IN_RAM;
        }
    }
    return overlap;
}
