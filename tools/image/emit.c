/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Segments are in ascending order of address; offsets in the file are
 * congruent to addresses modulo the page size, as ELF demands.
 */
#include "emit.h"
#include "elf.h"
#include "number.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    uint64_t paddr;
    const uint8_t *data;
    uint64_t data_bytes;
    uint64_t file_bytes; /* zero behind data_bytes */
    uint64_t memory_bytes;
    uint64_t offset;
};

struct pieces {
    struct piece *items;
    size_t count;
};

static uint64_t run_data_bytes(const struct block *block, uint64_t offset, uint64_t size_bytes)
{
    if (offset >= block->data_bytes) {
        return 0;
    }
    return block->data_bytes - offset < size_bytes ? block->data_bytes - offset : size_bytes;
}

static void add_piece(struct pieces *pieces, const struct piece *piece)
{
    if (pieces->items != NULL) {
        pieces->items[pieces->count] = *piece;
    }
    pieces->count++;
}

static void add_blocks(struct pieces *pieces, const struct layout *layout)
{
    for (const struct block *block = layout->memory.blocks; block != NULL; block = block->next) {
        uint64_t size_bytes;
        for (uint64_t offset = 0; block->is_ram && offset < block->size_bytes; offset += size_bytes) {
            if (memory_run(block, offset, &size_bytes) == RUN_FILE) {
                const struct piece piece = {
                    .paddr = block->paddr + offset,
                    .data = block->data + offset,
                    .data_bytes = run_data_bytes(block, offset, size_bytes),
                    .file_bytes = size_bytes,
                    .memory_bytes = size_bytes,
                };
                add_piece(pieces, &piece);
            }
        }
    }
}

static void add_kernel(struct pieces *pieces, const struct elf *kernel)
{
    for (size_t i = 0; i < kernel->segment_count; i++) {
        const struct elf_segment *segment = &kernel->segments[i];
        const struct piece piece = {
            .paddr = segment->paddr,
            .data = segment->page_data + elf_segment_lead(segment),
            .data_bytes = segment->data_bytes,
            .file_bytes = segment->data_bytes,
            .memory_bytes = segment->size_bytes,
        };
        add_piece(pieces, &piece);
    }
}

static int compare(const void *left, const void *right)
{
    const struct piece *a = left, *b = right;

    return a->paddr < b->paddr ? -1 : a->paddr > b->paddr;
}

static void find_pieces(struct tool *tool, const struct board *board, const struct layout *layout,
                        struct pieces *pieces)
{
    add_kernel(pieces, &board->kernel);
    add_blocks(pieces, layout);
    *pieces = (struct pieces){.items = arena_alloc(&tool->arena, pieces->count * sizeof(*pieces->items))};
    add_kernel(pieces, &board->kernel);
    add_blocks(pieces, layout);
    qsort(pieces->items, pieces->count, sizeof(*pieces->items), compare);
}

static uint64_t set_offsets(struct pieces *pieces)
{
    uint64_t end = sizeof(Elf64_Ehdr) + pieces->count * sizeof(Elf64_Phdr);

    for (size_t i = 0; i < pieces->count; i++) {
        struct piece *piece = &pieces->items[i];
        piece->offset = number_align_up(end, PAGE_BYTES) + piece->paddr % PAGE_BYTES;
        end = piece->offset + piece->file_bytes;
    }
    return end;
}

/* What goes wrong is found by ferror in the end. */
static void write_headers(FILE *stream, const struct pieces *pieces, uint64_t entry)
{
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_AARCH64,
        .e_version = EV_CURRENT,
        .e_entry = entry,
        .e_phoff = sizeof(header),
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)pieces->count,
    };

    fwrite(&header, sizeof(header), 1, stream);
    for (size_t i = 0; i < pieces->count; i++) {
        const struct piece *piece = &pieces->items[i];
        const Elf64_Phdr program = {
            .p_type = PT_LOAD,
            .p_flags = PF_R | PF_W | PF_X,
            .p_offset = piece->offset,
            .p_vaddr = piece->paddr,
            .p_paddr = piece->paddr,
            .p_filesz = piece->file_bytes,
            .p_memsz = piece->memory_bytes,
            .p_align = PAGE_BYTES,
        };
        fwrite(&program, sizeof(program), 1, stream);
    }
}

static void write_zeros(FILE *stream, uint64_t size_bytes)
{
    static const uint8_t zeros[PAGE_BYTES];

    for (uint64_t done = 0; done < size_bytes; done += PAGE_BYTES) {
        uint64_t rest = size_bytes - done;
        fwrite(zeros, 1, rest < PAGE_BYTES ? rest : PAGE_BYTES, stream);
    }
}

static void write_pieces(FILE *stream, const struct pieces *pieces)
{
    uint64_t position = sizeof(Elf64_Ehdr) + pieces->count * sizeof(Elf64_Phdr);

    for (size_t i = 0; i < pieces->count; i++) {
        const struct piece *piece = &pieces->items[i];
        write_zeros(stream, piece->offset - position);
        fwrite(piece->data, 1, piece->data_bytes, stream);
        write_zeros(stream, piece->file_bytes - piece->data_bytes);
        position = piece->offset + piece->file_bytes;
    }
}

static enum result write_file(struct tool *tool, const struct pieces *pieces, uint64_t entry)
{
    const char *path = tool->options->output_path;
    FILE *stream = fopen(path, "wb");

    if (stream == NULL) {
        diag_error(&tool->diag, (struct place){path, 0}, "cannot be written: %s", strerror(errno));
        return RESULT_FAILED;
    }
    write_headers(stream, pieces, entry);
    write_pieces(stream, pieces);
    bool has_failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || has_failed) {
        diag_error(&tool->diag, (struct place){path, 0}, "cannot be written: %s", strerror(errno));
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

enum result emit_image(struct tool *tool, const struct board *board, const struct layout *layout,
                       struct emitted *emitted)
{
    struct pieces pieces = {NULL, 0};

    find_pieces(tool, board, layout, &pieces);
    if (pieces.count >= PN_XNUM) {
        diag_error(&tool->diag, (struct place){tool->options->output_path, 0}, "%zu segments: at most %d fit in a file",
                   pieces.count, PN_XNUM - 1);
        return RESULT_FAILED;
    }
    emitted->segment_count = pieces.count;
    emitted->file_bytes = set_offsets(&pieces);
    return write_file(tool, &pieces, board->kernel.entry);
}
