/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The commands of <libvmm/monitor.h>, for any VM.
 */
#pragma once

#include <stdbool.h>

#include "vm/report.h"
#include "vm/vm.h"

/* Carries out a command. False, and nothing is reported: there is no such command. */
bool monitor_run(struct vm *vm, const char *command, const struct report *report);
