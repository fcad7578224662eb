/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Follows the ELF-64 object file format and the AArch64 supplement. Reads
 * neither relocations nor dynamic sections; a file that needs them is refused.
 */
#include "elf.h"
#include "number.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ELF_PAGE_BYTES UINT64_C(0x1000)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the tool reads and writes structures as they are");

#define ELF_ERROR(elf, format, ...)                                                                                    \
    diag_error(&(elf)->tool->diag, (elf)->place, "%s" format, (elf)->label __VA_OPT__(, ) __VA_ARGS__)

static bool is_in_file(const struct elf *elf, uint64_t offset, uint64_t size_bytes)
{
    return number_range_fits(offset, size_bytes, elf->file.size_bytes);
}

static enum result check_ident(const struct elf *elf)
{
    const uint8_t *ident = elf->file.bytes;

    if (elf->file.size_bytes < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG) != 0) {
        ELF_ERROR(elf, "not an ELF file: it does not begin with 0x7f ELF");
        return RESULT_FAILED;
    }
    if (ident[EI_CLASS] != ELFCLASS64) {
        ELF_ERROR(elf, "ELF class %u: must be %d, 64-bit", ident[EI_CLASS], ELFCLASS64);
        return RESULT_FAILED;
    }
    if (ident[EI_DATA] != ELFDATA2LSB) {
        ELF_ERROR(elf, "ELF byte order %u: must be %d, little-endian", ident[EI_DATA], ELFDATA2LSB);
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

static enum result check_header(const struct elf *elf, const Elf64_Ehdr *header)
{
    if (header->e_machine != EM_AARCH64) {
        ELF_ERROR(elf, "ELF machine %u: must be %d, AArch64", header->e_machine, EM_AARCH64);
        return RESULT_FAILED;
    }
    if (header->e_type != ET_EXEC) {
        ELF_ERROR(elf, "ELF type %u: must be %d, an executable at fixed addresses (link with -no-pie)", header->e_type,
                  ET_EXEC);
        return RESULT_FAILED;
    }
    if (header->e_phnum == 0 || header->e_phnum == PN_XNUM || header->e_phentsize != sizeof(Elf64_Phdr)) {
        ELF_ERROR(elf, "%u program headers of %u bytes: must be 1 to 65534 of %zu bytes", header->e_phnum,
                  header->e_phentsize, sizeof(Elf64_Phdr));
        return RESULT_FAILED;
    }
    if (!is_in_file(elf, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr))) {
        ELF_ERROR(elf, "truncated: program headers at offset 0x%" PRIx64 " lie outside the file of %" PRIu64 " bytes",
                  (uint64_t)header->e_phoff, elf->file.size_bytes);
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

static enum result check_segment(const struct elf *elf, const Elf64_Phdr *header, size_t index)
{
    if (header->p_filesz > header->p_memsz) {
        ELF_ERROR(elf, "segment %zu has 0x%" PRIx64 " bytes in the file and only 0x%" PRIx64 " in memory", index,
                  (uint64_t)header->p_filesz, (uint64_t)header->p_memsz);
        return RESULT_FAILED;
    }
    /* A segment that has nothing in the file may have its offset anywhere. */
    if (header->p_filesz != 0 && !is_in_file(elf, header->p_offset, header->p_filesz)) {
        ELF_ERROR(elf,
                  "truncated: segment %zu (offset 0x%" PRIx64 ", 0x%" PRIx64 " bytes) lies outside the file of %" PRIu64
                  " bytes",
                  index, (uint64_t)header->p_offset, (uint64_t)header->p_filesz, elf->file.size_bytes);
        return RESULT_FAILED;
    }
    if (!number_range_fits(header->p_vaddr, header->p_memsz, elf->vaddr_max)) {
        ELF_ERROR(elf, "segment %zu (address 0x%" PRIx64 ", 0x%" PRIx64 " bytes) must end at or below 0x%" PRIx64,
                  index, (uint64_t)header->p_vaddr, (uint64_t)header->p_memsz, elf->vaddr_max);
        return RESULT_FAILED;
    }
    if (elf->use == ELF_PROGRAM &&
        ((header->p_flags & PF_R) == 0 || (header->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))) {
        ELF_ERROR(elf, "segment %zu at 0x%" PRIx64 " has permissions %s%s%s: must be r, rx or rw", index,
                  (uint64_t)header->p_vaddr, (header->p_flags & PF_R) != 0 ? "r" : "",
                  (header->p_flags & PF_W) != 0 ? "w" : "", (header->p_flags & PF_X) != 0 ? "x" : "");
        return RESULT_FAILED;
    }
    return RESULT_OK;
}

static void load_segment(struct elf *elf, const Elf64_Phdr *header)
{
    struct elf_segment *segment = &elf->segments[elf->segment_count++];

    segment->vaddr = header->p_vaddr;
    segment->paddr = header->p_paddr;
    segment->size_bytes = header->p_memsz;
    segment->is_writable = (header->p_flags & PF_W) != 0;
    segment->is_executable = (header->p_flags & PF_X) != 0;
    segment->data_bytes = header->p_filesz;
    segment->page_data = arena_alloc(&elf->tool->arena, elf_segment_lead(segment) + header->p_filesz);
    if (header->p_filesz != 0) {
        memcpy(segment->page_data + elf_segment_lead(segment), elf->file.bytes + header->p_offset, header->p_filesz);
    }
}

static int compare_segments(const void *left, const void *right)
{
    const struct elf_segment *a = left, *b = right;

    return a->vaddr < b->vaddr ? -1 : a->vaddr > b->vaddr;
}

static enum result check_disjoint(const struct elf *elf)
{
    uint64_t unit = elf->use == ELF_PROGRAM ? ELF_PAGE_BYTES : 1;

    for (size_t i = 1; i < elf->segment_count; i++) {
        const struct elf_segment *below = &elf->segments[i - 1], *above = &elf->segments[i];
        uint64_t below_last = number_align_down(below->vaddr + below->size_bytes - 1, unit);
        if (number_align_down(above->vaddr, unit) <= below_last) {
            ELF_ERROR(elf,
                      "segments at 0x%" PRIx64 " (0x%" PRIx64 " bytes) and 0x%" PRIx64
                      " overlap or share a page: each must begin on a page of its own",
                      below->vaddr, below->size_bytes, above->vaddr);
            return RESULT_FAILED;
        }
    }
    return RESULT_OK;
}

static enum result load_segments(struct elf *elf, const Elf64_Ehdr *header)
{
    elf->segments = arena_alloc(&elf->tool->arena, header->e_phnum * sizeof(*elf->segments));
    for (size_t i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, elf->file.bytes + header->e_phoff + i * sizeof(segment), sizeof(segment));
        if (segment.p_type == PT_INTERP) {
            ELF_ERROR(elf, "wants a dynamic linker: must be linked statically");
            return RESULT_FAILED;
        }
        if (segment.p_type != PT_LOAD || segment.p_memsz == 0) {
            continue;
        }
        if (check_segment(elf, &segment, i) != RESULT_OK) {
            return RESULT_FAILED;
        }
        load_segment(elf, &segment);
    }
    qsort(elf->segments, elf->segment_count, sizeof(*elf->segments), compare_segments);
    return check_disjoint(elf);
}

static enum result check_entry(const struct elf *elf)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        if (segment->is_executable && elf->entry >= segment->vaddr &&
            elf->entry - segment->vaddr < segment->size_bytes) {
            return RESULT_OK;
        }
    }
    ELF_ERROR(elf, "entry 0x%" PRIx64 " lies in no executable segment", elf->entry);
    return RESULT_FAILED;
}

