/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What goes on in the guest's machine, for a person: commands as text, and answers as text. A VMM can offer it on a
 * line of its own, to another PD, or wherever it likes; GDB's `monitor` has the same commands.
 */
#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Takes a line of an answer.
 *
 * @param cookie  as given to monitor_command.
 * @param line    up to 127 characters, without a line feed; valid during the call only.
 */
typedef void (*monitor_put_t)(void *cookie, const char *line);

/**
 * Carries out a command. Nothing of the guest changes, except by those that say so:
 *
 *     help           the commands
 *     vcpus          state and PC of each vCPU
 *     irq N [VCPU]   the state of an interrupt (for a private one, of that vCPU; default: 0), and why it does not come
 *     irqs           every interrupt that is pending, active or in a list register
 *     devices        virtio devices and their queues, and what stands in their way
 *     errors         what the guest has done wrong: how often, and where
 *     memory         guest RAM and emulated devices, by guest-physical address
 *     stop, resume   as guest_stop and guest_resume
 *     restart        as a reset by the guest
 *     off            stops it for good
 *
 * @param command  a command, without a line feed.
 * @param put      called for each line of the answer, in order; must not call the library.
 * @param cookie   passed to it.
 * @return whether there is such a command; if not, one line says so.
 */
bool monitor_command(const char *command, monitor_put_t put, void *cookie);

#ifdef __cplusplus
}
#endif
