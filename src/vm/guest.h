/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest as a whole, inside: stop, restart, and what follows from its own power requests.
 */
#pragma once

#include <stddef.h>

#include <libvmm/guest.h>

struct vm;

/* Stops the guest until guest_resume. */
void guest_pause(struct vm *vm);

/* Stops the guest, asks the VMM's power handler, and does what it says. */
void guest_power(struct vm *vm, size_t vcpu_id, enum guest_power_event event);
