/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A system description as a tree of elements, each with the line it begins
 * on. Knows XML and nothing of what the elements mean.
 *
 * Comments and processing instructions are skipped, and so are the namespaces
 * of elements. Text means nothing in a system description: it is refused
 * directly in the root and skipped with a warning elsewhere, as in Microkit's
 * tool. A document type is refused.
 */
#ifndef IMAGE_XML_H
#define IMAGE_XML_H

#include "tool.h"

#include <stdbool.h>

struct xml_attribute {
    const char *name; /* in a namespace: behind the namespace's name and a colon */
    const char *value;
    struct xml_attribute *next;
};

struct xml_element {
    const char *name;
    struct place place;
    struct xml_attribute *attributes;
    struct xml_element *children;
    struct xml_element *next; /* of the same parent */
    bool has_text;
};

/* More than this is no system: 63 nested PDs, with a virtual machine and its map in the innermost. */
#define XML_DEPTH_MAX 72

enum result xml_parse(struct tool *tool, const char *path, struct xml_element **root) MUST_CHECK;

/* The attribute's value, or NULL. */
const char *xml_attribute(const struct xml_element *element, const char *name);

#endif
