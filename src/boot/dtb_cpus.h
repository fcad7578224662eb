/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The CPUs that a device tree describes. [DTSpec 3.8]
 */
#pragma once

#include <stddef.h>

#include "boot/dtb.h"
#include "util/result.h"

/*
 * Counts the CPUs that may be used. RESULT_INVALID, with a log line: there is none, or more than `count_max`, or the
 * first vCPU, whose affinity is 0, is not among them.
 */
MUST_CHECK enum result dtb_cpus_count(const struct dtb *dtb, size_t count_max, size_t *count);
