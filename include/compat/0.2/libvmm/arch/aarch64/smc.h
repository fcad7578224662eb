/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What libvmm 0.2 has for handlers of firmware calls beyond the library's own calls.
 */
#pragma once

#include_next <libvmm/arch/aarch64/smc.h>

#include "../../compat.h"

/** The result of a call, for the guest's x0. */
COMPAT02_UNUSED static void smc_set_return_value(seL4_UserContext *u, uint64_t val)
{
    u->x0 = val;
}

/** An argument of a call: 1 to 6, from x1 to x6. 0, for any other. */
COMPAT02_UNUSED static uint64_t smc_get_arg(seL4_UserContext *u, uint64_t arg)
{
    const seL4_Word args[] = {u->x1, u->x2, u->x3, u->x4, u->x5, u->x6};
    return arg - 1 < sizeof(args) / sizeof(args[0]) ? args[arg - 1] : 0;
}
