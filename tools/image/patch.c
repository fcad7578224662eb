/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A value is written with the size of its symbol, little-endian.
 */
#include "patch.h"
#include "elf.h"
#include "memory.h"

#include <inttypes.h>
#include <string.h>

struct patched {
    struct patched *next;
    const char *symbol;
    struct place place;
};

struct patch {
    struct tool *tool;
    const struct system *system;
    struct pd *pd;
    struct patched *patched;
};

static uint8_t *find(struct patch *patch, struct place place, const char *name, const char *hint,
                     struct elf_symbol *symbol)
{
    struct diag *diag = &patch->tool->diag;
    const char *path = patch->pd->symbols_path != NULL ? patch->pd->symbols_path : patch->pd->program_path;

    switch (elf_find_symbol(patch->pd->symbols, name, symbol)) {
    case ELF_SYMBOL_FOUND:
        break;
    case ELF_SYMBOL_MISSING:
        diag_error(diag, place, "program \"%s\" has no symbol \"%s\"%s", path, name, hint);
        return NULL;
    case ELF_SYMBOL_AMBIGUOUS:
        diag_error(diag, place, "program \"%s\" has several static symbols \"%s\": must be unique", path, name);
        return NULL;
    }
    uint8_t *bytes = elf_at(patch->pd->program, symbol->value, symbol->size_bytes);
    if (bytes == NULL) {
        diag_error(diag, place, "symbol \"%s\" at 0x%" PRIx64 " (%" PRIu64 " bytes) lies in no segment of \"%s\"", name,
                   symbol->value, symbol->size_bytes, patch->pd->program_path);
    }
    return bytes;
}

/* False when the symbol has a value already. */
static bool claim(struct patch *patch, struct place place, const char *name)
{
    struct patched *patched;

    LIST_FOR_EACH(patch->patched, patched)
    {
        if (strcmp(patched->symbol, name) == 0) {
            diag_error(&patch->tool->diag, place, "symbol \"%s\" is set already, on line %u: must be set once", name,
                       patched->place.line);
            return false;
        }
    }
    patched = arena_alloc(&patch->tool->arena, sizeof(*patched));
    *patched = (struct patched){patch->patched, name, place};
    patch->patched = patched;
    return true;
}

static void patch_value(struct patch *patch, struct place place, const char *name, uint64_t value)
{
    struct elf_symbol symbol;

    if (name == NULL || !claim(patch, place, name)) {
        return;
    }
    uint8_t *bytes = find(patch, place, name, ": is it spelled right, and not optimised away?", &symbol);
    if (bytes == NULL) {
        return;
    }
    if (symbol.size_bytes == 0 || symbol.size_bytes > sizeof(value)) {
        diag_error(&patch->tool->diag, place, "symbol \"%s\" has %" PRIu64 " bytes: must have 1 to 8", name,
                   symbol.size_bytes);
        return;
    }
    if (symbol.size_bytes < sizeof(value) && value >> (8 * symbol.size_bytes) != 0) {
        diag_error(&patch->tool->diag, place,
                   "value 0x%" PRIx64 " of symbol \"%s\" does not fit in its %" PRIu64 " bytes", value, name,
                   symbol.size_bytes);
        return;
    }
    memcpy(bytes, &value, symbol.size_bytes);
}

/* A symbol of libmicrokit, which has a fixed size. */
static void patch_runtime(struct patch *patch, const char *name, const void *value, uint64_t size_bytes)
{
    struct place place = patch->pd->program_place;
    struct elf_symbol symbol;

    if (!claim(patch, place, name)) {
        return;
    }
    uint8_t *bytes = find(patch, place, name, ": is it linked with libmicrokit?", &symbol);
    if (bytes == NULL) {
        return;
    }
    if (symbol.size_bytes != size_bytes) {
        diag_error(&patch->tool->diag, place, "symbol \"%s\" has %" PRIu64 " bytes: libmicrokit's has %" PRIu64, name,
                   symbol.size_bytes, size_bytes);
        return;
    }
    memcpy(bytes, value, size_bytes);
}

