/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every mapping has a block of physical memory behind it; a memory region's
 * block is shared by all that map it, everything else has one of its own.
 */
#include "layout.h"
#include "elf.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

/* Bounds the tables of mad systems; good for 32 GiB mapped in pages of 4 KiB. */
#define TABLES_BYTES_MAX UINT64_C(0x4000000)

struct build {
    struct tool *tool;
    struct system *system;
    struct layout *layout;
    uint8_t vmid;
    struct space **space_tail;
};

static struct space *add_space(struct build *build, const char *kind, const char *name)
{
    struct space *space = arena_alloc(&build->tool->arena, sizeof(*space));

    space->name = arena_print(&build->tool->arena, "%s \"%s\"", kind, name);
    space->vmid = ++build->vmid; /* at most 63 PDs and 63 virtual machines */
    *build->space_tail = space;
    build->space_tail = &space->next;
    return space;
}

static void add_regions(struct build *build)
{
    struct region *region;

    LIST_FOR_EACH(build->system->regions, region)
    {
        const char *what = arena_print(&build->tool->arena, "memory_region \"%s\"", region->name);
        region->block = memory_add(&build->layout->memory, region->place, what, region->size_bytes, region->page_bytes);
        region->block->is_fixed = region->is_fixed;
        region->block->paddr = region->paddr;
        region->block->data = region->prefill.bytes;
        region->block->data_bytes = region->prefill.size_bytes;
    }
}

static void add_maps(struct build *build, struct space *space, const struct map *maps)
{
    const struct map *map;

    LIST_FOR_EACH(maps, map)
    {
        const struct mapping mapping = {
            .place = map->place,
            .what = arena_print(&build->tool->arena, "map of %s", map->region->block->what),
            .vaddr = map->vaddr,
            .block = map->region->block,
            .page_bytes = map->region->page_bytes,
            .perms = map->perms,
            .is_cached = map->is_cached,
        };
        space_add(build->tool, space, &mapping);
    }
}

/* Memory of its own, in small pages. */
static struct block *add_private(struct build *build, struct space *space, struct place place, const char *what,
                                 uint64_t vaddr, uint64_t size_bytes, unsigned perms)
{
    const char *full = arena_print(&build->tool->arena, "%s of %s", what, space->name);
    struct block *block = memory_add(&build->layout->memory, place, full, size_bytes, PAGE_BYTES);
    const struct mapping mapping = {place, what, vaddr, block, PAGE_BYTES, perms, true};

    space_add(build->tool, space, &mapping);
    return block;
}

static enum result load_file(struct build *build, const struct pd *pd, const char *path, struct elf **result)
{
    struct elf *elf = arena_alloc(&build->tool->arena, sizeof(*elf));
    struct file file;

    *result = elf;
    *elf = (struct elf){
        .tool = build->tool,
        .place = pd->program_place,
        .label = arena_print(&build->tool->arena, "program \"%s\": ", path),
        .use = ELF_PROGRAM,
        .vaddr_max = IMAGE_PD_VADDR_MAX,
    };
    if (file_search(build->tool, pd->program_place, path, &file) != RESULT_OK) {
        return RESULT_FAILED;
    }
    return elf_load(elf, &file);
}

static bool fits_in_ram(struct build *build, const struct pd *pd, const struct elf_segment *segment)
{
    uint64_t ram_bytes = board_ram_bytes(build->layout->memory.board);

    if (segment->size_bytes <= ram_bytes) {
        return true;
    }
    diag_error(&build->tool->diag, pd->program_place,
               "program \"%s\": segment at 0x%" PRIx64 " (0x%" PRIx64
               " bytes) does not fit in RAM: the board has 0x%" PRIx64 " bytes",
               pd->program_path, segment->vaddr, segment->size_bytes, ram_bytes);
    return false;
}

static void add_segments(struct build *build, struct pd *pd)
{
    struct segment_block **tail = &pd->segments;

    for (size_t i = 0; i < pd->program->segment_count; i++) {
        struct elf_segment *segment = &pd->program->segments[i];
        uint64_t lead = elf_segment_lead(segment);
        unsigned perms =
            PERM_READ | (segment->is_writable ? PERM_WRITE : 0u) | (segment->is_executable ? PERM_EXECUTE : 0u);
        if (!fits_in_ram(build, pd, segment)) {
            return;
        }
        struct segment_block *item = arena_alloc(&build->tool->arena, sizeof(*item));
        item->segment = segment;
        item->block = add_private(build, pd->space, pd->program_place,
                                  arena_print(&build->tool->arena, "program (%s)",
                                              segment->is_executable ? "rx"
                                              : segment->is_writable ? "rw"
                                                                     : "r"),
                                  segment->vaddr - lead, lead + segment->size_bytes, perms);
        *tail = item;
        tail = &item->next;
    }
}

static void load_program(struct build *build, struct pd *pd)
{
    if (load_file(build, pd, pd->program_path, &pd->program) != RESULT_OK) {
        return;
    }
    pd->symbols = pd->program;
    if (pd->symbols_path != NULL && load_file(build, pd, pd->symbols_path, &pd->symbols) != RESULT_OK) {
        return;
    }
    add_segments(build, pd);
}

