/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One function a rule; each reports all that breaks it.
 */
#include "check.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

#define PADDR_MAX (UINT64_C(1) << 48) /* what a translation table can hold */

struct check {
    struct tool *tool;
    const struct system *system;
    const struct board *board;
};

static void report_twice(struct check *check, struct place again, struct place first, const char *what)
{
    diag_error(&check->tool->diag, again, "%s is taken already, on line %u: must be unique", what, first.line);
}

static const char *quote(struct check *check, const char *kind, const char *name)
{
    return arena_print(&check->tool->arena, "%s name \"%s\"", kind, name);
}

static void check_region_names(struct check *check)
{
    const struct region *region, *other;

    LIST_FOR_EACH(check->system->regions, region)
    {
        for (other = check->system->regions; other != region; other = other->next) {
            if (strcmp(region->name, other->name) == 0) {
                report_twice(check, region->place, other->place, quote(check, "memory_region", region->name));
                break;
            }
        }
    }
}

static void check_pd_names(struct check *check)
{
    for (size_t i = 0; i < check->system->pd_count; i++) {
        const struct pd *pd = check->system->pds[i];
        for (size_t j = 0; j < i; j++) {
            const struct pd *other = check->system->pds[j];
            if (strcmp(pd->name, other->name) == 0) {
                report_twice(check, pd->place, other->place, quote(check, "protection_domain", pd->name));
            }
            if (pd->vm != NULL && other->vm != NULL && strcmp(pd->vm->name, other->vm->name) == 0) {
                report_twice(check, pd->vm->place, other->vm->place, quote(check, "virtual_machine", pd->vm->name));
            }
        }
    }
}

static void check_region_size(struct check *check, const struct region *region)
{
    if (region->size_bytes > PADDR_MAX) {
        diag_error(&check->tool->diag, region->place,
                   "size 0x%" PRIx64 " of memory_region \"%s\" must be at most 0x%" PRIx64, region->size_bytes,
                   region->name, PADDR_MAX);
        return;
    }
    if (region->size_bytes == 0 || !number_is_aligned(region->size_bytes, region->page_bytes)) {
        diag_error(&check->tool->diag, region->place,
                   "size 0x%" PRIx64 " of memory_region \"%s\" must be a multiple of its page size 0x%" PRIx64
                   ", at least one page",
                   region->size_bytes, region->name, region->page_bytes);
        return;
    }
    if (region->is_prefilled && region->prefill.size_bytes > region->size_bytes) {
        diag_error(&check->tool->diag, region->place,
                   "\"%s\" has 0x%" PRIx64 " bytes and does not fit in memory_region \"%s\" of 0x%" PRIx64 " bytes",
                   region->prefill.path, region->prefill.size_bytes, region->name, region->size_bytes);
    }
    if (region->is_fixed && !number_is_aligned(region->paddr, region->page_bytes)) {
        diag_error(&check->tool->diag, region->place,
                   "phys_addr 0x%" PRIx64 " of memory_region \"%s\" must be a multiple of its page size 0x%" PRIx64,
                   region->paddr, region->name, region->page_bytes);
    }
    if (region->is_fixed && !number_range_fits(region->paddr, region->size_bytes, PADDR_MAX)) {
        diag_error(&check->tool->diag, region->place,
                   "memory_region \"%s\" at 0x%" PRIx64 " (0x%" PRIx64 " bytes) must end at or below 0x%" PRIx64 "",
                   region->name, region->paddr, region->size_bytes, PADDR_MAX);
    }
}

static void check_regions(struct check *check)
{
    const struct region *region;

    LIST_FOR_EACH(check->system->regions, region)
    {
        check_region_size(check, region);
    }
}

