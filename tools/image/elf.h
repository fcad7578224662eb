/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * ELF files of programs: 64-bit, little-endian, AArch64, statically linked to
 * fixed addresses. Of their content the tool needs segments and symbols.
 *
 * A file is not trusted: nothing is read before it has been checked to lie in
 * the file, and what has passed elf_load is consistent.
 */
#ifndef IMAGE_ELF_H
#define IMAGE_ELF_H

#include "file.h"

#include <stdbool.h>
#include <stdint.h>

/* A PT_LOAD segment that is not empty. */
struct elf_segment {
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t size_bytes; /* in memory */
    bool is_writable;
    bool is_executable;
    /*
     * The content from the beginning of the page that vaddr lies in; zeros up
     * to vaddr. What lies behind data_bytes is zero and has no memory here.
     */
    uint8_t *page_data;
    uint64_t data_bytes; /* from vaddr */
};

struct elf_symbol {
    uint64_t value;
    uint64_t size_bytes;
};

enum elf_use {
    ELF_PROGRAM, /* gets pages with just the rights that each segment asks for */
    ELF_KERNEL,  /* is copied to its physical addresses */
};

struct elf {
    struct tool *tool;
    struct place place; /* of whatever names the file */
    const char *label;  /* begins each error */
    enum elf_use use;
    uint64_t vaddr_max;
    struct file file;
    uint64_t entry;
    struct elf_segment *segments; /* ascending, disjoint */
    size_t segment_count;
    uint64_t symtab_offset;
    uint64_t symbol_count;
    uint64_t strtab_offset;
    uint64_t strtab_bytes;
};

/*
 * Reads the ELF file `file`, of which elf->tool, place, label, use and vaddr_max are set. Segments must end at or
 * below vaddr_max and be disjoint; a program's share no page, and none is both writable and executable.
 */
enum result elf_load(struct elf *elf, const struct file *file) MUST_CHECK;

enum elf_lookup {
    ELF_SYMBOL_FOUND,
    ELF_SYMBOL_MISSING,
    ELF_SYMBOL_AMBIGUOUS, /* several local ones, none global */
};

enum elf_lookup elf_find_symbol(const struct elf *elf, const char *name, struct elf_symbol *symbol) MUST_CHECK;

/* The bytes at vaddr, to read and write; NULL when they don't lie in one segment. */
uint8_t *elf_at(struct elf *elf, uint64_t vaddr, uint64_t size_bytes);

/* Offset of the segment's first byte in page_data. */
static inline uint64_t elf_segment_lead(const struct elf_segment *segment)
{
    return segment->vaddr % 0x1000;
}

#endif