static void add_vm(struct build *build, struct pd *pd)
{
    struct vcpu *vcpu;

    pd->vm->space = add_space(build, "virtual_machine", pd->vm->name);
    add_maps(build, pd->vm->space, pd->vm->maps);
    space_check(build->tool, pd->vm->space);
    LIST_FOR_EACH(pd->vm->vcpus, vcpu)
    {
        const char *what = arena_print(&build->tool->arena, "frame of vCPU %u", vcpu->id);
        vcpu->frame = add_private(build, pd->space, vcpu->place, what, IMAGE_PD_VCPU_FRAMES + vcpu->id * PAGE_BYTES,
                                  PAGE_BYTES, PERM_READ | PERM_WRITE);
    }
}

static void add_pd(struct build *build, struct pd *pd)
{
    pd->space = add_space(build, "protection_domain", pd->name);
    load_program(build, pd);
    pd->stack = add_private(build, pd->space, pd->place, "stack", IMAGE_PD_STACK_TOP - pd->stack_bytes, pd->stack_bytes,
                            PERM_READ | PERM_WRITE);
    pd->ipc_buffer =
        add_private(build, pd->space, pd->place, "IPC buffer", IMAGE_PD_IPC_BUFFER, PAGE_BYTES, PERM_READ | PERM_WRITE);
    if (pd->vm != NULL) {
        add_vm(build, pd);
    }
    add_maps(build, pd->space, pd->maps);
    space_check(build->tool, pd->space);
}

static void number_threads(struct build *build)
{
    uint16_t thread = 0;
    struct pd *pd;
    struct vcpu *vcpu;

    SYSTEM_FOR_EACH_PD(build->system, pd)
    {
        pd->thread = thread++;
    }
    SYSTEM_FOR_EACH_PD(build->system, pd)
    {
        LIST_FOR_EACH(pd->vm == NULL ? NULL : pd->vm->vcpus, vcpu)
        {
            vcpu->thread = thread++;
        }
    }
}

enum result layout_spaces(struct tool *tool, struct system *system, const struct board *board, struct layout *layout)
{
    struct build build = {tool, system, layout, 0, &layout->spaces};
    struct pd *pd;

    memory_init(&layout->memory, tool, board);
    number_threads(&build);
    add_regions(&build);
    SYSTEM_FOR_EACH_PD(system, pd)
    {
        add_pd(&build, pd);
    }
    return diag_result(&tool->diag);
}

static struct stage2_range mapping_range(const struct mapping *mapping)
{
    return (struct stage2_range){
        .ipa = mapping->vaddr,
        .paddr = mapping->block->paddr,
        .size_bytes = mapping->block->size_bytes,
        .page_bytes = mapping->page_bytes,
        .may_write = (mapping->perms & PERM_WRITE) != 0,
        .may_execute = (mapping->perms & PERM_EXECUTE) != 0,
        .is_device = !mapping->is_cached,
    };
}

static enum result count_tables(struct build *build, uint64_t *count)
{
    const struct space *space;

    *count = 0;
    LIST_FOR_EACH(build->layout->spaces, space)
    {
        *count += 1;
        for (size_t i = 0; i < space->mapping_count; i++) {
            const struct stage2_range range = mapping_range(&space->mappings[i]);
            *count += stage2_tables_max(&range);
            if (*count > TABLES_BYTES_MAX / STAGE2_TABLE_BYTES) {
                diag_error(&build->tool->diag, space->mappings[i].place,
                           "translation tables need more than 0x%" PRIx64
                           " bytes: map less, or with page_size=\"0x200000\"",
                           TABLES_BYTES_MAX);
                return RESULT_FAILED;
            }
        }
    }
    return RESULT_OK;
}

static enum result build_tables(struct build *build)
{
    struct layout *layout = build->layout;
    struct space *space;
    uint64_t capacity;

    if (count_tables(build, &capacity) != RESULT_OK) {
        return RESULT_FAILED;
    }
    layout->stage2.capacity = capacity;
    layout->stage2.tables = arena_alloc(&build->tool->arena, capacity * STAGE2_TABLE_BYTES);
    LIST_FOR_EACH(layout->spaces, space)
    {
        space->root = stage2_add_root(&layout->stage2);
        for (size_t i = 0; i < space->mapping_count; i++) {
            const struct stage2_range range = mapping_range(&space->mappings[i]);
            stage2_map(&layout->stage2, space->root, &range);
        }
    }
    return RESULT_OK;
}

static enum result place_tables(struct build *build)
{
    struct layout *layout = build->layout;
    uint64_t size_bytes = layout->stage2.count * STAGE2_TABLE_BYTES;
    const struct space *space;

    if (memory_add_placed(&layout->memory, build->system->place, "translation tables", size_bytes, &layout->tables) !=
        RESULT_OK) {
        return RESULT_FAILED;
    }
    LIST_FOR_EACH(layout->spaces, space)
    {
        stage2_relocate(&layout->stage2, space->root, layout->tables->paddr);
    }
    layout->tables->data = (const uint8_t *)layout->stage2.tables;
    layout->tables->data_bytes = size_bytes;
    layout->tables->is_written_whole = true;
    return RESULT_OK;
}

enum result layout_memory(struct tool *tool, struct system *system, struct layout *layout)
{
    struct build build = {.tool = tool, .system = system, .layout = layout};

    if (memory_place(&layout->memory) != RESULT_OK || build_tables(&build) != RESULT_OK) {
        return RESULT_FAILED;
    }
    return place_tables(&build);
}
