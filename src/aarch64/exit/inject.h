/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Synchronous exceptions that the VMM injects into a guest: what the hardware does when one is taken to EL1
 * [Arm ARM AArch64.TakeException].
 *
 * A message tells the address that faulted only as a guest-physical one. Where the virtual one is not known otherwise,
 * the injected abort says that FAR_EL1 is not valid (ISS.FnV), as a core may for a synchronous external abort.
 *
 * Left out: PSTATE bits of optional features whose EL1 controls a vCPU's registers do not show.
 */
#pragma once

#include <stdint.h>

#include "vm/gpa.h"
#include "vm/vcpu.h"

/* Neither does anything to a vCPU that has been restarted or stopped during this exit. */

/*
 * A data or instruction abort with a status of its own, for the access at a virtual address that `esr` describes as EL2
 * has seen it.
 */
void inject_abort(struct vcpu *vcpu, uint64_t esr, uint64_t fsc, uint64_t va);

/*
 * A synchronous external abort for the access that `esr` (a data or instruction abort) describes. Its virtual address
 * is found by decoding the instruction; where that fails, the guest is told that FAR_EL1 is not valid.
 */
void inject_external_abort(struct vm *vm, struct vcpu *vcpu, uint64_t esr, gpa_t at);

/* An undefined instruction, at the current PC. */
void inject_undefined(struct vcpu *vcpu);
