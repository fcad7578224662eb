/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What is done to threads from outside: they are made, and stopped.
 */
#ifndef KERNEL_CORE_CONTROL_H
#define KERNEL_CORE_CONTROL_H

#include "kernel/core/thread.h"

/* Makes all threads of the image; PDs are ready to run, vCPUs stopped. */
void control_init(const struct image *image);

/* Takes a thread out of whatever it is in and stops it; it must not run on any core. */
void control_stop(struct thread *thread);

#endif
