/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The process state, as SPSR holds it [Arm ARM C5.2.19].
 */
#pragma once

#include "util/field.h"

#define PSR_NZCV  FIELD(31, 28)
#define PSR_DIT   BIT(24)
#define PSR_PAN   BIT(22)
#define PSR_SSBS  BIT(12)
#define PSR_BTYPE FIELD(11, 10)
#define PSR_DAIF  FIELD(9, 6)
#define PSR_IRQ   BIT(7) /* interrupts are masked */
#define PSR_M32   BIT(4) /* AArch32 state */
#define PSR_EL    FIELD(3, 2)
#define PSR_SPSEL BIT(0)

#define PSR_MODE_EL1H 0x5
