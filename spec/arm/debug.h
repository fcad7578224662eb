/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Registers of self-hosted debug [Arm ARM D17.3].
 */
#pragma once

#include "spec/bits.h"

/* MDSCR_EL1 [Arm ARM D17.3.20] */
#define MDSCR_SS   BIT(0)  /* software step */
#define MDSCR_TDCC BIT(12) /* EL0 may not use the debug communications channel */
#define MDSCR_KDE  BIT(13) /* debug exceptions from EL1 to EL1 */
#define MDSCR_MDE  BIT(15) /* breakpoints and watchpoints */

/* OSLAR_EL1, OSLSR_EL1 [Arm ARM D17.3.25, D17.3.26] */
#define OSLAR_OSLK BIT(0)
#define OSLSR_OSLK BIT(1)
#define OSLSR_OSLM BIT(3) /* the OS lock is implemented */

/* DBGBCR<n>_EL1, DBGWCR<n>_EL1 [Arm ARM D17.3.2, D17.3.11] */
#define DBGCR_E         BIT(0)
#define DBGCR_EL1       BIT(1) /* PMC, PAC: exceptions of EL1 */
#define DBGCR_EL0       BIT(2) /* and of EL0 */
#define DBGBCR_BAS_A64  (0xf << 5)
#define DBGWCR_LOAD     BIT(3)
#define DBGWCR_STORE    BIT(4)
#define DBGWCR_BAS(bas) ((uint64_t)(bas) << 5)

/* ID_AA64DFR0_EL1: how many there are, less one [Arm ARM D17.2.61] */
#define ID_AA64DFR0_BRPS_SHIFT 12
#define ID_AA64DFR0_WRPS_SHIFT 20
