/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * All of the library, with the calls of libvmm 0.2 in place of its own where their signatures differ.
 */
#pragma once

/* The library's own headers first: what they declare has the library's names. */
#include_next <libvmm/libvmm.h>

#include "arch/aarch64/fault.h"
#include "arch/aarch64/linux.h"
#include "arch/aarch64/smc.h"
#include "guest.h"
#include "virq.h"