static void check_map(struct check *check, const struct map *map, uint64_t vaddr_max, bool is_guest)
{
    const struct region *region = map->region;

    if (!number_is_aligned(map->vaddr, region->page_bytes)) {
        diag_error(&check->tool->diag, map->place,
                   "vaddr 0x%" PRIx64 " of map must be a multiple of 0x%" PRIx64
                   ", the page size of memory_region \"%s\"",
                   map->vaddr, region->page_bytes, region->name);
    }
    if (!number_range_fits(map->vaddr, region->size_bytes, vaddr_max)) {
        diag_error(&check->tool->diag, map->place,
                   "map of memory_region \"%s\" at 0x%" PRIx64 " (0x%" PRIx64 " bytes) must end at or below 0x%" PRIx64,
                   region->name, map->vaddr, region->size_bytes, vaddr_max);
    }
    if (!is_guest && (map->perms & (PERM_WRITE | PERM_EXECUTE)) == (PERM_WRITE | PERM_EXECUTE)) {
        diag_error(&check->tool->diag, map->place,
                   "map of memory_region \"%s\" is writable and executable, which only a virtual_machine's may be:"
                   " perms must be \"r\", \"rw\" or \"rx\"",
                   region->name);
    }
    if (region->is_fixed && map->is_cached &&
        board_overlap(check->board, region->paddr, region->size_bytes) == BOARD_OUTSIDE_RAM) {
        diag_warn(&check->tool->diag, map->place,
                  "memory_region \"%s\" at 0x%" PRIx64
                  " is no RAM but is mapped cached; a device wants cached=\"false\"",
                  region->name, region->paddr);
    }
}

static void check_maps(struct check *check)
{
    const struct pd *pd;
    const struct map *map;

    SYSTEM_FOR_EACH_PD(check->system, pd)
    {
        LIST_FOR_EACH(pd->maps, map)
        {
            check_map(check, map, IMAGE_PD_VADDR_MAX, false);
        }
        LIST_FOR_EACH(pd->vm == NULL ? NULL : pd->vm->maps, map)
        {
            check_map(check, map, UINT64_C(1) << IMAGE_IPA_BITS, true);
        }
    }
}

static void claim(struct check *check, struct place *owners, uint8_t id, struct place place, const char *what)
{
    if (owners[id].line != 0) {
        report_twice(check, place, owners[id], arena_print(&check->tool->arena, "%s id %u", what, id));
    } else {
        owners[id] = place;
    }
}

static void check_child_ids(struct check *check, const struct pd *parent)
{
    struct place owners[CHILD_ID_MAX + 1] = {0};
    const char *what = arena_print(&check->tool->arena, "in protection_domain \"%s\", child", parent->name);
    const struct pd *pd;
    const struct vcpu *vcpu;

    SYSTEM_FOR_EACH_PD(check->system, pd)
    {
        if (pd->parent == parent) {
            claim(check, owners, pd->id, pd->place, what);
        }
    }
    LIST_FOR_EACH(parent->vm == NULL ? NULL : parent->vm->vcpus, vcpu)
    {
        claim(check, owners, vcpu->id, vcpu->place, what);
    }
}

static void check_channel_ids(struct check *check, const struct pd *pd)
{
    struct place owners[CHANNEL_ID_MAX + 1] = {0};
    const char *what = arena_print(&check->tool->arena, "in protection_domain \"%s\", channel", pd->name);
    const struct irq *irq;
    const struct channel *channel;

    LIST_FOR_EACH(pd->irqs, irq)
    {
        claim(check, owners, irq->channel, irq->place, what);
    }
    LIST_FOR_EACH(check->system->channels, channel)
    {
        for (size_t i = 0; i < 2; i++) {
            if (channel->ends[i].pd == pd) {
                claim(check, owners, channel->ends[i].id, channel->ends[i].place, what);
            }
        }
    }
}

static void check_intids(struct check *check)
{
    struct place owners[1024] = {0};
    const struct pd *pd;
    const struct irq *irq;

    SYSTEM_FOR_EACH_PD(check->system, pd)
    {
        LIST_FOR_EACH(pd->irqs, irq)
        {
            if (owners[irq->intid].line != 0) {
                report_twice(check, irq->place, owners[irq->intid],
                             arena_print(&check->tool->arena, "irq %u", irq->intid));
            }
            owners[irq->intid] = irq->place;
        }
    }
}

