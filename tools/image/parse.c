/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory regions first, then protection domains, then channels: each may name
 * what comes later in the file.
 */
#include "parse.h"
#include "attribute.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

#define BUDGET_US_DEFAULT   1000
#define STACK_BYTES_DEFAULT 0x2000
#define INTID_PTIMER        30
#define INTID_SPI_MIN       32
#define INTID_SPI_MAX       1019

struct parse {
    struct tool *tool;
    struct system *system;
    struct region **region_tail;
    struct channel **channel_tail;
};

static bool is_element(const struct xml_element *element, const char *name)
{
    return strcmp(element->name, name) == 0;
}

static struct region *find_region(struct parse *parse, const struct xml_element *element, const char *attribute)
{
    const char *name = xml_attribute(element, attribute);
    struct region *region;

    LIST_FOR_EACH(parse->system->regions, region)
    {
        if (strcmp(region->name, name) == 0) {
            return region;
        }
    }
    attribute_wrong(parse->tool, element, attribute, "there is no memory_region of that name");
    return NULL;
}

static struct pd *find_pd(struct parse *parse, const struct xml_element *element)
{
    const char *name = xml_attribute(element, "pd");
    struct pd *pd;

    SYSTEM_FOR_EACH_PD(parse->system, pd)
    {
        if (strcmp(pd->name, name) == 0) {
            return pd;
        }
    }
    attribute_wrong(parse->tool, element, "pd", "there is no protection_domain of that name");
    return NULL;
}

static void parse_prefill(struct parse *parse, const struct xml_element *element, struct region *region)
{
    const char *path = attribute_text(parse->tool, element, "prefill_path");

    if (path == NULL || path[0] == '\0') {
        return;
    }
    region->is_prefilled = file_search(parse->tool, region->place, path, &region->prefill) == RESULT_OK;
    if (region->is_prefilled && region->prefill.size_bytes == 0) {
        attribute_wrong(parse->tool, element, "prefill_path", "the file is empty");
    }
}

static void parse_region_size(struct parse *parse, const struct xml_element *element, struct region *region)
{
    region->page_bytes = attribute_address(parse->tool, element, "page_size", PAGE_BYTES);
    if (region->page_bytes != PAGE_BYTES && region->page_bytes != LARGE_PAGE_BYTES) {
        attribute_wrong(parse->tool, element, "page_size", "must be 0x1000 or 0x200000");
        region->page_bytes = PAGE_BYTES;
    }
    if (xml_attribute(element, "size") != NULL) {
        region->size_bytes = attribute_address(parse->tool, element, "size", PAGE_BYTES);
    } else if (xml_attribute(element, "prefill_path") != NULL) {
        region->size_bytes = number_align_up(region->prefill.size_bytes, region->page_bytes);
    } else {
        diag_error(&parse->tool->diag, region->place,
                   "memory_region \"%s\" has no attribute \"size\", and no \"prefill_path\" that gives one",
                   region->name);
    }
    region->may_have_large_pages = xml_attribute(element, "page_size") == NULL && region->size_bytes != 0 &&
                                   number_is_aligned(region->size_bytes, LARGE_PAGE_BYTES) &&
                                   (!region->is_fixed || number_is_aligned(region->paddr, LARGE_PAGE_BYTES));
}

static void parse_region(struct parse *parse, const struct xml_element *element)
{
    struct region *region = arena_alloc(&parse->tool->arena, sizeof(*region));

    region->place = element->place;
    region->name = attribute_name(parse->tool, element, "name");
    region->is_fixed = xml_attribute(element, "phys_addr") != NULL;
    region->paddr = attribute_address(parse->tool, element, "phys_addr", 0);
    parse_prefill(parse, element, region);
    parse_region_size(parse, element, region);
    *parse->region_tail = region;
    parse->region_tail = &region->next;
}

