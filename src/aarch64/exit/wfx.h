/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Trapped WFI, WFE, WFIT and WFET. Only WFI waits; the others return at once, which the architecture permits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vm/vcpu.h"

/* Whether the vCPU may be left blocked: nothing is there for it, and its timer will wake it. */
bool wfx_may_wait(struct vm *vm, struct vcpu *vcpu);

void wfx_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr);
