/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Trapped WFI, WFE, WFIT and WFET. Only WFI waits; the others return at once, which the architecture permits.
 */
#pragma once

#include <stdint.h>

#include "vm/vcpu.h"

void wfx_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr);