static unsigned parse_perms(struct parse *parse, const struct xml_element *element)
{
    const char *text = xml_attribute(element, "perms");
    unsigned perms = 0;

    if (text == NULL) {
        return PERM_READ | PERM_WRITE;
    }
    for (const char *c = text; *c != '\0'; c++) {
        unsigned perm = *c == 'r' ? PERM_READ : *c == 'w' ? PERM_WRITE : *c == 'x' ? PERM_EXECUTE : 0;
        if (perm == 0) {
            attribute_wrong(parse->tool, element, "perms", "must be of the letters \"r\", \"w\" and \"x\"");
            return PERM_READ;
        }
        perms |= perm;
    }
    if ((perms & PERM_READ) == 0) {
        attribute_wrong(parse->tool, element, "perms", "must have an \"r\": without it, seL4 gives no access at all");
    }
    return perms;
}

static struct map *parse_map(struct parse *parse, const struct xml_element *element)
{
    struct map *map = arena_alloc(&parse->tool->arena, sizeof(*map));

    map->place = element->place;
    map->region = find_region(parse, element, "mr");
    map->vaddr = attribute_address(parse->tool, element, "vaddr", 0);
    if (map->region != NULL && !number_is_aligned(map->vaddr, LARGE_PAGE_BYTES)) {
        map->region->may_have_large_pages = false;
    }
    map->perms = parse_perms(parse, element);
    map->is_cached = attribute_bool(parse->tool, element, "cached", true);
    map->setvar_vaddr = attribute_text(parse->tool, element, "setvar_vaddr");
    map->setvar_size = attribute_text(parse->tool, element, "setvar_size");
    map->setvar_prefill_size = attribute_text(parse->tool, element, "setvar_prefill_size");
    if (map->setvar_prefill_size != NULL && map->region != NULL && !map->region->is_prefilled) {
        attribute_wrong(parse->tool, element, "setvar_prefill_size", "the memory_region has no prefill_path");
    }
    return map;
}

static uint8_t parse_id(struct parse *parse, const struct xml_element *element, uint64_t max)
{
    return (uint8_t)attribute_decimal(parse->tool, element, "id", (struct attribute_range){0, max}, 0);
}

/* Of the interrupts that each core has for itself, PDs get that of the physical timer only. */
static uint16_t parse_intid(struct parse *parse, const struct xml_element *element)
{
    static const struct attribute_range any = {0, UINT64_MAX};
    uint64_t intid = attribute_decimal(parse->tool, element, "irq", any, INTID_SPI_MIN);

    if (intid != INTID_PTIMER && (intid < INTID_SPI_MIN || intid > INTID_SPI_MAX)) {
        attribute_wrong(parse->tool, element, "irq", "must be 30 (the physical timer) or 32 to 1019");
        return INTID_SPI_MIN;
    }
    return (uint16_t)intid;
}

static struct irq *parse_irq(struct parse *parse, const struct xml_element *element, struct pd *pd)
{
    const char *trigger = xml_attribute(element, "trigger");
    struct irq *irq = arena_alloc(&parse->tool->arena, sizeof(*irq));

    irq->place = element->place;
    irq->pd = pd;
    irq->intid = parse_intid(parse, element);
    irq->channel = parse_id(parse, element, CHANNEL_ID_MAX);
    irq->setvar_id = attribute_text(parse->tool, element, "setvar_id");
    irq->trigger = IMAGE_IRQ_LEVEL;
    if (trigger != NULL && strcmp(trigger, "edge") == 0) {
        irq->trigger = IMAGE_IRQ_EDGE;
    } else if (trigger != NULL && strcmp(trigger, "level") != 0) {
        attribute_wrong(parse->tool, element, "trigger", "must be \"level\" or \"edge\"");
    }
    if (parse->system->irq_count == IMAGE_IRQ_COUNT_MAX) {
        diag_error(&parse->tool->diag, element->place, "one irq too many: a system has at most %d",
                   IMAGE_IRQ_COUNT_MAX);
        return irq;
    }
    irq->index = (uint16_t)parse->system->irq_count++;
    return irq;
}

static struct setvar *parse_setvar(struct parse *parse, const struct xml_element *element)
{
    struct setvar *setvar = arena_alloc(&parse->tool->arena, sizeof(*setvar));

    setvar->place = element->place;
    setvar->symbol = attribute_text(parse->tool, element, "symbol");
    setvar->region = find_region(parse, element, "region_paddr");
    return setvar;
}

