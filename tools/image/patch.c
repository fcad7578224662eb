/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Values are words of 64 bits, little-endian: Microkit's tool, from 2.1 on, sets no symbol of another size.
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
    if (symbol.size_bytes != sizeof(value)) {
        diag_error(&patch->tool->diag, place, "symbol \"%s\" has %" PRIu64 " bytes: must have 8", name,
                   symbol.size_bytes);
        return;
    }
    memcpy(bytes, &value, sizeof(value));
}

/* A symbol of libmicrokit, which has a fixed size. False on an error. */
static bool patch_runtime(struct patch *patch, const char *name, const void *value, uint64_t size_bytes)
{
    struct place place = patch->pd->program_place;
    struct elf_symbol symbol;
    const char *hint = patch->pd->symbols->symbol_count == 0 ? ", having no symbols at all: has it been stripped?"
                                                             : ": is it linked with libmicrokit?";

    uint8_t *bytes = find(patch, place, name, hint, &symbol);
    if (bytes == NULL || !claim(patch, place, name)) {
        return false;
    }
    if (symbol.size_bytes != size_bytes) {
        diag_error(&patch->tool->diag, place, "symbol \"%s\" has %" PRIu64 " bytes: libmicrokit's has %" PRIu64, name,
                   symbol.size_bytes, size_bytes);
        return false;
    }
    memcpy(bytes, value, size_bytes);
    return true;
}

/* What libmicrokit wants to know of its PD. */
struct runtime_facts {
    char name[IMAGE_NAME_BYTES];
    uint64_t irqs; /* sets of channels */
    uint64_t notifications;
    uint64_t ppcalls;
    bool is_passive;
};

static struct runtime_facts find_facts(const struct patch *patch)
{
    struct runtime_facts facts = {.is_passive = patch->pd->is_passive};
    const struct irq *irq;
    const struct channel *channel;

    memcpy(facts.name, patch->pd->name, strlen(patch->pd->name));
    LIST_FOR_EACH(patch->pd->irqs, irq)
    {
        facts.irqs |= UINT64_C(1) << irq->channel;
    }
    LIST_FOR_EACH(patch->system->channels, channel)
    {
        for (size_t i = 0; i < 2; i++) {
            const struct channel_end *end = &channel->ends[i];
            if (end->pd == patch->pd) {
                facts.notifications |= end->may_notify ? UINT64_C(1) << end->id : 0;
                facts.ppcalls |= end->may_ppcall ? UINT64_C(1) << end->id : 0;
            }
        }
    }
    return facts;
}

/* False on an error: one is enough to tell that this is no libmicrokit. */
static bool patch_libmicrokit(struct patch *patch)
{
    const struct runtime_facts facts = find_facts(patch);
    struct elf_symbol symbol;

    if (!patch_runtime(patch, "microkit_name", facts.name, sizeof(facts.name)) ||
        !patch_runtime(patch, "microkit_irqs", &facts.irqs, sizeof(facts.irqs)) ||
        !patch_runtime(patch, "microkit_notifications", &facts.notifications, sizeof(facts.notifications)) ||
        !patch_runtime(patch, "microkit_pps", &facts.ppcalls, sizeof(facts.ppcalls))) {
        return false;
    }
    return elf_find_symbol(patch->pd->symbols, "microkit_passive", &symbol) != ELF_SYMBOL_FOUND ||
           patch_runtime(patch, "microkit_passive", &facts.is_passive, sizeof(facts.is_passive));
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

    if (!patch_libmicrokit(patch)) {
        return;
    }
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
