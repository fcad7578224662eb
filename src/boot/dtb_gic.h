/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Which interrupt controller a device tree describes, and where.
 *
 * Left out: a GICv3 with several regions of redistributors.
 */
#pragma once

#include "aarch64/vgic/vgic.h"
#include "boot/dtb.h"
#include "util/result.h"

/*
 * RESULT_RANGE: there is no GICv2 or GICv3. RESULT_INVALID, with a log line: its node cannot be what a guest may see.
 */
MUST_CHECK enum result dtb_gic_find(const struct dtb *dtb, struct vgic_config *config);

/* The node of that interrupt controller, or -1. */
int dtb_gic_node(const struct dtb *dtb);
