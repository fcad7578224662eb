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

/* Lets a guest go on that guest_pause has stopped. Answers how many vCPUs run now; 1 for one that is yet to begin. */
size_t guest_go_on(struct vm *vm);

/*
 * Stops the guest and runs it from its beginning, with the images loaded anew. False, with a log line that begins with
 * `function`, when that is impossible; it is stopped then.
 */
bool guest_reboot(struct vm *vm, const char *function);

/* Stops the guest for good. */
void guest_halt(struct vm *vm);

/* Stops the guest, asks the VMM's power handler, and does what it says. */
void guest_power(struct vm *vm, size_t vcpu_id, enum guest_power_event event);
