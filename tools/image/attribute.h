/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Attributes with a type: each getter reports what is wrong with the value and
 * what would be right, and then answers the default.
 */
#ifndef IMAGE_ATTRIBUTE_H
#define IMAGE_ATTRIBUTE_H

#include "xml.h"

#include <stdbool.h>
#include <stdint.h>

struct attribute_range {
    uint64_t min;
    uint64_t max;
};

uint64_t attribute_number(struct tool *tool, const struct xml_element *element, const char *name,
                          struct attribute_range range, uint64_t otherwise);

/* Likewise, of digits only. */
uint64_t attribute_decimal(struct tool *tool, const struct xml_element *element, const char *name,
                           struct attribute_range range, uint64_t otherwise);

/* Any number below 2^64. */
uint64_t attribute_address(struct tool *tool, const struct xml_element *element, const char *name, uint64_t otherwise);

bool attribute_bool(struct tool *tool, const struct xml_element *element, const char *name, bool otherwise);

/* A name of something: 1 to 63 characters, none of them a control character. */
const char *attribute_name(struct tool *tool, const struct xml_element *element, const char *name);

/* Text that may be absent (NULL), but not empty. */
const char *attribute_text(struct tool *tool, const struct xml_element *element, const char *name);

/* The value is not one of those that `right` describes. */
void attribute_wrong(struct tool *tool, const struct xml_element *element, const char *name, const char *right);

#endif
