/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The Distributor and the Redistributors of a GICv3 [GICv3 12.8] [GICv3 12.10]. A Redistributor is two frames of
 * 64 KiB, RD_base and SGI_base; those of all vCPUs follow each other.
 */
#pragma once

#include "aarch64/vgic/vgic_regs.h"

#define VGIC_V3_DIST_SIZE_BYTES   0x10000
#define VGIC_V3_FRAME_SIZE_BYTES  0x10000
#define VGIC_V3_REDIST_SIZE_BYTES (2 * VGIC_V3_FRAME_SIZE_BYTES)

extern const struct vgic_reg_table vgic_v3_dist_table;
extern const struct vgic_reg_table vgic_v3_rd_table;
extern const struct vgic_reg_table vgic_v3_sgi_table;

/* Handle an access to the Distributor, and to the range of all Redistributors; `dev` is the struct vgic. */
enum mmio_result vgic_v3_dist_access(void *dev, struct mmio_access *access);
enum mmio_result vgic_v3_redist_access(void *dev, struct mmio_access *access);
