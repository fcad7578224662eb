/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Setting up the images of a Linux guest: decide first, then copy. linux_setup_images is the thin wrapper.
 */
#pragma once

#include "util/result.h"
#include "vm/images.h"
#include "vm/vm.h"

/*
 * Checks everything about the images; then, unless the guest runs, copies them. They become the ones that a restart
 * loads. *kernel_pc is the entry point. On an error, which is logged, nothing has changed.
 */
MUST_CHECK enum result linux_setup(struct vm *vm, const struct linux_images *images, uint64_t *kernel_pc);
