/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * From the tree of elements to the system: values, names and references.
 * Whether they agree with each other and with the board is up to check.h.
 */
#ifndef IMAGE_PARSE_H
#define IMAGE_PARSE_H

#include "system.h"
#include "xml.h"

/* The tree has passed schema_check. */
enum result parse_system(struct tool *tool, const struct xml_element *root, struct system *system) MUST_CHECK;

#endif
