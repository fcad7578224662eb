/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The emulated PL011, as the rest of the library sees it; see <libvmm/pl011.h>.
 */
#pragma once

#include <libvmm/pl011.h>

#include "vm/mmio.h"

/* The registers. `dev` is a struct pl011. */
enum mmio_result pl011_access(void *dev, struct mmio_access *access);

/* Back to the state that firmware leaves. What is in the FIFOs is lost. */
void pl011_reset(struct pl011 *uart);