/* A symbol table that leaves the file is as good as none: the file may have been stripped badly. */
static enum result find_symtab(struct elf *elf, const Elf64_Ehdr *header)
{
    Elf64_Shdr symtab, strtab;

    if (header->e_shentsize != sizeof(symtab) ||
        !is_in_file(elf, header->e_shoff, (uint64_t)header->e_shnum * sizeof(symtab))) {
        return RESULT_OK;
    }
    for (size_t i = 0; i < header->e_shnum; i++) {
        memcpy(&symtab, elf->file.bytes + header->e_shoff + i * sizeof(symtab), sizeof(symtab));
        if (symtab.sh_type != SHT_SYMTAB) {
            continue;
        }
        if (symtab.sh_link >= header->e_shnum || !is_in_file(elf, symtab.sh_offset, symtab.sh_size)) {
            ELF_ERROR(elf, "symbol table (section %zu) lies outside the file or names no string table", i);
            return RESULT_FAILED;
        }
        memcpy(&strtab, elf->file.bytes + header->e_shoff + symtab.sh_link * sizeof(strtab), sizeof(strtab));
        if (strtab.sh_type != SHT_STRTAB || !is_in_file(elf, strtab.sh_offset, strtab.sh_size)) {
            ELF_ERROR(elf, "string table (section %u) of the symbol table lies outside the file or is none",
                      symtab.sh_link);
            return RESULT_FAILED;
        }
        elf->symtab_offset = symtab.sh_offset;
        elf->symbol_count = symtab.sh_size / sizeof(Elf64_Sym);
        elf->strtab_offset = strtab.sh_offset;
        elf->strtab_bytes = strtab.sh_size;
        return RESULT_OK;
    }
    return RESULT_OK;
}

