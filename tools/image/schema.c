/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The schema is a graph of const tables, one row an attribute or child.
 */
#include "schema.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum presence {
    OPTIONAL,
    REQUIRED,
    REFUSED,
};

struct attribute_rule {
    const char *name;
    enum presence presence;
    const char *why; /* it is refused */
};

struct element_rule;

struct child_rule {
    const char *name;
    unsigned count_min;
    unsigned count_max;
    const struct element_rule *element; /* NULL: refused */
    const char *why;                    /* it is refused */
};

struct element_rule {
    const struct attribute_rule *attributes; /* up to one without a name */
    const struct child_rule *children;       /* likewise; NULL: those that it has are ignored */
};

#define ANY_COUNT UINT32_MAX

static const char why_x86[] = "it is for x86-64 only";
static const char why_domains[] = "this kernel has no domain schedule";
static const char why_no_bootinfo[] = "this kernel has no boot information to fill it with";
static const char why_no_program[] = "a virtual machine has no program with symbols to patch";

static const struct attribute_rule map_attributes[] = {
    {"mr", REQUIRED, NULL},
    {"vaddr", REQUIRED, NULL},
    {"perms", OPTIONAL, NULL},
    {"cached", OPTIONAL, NULL},
    {"setvar_vaddr", OPTIONAL, NULL},
    {"setvar_size", OPTIONAL, NULL},
    {"setvar_prefill_size", OPTIONAL, NULL},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule vm_map_attributes[] = {
    {"mr", REQUIRED, NULL},
    {"vaddr", REQUIRED, NULL},
    {"perms", OPTIONAL, NULL},
    {"cached", OPTIONAL, NULL},
    {"setvar_vaddr", REFUSED, why_no_program},
    {"setvar_size", REFUSED, why_no_program},
    {"setvar_prefill_size", REFUSED, why_no_program},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule irq_attributes[] = {
    {"irq", REQUIRED, NULL},       {"id", REQUIRED, NULL},         {"trigger", OPTIONAL, NULL},
    {"setvar_id", OPTIONAL, NULL}, {"pin", REFUSED, why_x86},      {"vector", REFUSED, why_x86},
    {"ioapic", REFUSED, why_x86},  {"polarity", REFUSED, why_x86}, {"pcidev", REFUSED, why_x86},
    {"handle", REFUSED, why_x86},  {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule setvar_attributes[] = {
    {"symbol", REQUIRED, NULL},
    {"region_paddr", REQUIRED, NULL},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule program_image_attributes[] = {
    {"path", REQUIRED, NULL},
    {"path_for_symbols", OPTIONAL, NULL},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule vcpu_attributes[] = {
    {"id", REQUIRED, NULL},
    {"cpu", OPTIONAL, NULL},
    {"setvar_id", OPTIONAL, NULL},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule virtual_machine_attributes[] = {
    {"name", REQUIRED, NULL},   {"priority", OPTIONAL, NULL}, {"budget", OPTIONAL, NULL},
    {"period", OPTIONAL, NULL}, {NULL, OPTIONAL, NULL},
};

#define PD_ATTRIBUTES                                                                                                  \
    {"name", REQUIRED, NULL}, {"priority", OPTIONAL, NULL}, {"budget", OPTIONAL, NULL}, {"period", OPTIONAL, NULL},    \
        {"passive", OPTIONAL, NULL}, {"stack_size", OPTIONAL, NULL}, {"cpu", OPTIONAL, NULL}, {"smc", OPTIONAL, NULL}, \
        {"fpu", OPTIONAL, NULL}, {"domain", REFUSED, why_domains},                                                     \
    {                                                                                                                  \
        "pp", REFUSED, "since Microkit 2.0, the end of a channel that calls has it"                                    \
    }

static const struct attribute_rule pd_attributes[] = {
    PD_ATTRIBUTES,
    {"id", REFUSED, "only a protection_domain inside another one has an id, which its parent knows it by"},
    {"setvar_id", REFUSED, "only a protection_domain inside another one has an id"},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule child_pd_attributes[] = {
    PD_ATTRIBUTES,
    {"id", REQUIRED, NULL},
    {"setvar_id", OPTIONAL, NULL},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule memory_region_attributes[] = {
    {"name", REQUIRED, NULL},      {"size", OPTIONAL, NULL},         {"page_size", OPTIONAL, NULL},
    {"phys_addr", OPTIONAL, NULL}, {"prefill_path", OPTIONAL, NULL}, {"prefill_bootinfo", REFUSED, why_no_bootinfo},
    {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule end_attributes[] = {
    {"pd", REQUIRED, NULL},     {"id", REQUIRED, NULL},        {"pp", OPTIONAL, NULL},
    {"notify", OPTIONAL, NULL}, {"setvar_id", OPTIONAL, NULL}, {NULL, OPTIONAL, NULL},
};

static const struct attribute_rule no_attributes[] = {
    {NULL, OPTIONAL, NULL},
};

static const struct element_rule map_rule = {map_attributes, NULL};
static const struct element_rule vm_map_rule = {vm_map_attributes, NULL};
static const struct element_rule irq_rule = {irq_attributes, NULL};
static const struct element_rule setvar_rule = {setvar_attributes, NULL};
static const struct element_rule program_image_rule = {program_image_attributes, NULL};
static const struct element_rule vcpu_rule = {vcpu_attributes, NULL};
static const struct element_rule memory_region_rule = {memory_region_attributes, NULL};
static const struct element_rule end_rule = {end_attributes, NULL};

static const struct child_rule virtual_machine_children[] = {
    {"vcpu", 1, ANY_COUNT, &vcpu_rule, NULL},
    {"map", 0, ANY_COUNT, &vm_map_rule, NULL},
    {NULL, 0, 0, NULL, NULL},
};

static const struct element_rule virtual_machine_rule = {virtual_machine_attributes, virtual_machine_children};
static const struct element_rule child_pd_rule;

static const struct child_rule pd_children[] = {
    {"program_image", 1, 1, &program_image_rule, NULL},
    {"map", 0, ANY_COUNT, &map_rule, NULL},
    {"irq", 0, ANY_COUNT, &irq_rule, NULL},
    {"setvar", 0, ANY_COUNT, &setvar_rule, NULL},
    {"protection_domain", 0, ANY_COUNT, &child_pd_rule, NULL},
    {"virtual_machine", 0, 1, &virtual_machine_rule, NULL},
    {"ioport", 0, 0, NULL, why_x86},
    {"cspace", 0, 0, NULL, "this kernel's PDs have no capability spaces to add to"},
    {NULL, 0, 0, NULL, NULL},
};

static const struct element_rule child_pd_rule = {child_pd_attributes, pd_children};
static const struct element_rule pd_rule = {pd_attributes, pd_children};

static const struct child_rule channel_children[] = {
    {"end", 2, 2, &end_rule, NULL},
    {NULL, 0, 0, NULL, NULL},
};

static const struct element_rule channel_rule = {no_attributes, channel_children};

static const struct child_rule system_children[] = {
    {"protection_domain", 1, ANY_COUNT, &pd_rule, NULL},
    {"memory_region", 0, ANY_COUNT, &memory_region_rule, NULL},
    {"channel", 0, ANY_COUNT, &channel_rule, NULL},
    {"domains", 0, 0, NULL, why_domains},
    {"io_address_space", 0, 0, NULL, why_x86},
    {"virtual_machine", 0, 0, NULL, "it belongs inside the protection_domain that is its VMM"},
    {NULL, 0, 0, NULL, NULL},
};

static const struct element_rule system_rule = {no_attributes, system_children};

static const struct attribute_rule *find_attribute(const struct element_rule *rule, const char *name)
{
    for (const struct attribute_rule *row = rule->attributes; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct child_rule *find_child(const struct element_rule *rule, const char *name)
{
    for (const struct child_rule *row = rule->children; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static const char *list_attributes(struct tool *tool, const struct element_rule *rule)
{
    const char *list = NULL;

    for (const struct attribute_rule *row = rule->attributes; row->name != NULL; row++) {
        if (row->presence != REFUSED) {
            list = arena_print(&tool->arena, "%s%s%s", list == NULL ? "" : list, list == NULL ? "" : ", ", row->name);
        }
    }
    return list == NULL ? "none" : list;
}

static const char *list_children(struct tool *tool, const struct element_rule *rule)
{
    const char *list = NULL;

    for (const struct child_rule *row = rule->children; row->name != NULL; row++) {
        if (row->element != NULL) {
            list = arena_print(&tool->arena, "%s%s%s", list == NULL ? "" : list, list == NULL ? "" : ", ", row->name);
        }
    }
    return list == NULL ? "none" : list;
}

static void warn_of_children(struct tool *tool, const struct xml_element *element)
{
    for (const struct xml_element *child = element->children; child != NULL; child = child->next) {
        diag_warn(&tool->diag, child->place, "element \"%s\" in %s is ignored", child->name, element->name);
    }
}

static void check_attributes(struct tool *tool, const struct xml_element *element, const struct element_rule *rule)
{
    for (const struct xml_attribute *given = element->attributes; given != NULL; given = given->next) {
        const struct attribute_rule *row = find_attribute(rule, given->name);
        if (row == NULL) {
            diag_error(&tool->diag, element->place, "unknown attribute \"%s\" of %s; its attributes: %s", given->name,
                       element->name, list_attributes(tool, rule));
        } else if (row->presence == REFUSED) {
            diag_error(&tool->diag, element->place, "attribute \"%s\" of %s is not supported here: %s", given->name,
                       element->name, row->why);
        }
    }
    for (const struct attribute_rule *row = rule->attributes; row->name != NULL; row++) {
        if (row->presence == REQUIRED && xml_attribute(element, row->name) == NULL) {
            diag_error(&tool->diag, element->place, "%s has no attribute \"%s\"", element->name, row->name);
        }
    }
}

static void check_count(struct tool *tool, const struct xml_element *element, const struct child_rule *row)
{
    unsigned count = 0;

    for (const struct xml_element *child = element->children; child != NULL; child = child->next) {
        if (strcmp(child->name, row->name) != 0) {
            continue;
        }
        count++;
        if (count == row->count_max + 1) {
            diag_error(&tool->diag, child->place, "one element \"%s\" too many in %s: must have at most %u", row->name,
                       element->name, row->count_max);
        }
    }
    if (count < row->count_min) {
        diag_error(&tool->diag, element->place, "%s has %u elements \"%s\": must have at least %u", element->name,
                   count, row->name, row->count_min);
    }
}

/* Recursion ends at XML_DEPTH_MAX. */
static void check_element(struct tool *tool, const struct xml_element *element, const struct element_rule *rule)
{
    check_attributes(tool, element, rule);
    if (rule->children == NULL) {
        warn_of_children(tool, element);
        return;
    }
    for (const struct xml_element *child = element->children; child != NULL; child = child->next) {
        const struct child_rule *row = find_child(rule, child->name);
        if (row == NULL) {
            diag_error(&tool->diag, child->place, "unknown element \"%s\" in %s; its elements: %s", child->name,
                       element->name, list_children(tool, rule));
        } else if (row->element == NULL) {
            diag_error(&tool->diag, child->place, "element \"%s\" in %s is not supported: %s", child->name,
                       element->name, row->why);
        } else {
            check_element(tool, child, row->element);
        }
    }
    for (const struct child_rule *row = rule->children; row->name != NULL; row++) {
        if (row->element != NULL) {
            check_count(tool, element, row);
        }
    }
}

enum result schema_check(struct tool *tool, const struct xml_element *root)
{
    if (strcmp(root->name, "system") != 0) {
        diag_error(&tool->diag, root->place, "root element \"%s\": must be \"system\"", root->name);
        return RESULT_FAILED;
    }
    check_element(tool, root, &system_rule);
    return diag_result(&tool->diag);
}
