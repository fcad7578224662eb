/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls to the firmware for PDs. The firmware is more than the kernel: it
 * starts cores at EL2 and switches them off. What goes there for somebody
 * else is on a list.
 */
#ifndef KERNEL_CORE_FIRMWARE_H
#define KERNEL_CORE_FIRMWARE_H

#include "kernel/core/thread.h"

void firmware_init(const struct image *image);

/*
 * Makes the call in `words`, x0 to x7, and puts the result there. A function that is neither one of those of PSCI that
 * every PD with smc="true" has, nor in the PD's list, is answered as the firmware answers one that it does not know.
 */
void firmware_call(const struct thread *pd, uint64_t words[8]);

#endif