enum result elf_load(struct elf *elf, const struct file *file)
{
    Elf64_Ehdr header;

    elf->file = *file;
    if (check_ident(elf) != RESULT_OK) {
        return RESULT_FAILED;
    }
    if (file->size_bytes < sizeof(header)) {
        ELF_ERROR(elf, "truncated: %" PRIu64 " bytes, less than an ELF header", file->size_bytes);
        return RESULT_FAILED;
    }
    memcpy(&header, file->bytes, sizeof(header));
    elf->entry = header.e_entry;
    if (check_header(elf, &header) != RESULT_OK || load_segments(elf, &header) != RESULT_OK ||
        check_entry(elf) != RESULT_OK) {
        return RESULT_FAILED;
    }
    return find_symtab(elf, &header);
}

static bool has_name(const struct elf *elf, const Elf64_Sym *symbol, const char *name)
{
    uint64_t bytes = strlen(name) + 1;

    return number_range_fits(symbol->st_name, bytes, elf->strtab_bytes) &&
           memcmp(elf->file.bytes + elf->strtab_offset + symbol->st_name, name, bytes) == 0;
}

static bool is_definition(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);

    return symbol->st_shndx != SHN_UNDEF && type != STT_FILE && type != STT_SECTION;
}

enum elf_lookup elf_find_symbol(const struct elf *elf, const char *name, struct elf_symbol *found)
{
    enum elf_lookup lookup = ELF_SYMBOL_MISSING;

    for (uint64_t i = 0; i < elf->symbol_count; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, elf->file.bytes + elf->symtab_offset + i * sizeof(symbol), sizeof(symbol));
        if (!is_definition(&symbol) || !has_name(elf, &symbol, name)) {
            continue;
        }
        bool is_local = ELF64_ST_BIND(symbol.st_info) == STB_LOCAL;
        if (is_local && lookup != ELF_SYMBOL_MISSING) {
            lookup = ELF_SYMBOL_AMBIGUOUS;
            continue;
        }
        *found = (struct elf_symbol){symbol.st_value, symbol.st_size};
        lookup = ELF_SYMBOL_FOUND;
        if (!is_local) {
            return lookup;
        }
    }
    return lookup;
}

/* Gives the segment memory for its first data_bytes bytes. */
static void materialise(struct elf *elf, struct elf_segment *segment, uint64_t data_bytes)
{
    uint64_t lead = elf_segment_lead(segment);
    uint8_t *page_data = arena_alloc(&elf->tool->arena, lead + data_bytes);

    memcpy(page_data, segment->page_data, lead + segment->data_bytes);
    segment->page_data = page_data;
    segment->data_bytes = data_bytes;
}

uint8_t *elf_at(struct elf *elf, uint64_t vaddr, uint64_t size_bytes)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        struct elf_segment *segment = &elf->segments[i];
        uint64_t offset = vaddr - segment->vaddr;
        if (vaddr < segment->vaddr || !number_range_fits(offset, size_bytes, segment->size_bytes)) {
            continue;
        }
        if (offset + size_bytes > segment->data_bytes) {
            uint64_t end = number_align_up(offset + size_bytes, ELF_PAGE_BYTES);
            materialise(elf, segment, end < segment->size_bytes ? end : segment->size_bytes);
        }
        return segment->page_data + elf_segment_lead(segment) + offset;
    }
    return NULL;
}
