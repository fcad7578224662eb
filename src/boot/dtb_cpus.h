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
#include "vm/limits.h"

/* vCPU n is the CPU with the n-th lowest affinity. */
struct dtb_cpus {
    size_t count;
    uint32_t affinity[VM_VCPU_COUNT_MAX]; /* Aff2, Aff1 and Aff0, as MPIDR_EL1 has them; ascending */
};

/*
 * Reads the CPUs that may be used. RESULT_INVALID, with a log line that names node and value: there is none, or more
 * than `count_max`; an affinity is no good (Aff3, more than 15 at level 0, reserved bits), or two have the same; one of
 * several is not switched on by PSCI, or there is no PSCI of version 0.2 or later.
 */
MUST_CHECK enum result dtb_cpus_read(const struct dtb *dtb, size_t count_max, struct dtb_cpus *cpus);
