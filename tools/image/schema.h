/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Which elements and attributes a system description may have where: the ones
 * of Microkit 2.3 for AArch64. An attribute or element that Microkit knows and
 * this tool does not support is refused with the reason.
 */
#ifndef IMAGE_SCHEMA_H
#define IMAGE_SCHEMA_H

#include "xml.h"

/* Afterwards every element is where it may be, and has the attributes that it must have and no unknown ones. */
enum result schema_check(struct tool *tool, const struct xml_element *root) MUST_CHECK;

#endif