static void check_ppcall(struct check *check, const struct channel_end *caller, const struct channel_end *callee)
{
    unsigned from = caller->pd->scheduling.priority, to = callee->pd->scheduling.priority;

    if (caller->may_ppcall && from >= to) {
        diag_error(&check->tool->diag, caller->place,
                   "pp=\"true\": protection_domain \"%s\" (priority %u) cannot call \"%s\" (priority %u),"
                   " which must have a higher priority",
                   caller->pd->name, from, callee->pd->name, to);
    }
}

static void check_channels(struct check *check)
{
    const struct channel *channel;

    LIST_FOR_EACH(check->system->channels, channel)
    {
        if (channel->ends[0].pd == channel->ends[1].pd) {
            diag_error(&check->tool->diag, channel->place,
                       "both ends of channel are protection_domain \"%s\": must be two different ones",
                       channel->ends[0].pd->name);
            continue;
        }
        check_ppcall(check, &channel->ends[0], &channel->ends[1]);
        check_ppcall(check, &channel->ends[1], &channel->ends[0]);
    }
}

static void check_core(struct check *check, struct place place, const char *what, uint8_t core)
{
    uint64_t count = check->board->facts.core_count;

    if (core >= count) {
        diag_error(&check->tool->diag, place, "cpu %u of %s: board \"%s\" has %" PRIu64 " cores, numbered from 0", core,
                   what, check->board->facts.name, count);
    }
}

static void check_cores(struct check *check)
{
    const struct pd *pd;
    const struct vcpu *vcpu;

    SYSTEM_FOR_EACH_PD(check->system, pd)
    {
        check_core(check, pd->place, "protection_domain", pd->core);
        LIST_FOR_EACH(pd->vm == NULL ? NULL : pd->vm->vcpus, vcpu)
        {
            check_core(check, vcpu->place, "vcpu", vcpu->core);
        }
    }
}

static void check_lender(struct check *check, const struct pd *server, struct place place, const char *what,
                         unsigned id, uint8_t core)
{
    if (core != server->core) {
        diag_error(
            &check->tool->diag, place,
            "%s %u on cpu %u is served by protection_domain \"%s\" on cpu %u, which is passive: this kernel lends"
            " time within one core only",
            what, id, core, server->name, server->core);
    }
}

/* Whoever a passive PD may serve is of its core. */
static void check_passive(struct check *check)
{
    const struct pd *pd;
    const struct vcpu *vcpu;
    const struct channel *channel;

    SYSTEM_FOR_EACH_PD(check->system, pd)
    {
        LIST_FOR_EACH(pd->vm == NULL || !pd->is_passive ? NULL : pd->vm->vcpus, vcpu)
        {
            check_lender(check, pd, vcpu->place, "vcpu", vcpu->id, vcpu->core);
        }
        if (pd->parent != NULL && pd->parent->is_passive) {
            check_lender(check, pd->parent, pd->place, "child protection_domain", pd->id, pd->core);
        }
    }
    LIST_FOR_EACH(check->system->channels, channel)
    {
        for (size_t i = 0; i < 2; i++) {
            const struct channel_end *caller = &channel->ends[i], *server = &channel->ends[1 - i];
            if (caller->may_ppcall && server->pd->is_passive) {
                check_lender(check, server->pd, caller->place, "end", caller->id, caller->pd->core);
            }
        }
    }
}

static void check_thread_count(struct check *check)
{
    size_t count = check->system->pd_count + check->system->vcpu_count;

    if (count > IMAGE_THREAD_COUNT_MAX) {
        diag_error(&check->tool->diag, check->system->place,
                   "%zu protection domains and %zu vCPUs are %zu threads: at most %d", check->system->pd_count,
                   check->system->vcpu_count, count, IMAGE_THREAD_COUNT_MAX);
    }
}

enum result check_system(struct tool *tool, const struct system *system, const struct board *board)
{
    struct check check = {tool, system, board};
    const struct pd *pd;

    check_region_names(&check);
    check_pd_names(&check);
    check_regions(&check);
    check_maps(&check);
    SYSTEM_FOR_EACH_PD(system, pd)
    {
        check_child_ids(&check, pd);
        check_channel_ids(&check, pd);
    }
    check_intids(&check);
    check_channels(&check);
    check_cores(&check);
    check_passive(&check);
    check_thread_count(&check);
    return diag_result(&tool->diag);
}
