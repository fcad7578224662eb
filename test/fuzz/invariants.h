/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What vgic.h and vgic_lr.h promise of the interrupt controller's state, checked against that state and against the
 * list registers of the fake hardware.
 */
#pragma once

#include "aarch64/vgic/vgic.h"

/* Aborts when something is not as promised. No function of the vGIC may be running. */
void invariants_check_vgic(struct vgic *vgic);
