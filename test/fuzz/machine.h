/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A whole VM over the fake Microkit, for targets that let a guest do what it likes: interrupt controller, a device of
 * the VMM's, RAM, timers, SiP calls, and a VMM that injects, stops and restarts meanwhile.
 *
 * machine_fault() plays the kernel: it blocks the vCPU, hands the message to fault_handle and takes the reply. After
 * every step machine_check() holds the VM against what must always be true; a violation aborts, and is a finding.
 */
#pragma once

#include "fake_microkit.h"
#include "input.h"

#include <libvmm/util/util.h>

#include "vm/vm.h"

#define MACHINE_RAM_BASE     UINT64_C(0x40000000)
#define MACHINE_RAM_BYTES    0x4000u
#define MACHINE_DEVICE_BASE  UINT64_C(0x0a000000)
#define MACHINE_DEVICE_BYTES 0x1000u
#define MACHINE_DIST_BASE    UINT64_C(0x08000000)
#define MACHINE_REDIST_BASE  UINT64_C(0x080a0000)

/* Aborts, with the place and the reason, when something that must be true is not. */
#define MACHINE_REQUIRE(condition) ((condition) ? (void)0 : machine_violated(#condition, __FILE__, __LINE__))
_Noreturn void machine_violated(const char *condition, const char *file, int line);

/* A fresh VM, whose shape the first bytes of the input choose, with its first vCPU running. */
void machine_start(struct input *input);

/*
 * The vCPU that the input names, or the next one that runs. False when none does the guest's work: then none runs, or
 * one was being reset before a new life of the guest, and has done a step of that.
 */
bool machine_pick_running(struct input *input, size_t *vcpu_id);

/* Lets all vCPUs that are being reset finish. */
void machine_finish_reset(void);

/* A vCPU's fault and the VMM's answer to it. The vCPU must be running; `message` has just been made. */
void machine_fault(size_t vcpu_id, microkit_msginfo message);

/* As machine_fault, for a trapped instruction at `pc`: checks in addition where the vCPU goes on. */
void machine_trap(size_t vcpu_id, uint64_t pc, uint32_t instruction_bytes, microkit_msginfo message);

/* What the VMM does of its own accord: the input chooses. */
void machine_vmm_step(struct input *input);

/* What a guest does without an exit: PSTATE, EL1 registers, its timer. */
void machine_guest_step(struct input *input, size_t vcpu_id);

/* What every guest does first: turns the interrupt controller on, and the interrupts that the VMM has registered. */
void machine_guest_boot(struct input *input, size_t vcpu_id);

/* An event of the virtual timer, which the kernel sends only while it is not masked; or of a timer that is none. */
void machine_timer(struct input *input, size_t vcpu_id);

/* The guest ends an interrupt of one of its list registers, or the kernel says something odd about them. */
void machine_end_interrupt(struct input *input, size_t vcpu_id);

/* A firmware call with the function in x0 and what the input says in x1 to x3, by SMC or HVC. */
void machine_call(struct input *input, size_t vcpu_id, uint64_t function, bool by_hvc);

/* Everything that must be true between two faults. */
void machine_check(void);