static void patch_libmicrokit(struct patch *patch)
{
    char name[IMAGE_NAME_BYTES] = {0};
    const bool is_passive = false;
    uint64_t irqs = 0, notifications = 0, ppcalls = 0;
    const struct irq *irq;
    const struct channel *channel;
    struct elf_symbol symbol;

    memcpy(name, patch->pd->name, strlen(patch->pd->name));
    LIST_FOR_EACH(patch->pd->irqs, irq)
    {
        irqs |= UINT64_C(1) << irq->channel;
    }
    LIST_FOR_EACH(patch->system->channels, channel)
    {
        for (size_t i = 0; i < 2; i++) {
            const struct channel_end *end = &channel->ends[i];
            if (end->pd == patch->pd) {
                notifications |= end->may_notify ? UINT64_C(1) << end->id : 0;
                ppcalls |= end->may_ppcall ? UINT64_C(1) << end->id : 0;
            }
        }
    }
    patch_runtime(patch, "microkit_name", name, sizeof(name));
    patch_runtime(patch, "microkit_irqs", &irqs, sizeof(irqs));
    patch_runtime(patch, "microkit_notifications", &notifications, sizeof(notifications));
    patch_runtime(patch, "microkit_pps", &ppcalls, sizeof(ppcalls));
    if (elf_find_symbol(patch->pd->symbols, "microkit_passive", &symbol) == ELF_SYMBOL_FOUND) {
        patch_runtime(patch, "microkit_passive", &is_passive, sizeof(is_passive));
    }
}

static void patch_ids(struct patch *patch)
{
    const struct irq *irq;
    const struct channel *channel;
    const struct vcpu *vcpu;
    const struct pd *child;

    LIST_FOR_EACH(patch->pd->irqs, irq)
    {
        patch_value(patch, irq->place, irq->setvar_id, irq->channel);
    }
    LIST_FOR_EACH(patch->pd->vm == NULL ? NULL : patch->pd->vm->vcpus, vcpu)
    {
        patch_value(patch, vcpu->place, vcpu->setvar_id, vcpu->id);
    }
    SYSTEM_FOR_EACH_PD(patch->system, child)
    {
        if (child->parent == patch->pd) {
            patch_value(patch, child->place, child->setvar_id, child->id);
        }
    }
    LIST_FOR_EACH(patch->system->channels, channel)
    {
        for (size_t i = 0; i < 2; i++) {
            if (channel->ends[i].pd == patch->pd) {
                patch_value(patch, channel->ends[i].place, channel->ends[i].setvar_id, channel->ends[i].id);
            }
        }
    }
}

static void patch_pd(struct patch *patch)
{
    const struct map *map;
    const struct setvar *setvar;
    struct segment_block *item;

    patch_libmicrokit(patch);
    LIST_FOR_EACH(patch->pd->maps, map)
    {
        patch_value(patch, map->place, map->setvar_vaddr, map->vaddr);
        patch_value(patch, map->place, map->setvar_size, map->region->size_bytes);
        patch_value(patch, map->place, map->setvar_prefill_size, map->region->prefill.size_bytes);
    }
    LIST_FOR_EACH(patch->pd->setvars, setvar)
    {
        patch_value(patch, setvar->place, setvar->symbol, setvar->region->block->paddr);
    }
    patch_ids(patch);
    LIST_FOR_EACH(patch->pd->segments, item)
    {
        item->block->data = item->segment->page_data;
        item->block->data_bytes = elf_segment_lead(item->segment) + item->segment->data_bytes;
    }
}

enum result patch_programs(struct tool *tool, struct system *system)
{
    struct pd *pd;

    SYSTEM_FOR_EACH_PD(system, pd)
    {
        struct patch patch = {tool, system, pd, NULL};
        patch_pd(&patch);
    }
    return diag_result(&tool->diag);
}
