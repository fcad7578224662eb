/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The generic timer [Arm ARM D11]: its control registers, and its usual interrupts [BSA 3.8].
 */
#pragma once

#include "spec/bits.h"

#define CNT_CTL_ENABLE  BIT(0)
#define CNT_CTL_IMASK   BIT(1)
#define CNT_CTL_ISTATUS BIT(2)

#define GIC_INTID_MAINTENANCE    25
#define GIC_INTID_TIMER_HYP      26
#define GIC_INTID_TIMER_VIRTUAL  27
#define GIC_INTID_TIMER_PHYSICAL 30 /* of EL1 */
