/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Registers of a vCPU's EL1 state. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Puts the EL1 system registers and the virtual timer of a vCPU into their architectural reset state: MMU and caches
 * off, timer off, MPIDR_EL1 as the device tree numbers the vCPU. General registers stay; guest_start sets those. The
 * vCPU must not be running. A vcpu_id that does not exist is logged and ignored.
 *
 * @param vcpu_id  less than the number of vCPUs.
 */
void vcpu_reset(size_t vcpu_id);

/**
 * Writes the EL1 system registers of a vCPU to the log.
 *
 * @param vcpu_id  less than the number of vCPUs; otherwise logged and ignored.
 */
void vcpu_print_regs(size_t vcpu_id);

#ifdef __cplusplus
}
#endif
