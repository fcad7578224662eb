/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The page that a vCPU's VMM shares with the kernel, at IMAGE_PD_VCPU_FRAMES in the VMM's address space: the vCPU's
 * general registers, and requests that the VMM leaves there instead of making a system call. The kernel carries them
 * out before the vCPU runs again.
 *
 * The kernel trusts nothing that it reads here: of a program status it checks the mode, of a request it takes only the
 * fields named below, and a list register it fills only where it knows by itself that it is empty.
 *
 * Invariant: lr_empty is 0 where the vCPU runs on another core than its VMM, which then makes system calls.
 */
#ifndef KERNEL_ABI_VCPU_PAGE_H
#define KERNEL_ABI_VCPU_PAGE_H

#include <stdint.h>

#define VCPU_PAGE_FRAME_WORDS 36
#define VCPU_PAGE_LR_COUNT    16

/* Requests: bit n fills list register n, and this one acknowledges the virtual timer. */
#define VCPU_PAGE_ACK_VTIMER (1ULL << 63)
#define VCPU_PAGE_LRS        ((1ULL << VCPU_PAGE_LR_COUNT) - 1)

/*
 * What a list register is to be filled with: number, priority (five bits), group; the places are a GICv2's. Number 0 of
 * priority 0 in group 0 is an interrupt like any other: VALID tells a request from none.
 */
#define VCPU_PAGE_LR_PRIORITY_SHIFT 23
#define VCPU_PAGE_LR_GROUP_SHIFT    30
#define VCPU_PAGE_LR_VALID          (1u << 31)
#define VCPU_PAGE_LR_FIELDS         (1u << VCPU_PAGE_LR_GROUP_SHIFT | 0x1fu << VCPU_PAGE_LR_PRIORITY_SHIFT | 0x3ffu)

struct vcpu_page {
    uint64_t frame[VCPU_PAGE_FRAME_WORDS];
    uint64_t requests;
    uint64_t lr_empty; /* list registers that may be filled: bits set by the kernel, cleared by the VMM */
    uint32_t lr[VCPU_PAGE_LR_COUNT];
};

_Static_assert(sizeof(struct vcpu_page) == 288 + 16 + 64, "kernel and VMM have the same layout");

#endif
