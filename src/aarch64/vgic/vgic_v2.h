/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The Distributor of a GICv2 [GICv2 4.3].
 */
#pragma once

#include "aarch64/vgic/vgic_regs.h"

#define VGIC_V2_VCPU_COUNT_MAX  8
#define VGIC_V2_DIST_SIZE_BYTES 0x1000

extern const struct vgic_reg_table vgic_v2_dist_table;

/* Handles an access to the Distributor; `dev` is the struct vgic. */
enum mmio_result vgic_v2_dist_access(void *dev, struct mmio_access *access);
