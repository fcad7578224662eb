/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* General registers of a vCPU. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Writes PC, SP_EL0, SPSR and the general registers of a vCPU to the log.
 *
 * @param vcpu_id  less than the number of vCPUs; otherwise logged and ignored.
 */
void tcb_print_regs(size_t vcpu_id);

#ifdef __cplusplus
}
#endif
