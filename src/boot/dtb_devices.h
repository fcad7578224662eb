/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The library's devices in the guest's copy of the device tree: each describes its nodes (vm/fdt_builder.h), and they
 * are added below the root. A node that is there already, by name and address, is left as it is.
 */
#pragma once

#include <stdint.h>

#include "boot/dtb.h"
#include "util/result.h"
#include "vm/vm.h"

/*
 * How many bytes a tree may grow by. RESULT_INVALID, logged: its interrupt controller cannot be referred to as devices
 * do.
 */
MUST_CHECK enum result dtb_devices_size(struct vm *vm, const struct dtb *dtb, uint64_t *bytes);

/*
 * Adds the nodes to a tree that dtb_open and dtb_devices_size have accepted, in place; `bytes` is its size and what
 * dtb_devices_size said. RESULT_FULL, logged: libfdt refuses, which says that these two were not the same tree.
 */
MUST_CHECK enum result dtb_devices_add(struct vm *vm, void *blob, uint64_t bytes);
