/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The text of a wrong value is shown as it stands in the description.
 */
#include "attribute.h"
#include "../../kernel/abi/image.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

#define NUMBER_RIGHT  "must be a number below 2^64, decimal or hexadecimal with 0x; underscores are allowed"
#define DECIMAL_RIGHT "must be a decimal number, of digits only"

void attribute_wrong(struct tool *tool, const struct xml_element *element, const char *name, const char *right)
{
    diag_error(&tool->diag, element->place, "%s=\"%s\" of %s: %s", name, xml_attribute(element, name), element->name,
               right);
}

static uint64_t in_range(struct tool *tool, const struct xml_element *element, const char *name,
                         struct attribute_range range, uint64_t value, uint64_t otherwise)
{
    if (value < range.min || value > range.max) {
        attribute_wrong(tool, element, name,
                        arena_print(&tool->arena, "must be %" PRIu64 " to %" PRIu64, range.min, range.max));
        return otherwise;
    }
    return value;
}

uint64_t attribute_number(struct tool *tool, const struct xml_element *element, const char *name,
                          struct attribute_range range, uint64_t otherwise)
{
    const char *text = xml_attribute(element, name);
    uint64_t value;

    if (text == NULL) {
        return otherwise;
    }
    if (!number_parse(text, &value)) {
        attribute_wrong(tool, element, name, NUMBER_RIGHT);
        return otherwise;
    }
    return in_range(tool, element, name, range, value, otherwise);
}

uint64_t attribute_decimal(struct tool *tool, const struct xml_element *element, const char *name,
                           struct attribute_range range, uint64_t otherwise)
{
    const char *text = xml_attribute(element, name);
    uint64_t value;

    if (text == NULL) {
        return otherwise;
    }
    if (!number_parse_decimal(text, &value)) {
        attribute_wrong(tool, element, name, DECIMAL_RIGHT);
        return otherwise;
    }
    return in_range(tool, element, name, range, value, otherwise);
}

uint64_t attribute_address(struct tool *tool, const struct xml_element *element, const char *name, uint64_t otherwise)
{
    const char *text = xml_attribute(element, name);
    uint64_t value;

    if (text == NULL) {
        return otherwise;
    }
    if (!number_parse(text, &value)) {
        attribute_wrong(tool, element, name, NUMBER_RIGHT);
        return otherwise;
    }
    return value;
}

bool attribute_bool(struct tool *tool, const struct xml_element *element, const char *name, bool otherwise)
{
    const char *text = xml_attribute(element, name);

    if (text == NULL) {
        return otherwise;
    }
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        attribute_wrong(tool, element, name, "must be \"true\" or \"false\"");
    }
    return strcmp(text, "true") == 0;
}

const char *attribute_name(struct tool *tool, const struct xml_element *element, const char *name)
{
    const char *text = xml_attribute(element, name);

    if (text[0] == '\0' || strlen(text) >= IMAGE_NAME_BYTES) {
        attribute_wrong(tool, element, name, "must have 1 to 63 characters");
    }
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            diag_error(&tool->diag, element->place, "%s of %s has a control character (0x%02x) in it", name,
                       element->name, (unsigned)(unsigned char)*c);
            break;
        }
    }
    return text;
}

const char *attribute_text(struct tool *tool, const struct xml_element *element, const char *name)
{
    const char *text = xml_attribute(element, name);

    if (text != NULL && text[0] == '\0') {
        attribute_wrong(tool, element, name, "must not be empty");
    }
    return text;
}