static struct scheduling parse_scheduling(struct parse *parse, const struct xml_element *element)
{
    static const struct attribute_range us_range = {1, IMAGE_PERIOD_US_MAX};
    struct scheduling scheduling;

    scheduling.priority =
        (uint8_t)attribute_number(parse->tool, element, "priority", (struct attribute_range){0, IMAGE_PRIORITY_MAX}, 0);
    scheduling.budget_us = attribute_number(parse->tool, element, "budget", us_range, BUDGET_US_DEFAULT);
    scheduling.period_us = attribute_number(parse->tool, element, "period", us_range, scheduling.budget_us);
    if (scheduling.budget_us > scheduling.period_us) {
        diag_error(&parse->tool->diag, element->place,
                   "budget %" PRIu64 " of %s \"%s\" is greater than its period %" PRIu64
                   ": it must be at most the period",
                   scheduling.budget_us, element->name, xml_attribute(element, "name"), scheduling.period_us);
    }
    return scheduling;
}

static uint8_t parse_core(struct parse *parse, const struct xml_element *element, uint8_t otherwise)
{
    return (uint8_t)attribute_number(parse->tool, element, "cpu", (struct attribute_range){0, IMAGE_CORE_COUNT_MAX - 1},
                                     otherwise);
}

static struct vcpu *parse_vcpu(struct parse *parse, const struct xml_element *element, struct vm *vm)
{
    struct vcpu *vcpu = arena_alloc(&parse->tool->arena, sizeof(*vcpu));

    vcpu->place = element->place;
    vcpu->vm = vm;
    vcpu->id = parse_id(parse, element, CHILD_ID_MAX);
    vcpu->core = parse_core(parse, element, vm->pd->core);
    vcpu->setvar_id = attribute_text(parse->tool, element, "setvar_id");
    parse->system->vcpu_count++;
    return vcpu;
}

static struct vm *parse_vm(struct parse *parse, const struct xml_element *element, struct pd *pd)
{
    struct vm *vm = arena_alloc(&parse->tool->arena, sizeof(*vm));
    struct vcpu **vcpu_tail = &vm->vcpus;
    struct map **map_tail = &vm->maps;

    vm->place = element->place;
    vm->name = attribute_name(parse->tool, element, "name");
    vm->pd = pd;
    vm->scheduling = parse_scheduling(parse, element);
    for (const struct xml_element *child = element->children; child != NULL; child = child->next) {
        if (is_element(child, "vcpu")) {
            *vcpu_tail = parse_vcpu(parse, child, vm);
            vcpu_tail = &(*vcpu_tail)->next;
        } else {
            *map_tail = parse_map(parse, child);
            map_tail = &(*map_tail)->next;
        }
    }
    return vm;
}

static void parse_program(struct parse *parse, const struct xml_element *element, struct pd *pd)
{
    pd->program_place = element->place;
    pd->program_path = attribute_text(parse->tool, element, "path");
    pd->symbols_path = attribute_text(parse->tool, element, "path_for_symbols");
}

static void parse_pd_attributes(struct parse *parse, const struct xml_element *element, struct pd *pd)
{
    struct tool *tool = parse->tool;

    pd->place = element->place;
    pd->name = attribute_name(tool, element, "name");
    if (strcmp(pd->name, "monitor") == 0) {
        attribute_wrong(tool, element, "name", "is reserved for Microkit's monitor: must be another");
    }
    pd->id = (uint8_t)attribute_number(tool, element, "id", (struct attribute_range){0, CHILD_ID_MAX}, 0);
    pd->setvar_id = attribute_text(tool, element, "setvar_id");
    pd->scheduling = parse_scheduling(parse, element);
    pd->core = parse_core(parse, element, 0);
    pd->may_smc = attribute_bool(tool, element, "smc", false);
    pd->may_fpu = attribute_bool(tool, element, "fpu", true);
    pd->is_passive = attribute_bool(tool, element, "passive", false);
    pd->stack_bytes = attribute_address(tool, element, "stack_size", STACK_BYTES_DEFAULT);
    if (!number_is_aligned(pd->stack_bytes, PAGE_BYTES) || pd->stack_bytes < PAGE_BYTES ||
        pd->stack_bytes > IMAGE_PD_STACK_BYTES_MAX) {
        attribute_wrong(tool, element, "stack_size", "must be a multiple of 0x1000 from 0x1000 to 0x1000000");
        pd->stack_bytes = STACK_BYTES_DEFAULT;
    }
}

