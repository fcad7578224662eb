/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the kernel tells the user on the console: a PD that crashed, a vCPU
 * without a VMM, an interrupt that nobody owns.
 */
#ifndef KERNEL_CORE_REPORT_H
#define KERNEL_CORE_REPORT_H

#include "kernel/core/thread.h"

/* Names the thread, the cause, and where; the fault is in its tag and message. */
void report_crash(const struct thread *thread);
void report_stray_interrupt(uint32_t intid);

/* For what must not happen: says it and halts this core. */
_Noreturn void report_panic(const char *what, uint64_t value);

#endif