static void parse_pd(struct parse *parse, const struct xml_element *element, struct pd *parent);

static void parse_pd_children(struct parse *parse, const struct xml_element *element, struct pd *pd)
{
    struct map **map_tail = &pd->maps;
    struct irq **irq_tail = &pd->irqs;
    struct setvar **setvar_tail = &pd->setvars;

    for (const struct xml_element *child = element->children; child != NULL; child = child->next) {
        if (is_element(child, "program_image")) {
            parse_program(parse, child, pd);
        } else if (is_element(child, "map")) {
            *map_tail = parse_map(parse, child);
            map_tail = &(*map_tail)->next;
        } else if (is_element(child, "irq")) {
            *irq_tail = parse_irq(parse, child, pd);
            irq_tail = &(*irq_tail)->next;
        } else if (is_element(child, "setvar")) {
            *setvar_tail = parse_setvar(parse, child);
            setvar_tail = &(*setvar_tail)->next;
        } else if (is_element(child, "virtual_machine")) {
            pd->vm = parse_vm(parse, child, pd);
        } else {
            parse_pd(parse, child, pd);
        }
    }
}

/* Recursion ends at XML_DEPTH_MAX. */
static void parse_pd(struct parse *parse, const struct xml_element *element, struct pd *parent)
{
    struct system *system = parse->system;
    struct pd *pd = arena_alloc(&parse->tool->arena, sizeof(*pd));

    if (system->pd_count == IMAGE_PD_COUNT_MAX) {
        diag_error(&parse->tool->diag, element->place, "one protection_domain too many: a system has at most %d",
                   IMAGE_PD_COUNT_MAX);
        return;
    }
    system->pds[system->pd_count++] = pd;
    pd->parent = parent;
    parse_pd_attributes(parse, element, pd);
    parse_pd_children(parse, element, pd);
}

static void parse_end(struct parse *parse, const struct xml_element *element, struct channel_end *end)
{
    end->place = element->place;
    end->pd = find_pd(parse, element);
    end->id = parse_id(parse, element, CHANNEL_ID_MAX);
    end->may_ppcall = attribute_bool(parse->tool, element, "pp", false);
    end->may_notify = attribute_bool(parse->tool, element, "notify", true);
    end->setvar_id = attribute_text(parse->tool, element, "setvar_id");
}

static void parse_channel(struct parse *parse, const struct xml_element *element)
{
    struct channel *channel = arena_alloc(&parse->tool->arena, sizeof(*channel));

    channel->place = element->place;
    parse_end(parse, element->children, &channel->ends[0]);
    parse_end(parse, element->children->next, &channel->ends[1]);
    *parse->channel_tail = channel;
    parse->channel_tail = &channel->next;
}

/* Where no page size is given, it is the largest that size and all addresses are multiples of. */
static void choose_page_sizes(struct system *system)
{
    struct region *region;

    LIST_FOR_EACH(system->regions, region)
    {
        if (region->may_have_large_pages) {
            region->page_bytes = LARGE_PAGE_BYTES;
        }
    }
}

enum result parse_system(struct tool *tool, const struct xml_element *root, struct system *system)
{
    struct parse parse = {tool, system, &system->regions, &system->channels};
    const struct xml_element *child;

    system->place = root->place;
    LIST_FOR_EACH(root->children, child)
    {
        if (is_element(child, "memory_region")) {
            parse_region(&parse, child);
        }
    }
    LIST_FOR_EACH(root->children, child)
    {
        if (is_element(child, "protection_domain")) {
            parse_pd(&parse, child, NULL);
        }
    }
    LIST_FOR_EACH(root->children, child)
    {
        if (is_element(child, "channel")) {
            parse_channel(&parse, child);
        }
    }
    choose_page_sizes(system);
    return diag_result(&tool->diag);
}
