/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Counts what its guest meets until both of it have come often enough for
 * them to have met in the kernel: faults of stage 2, whose address the kernel
 * finds by the guest's tables, and walks of these that are aborted.
 */
#include "items.h"

#define FAULT_COUNT 20000
#define ABORT_COUNT 50

#define ESR_STATUS(esr)     ((esr)&0x3f)
#define STATUS_WALK_ABORTED 0x14 /* synchronous external abort on a walk; the level in two bits */

static uint64_t branch_again;
static unsigned faults;
static unsigned aborts;
static unsigned others;

static void finish_if_done(void)
{
    static bool is_done;
    if (!is_done && faults >= FAULT_COUNT && aborts >= ABORT_COUNT) {
        is_done = true;
        check_equal("exceptions of another kind", others, 0);
        harness_done();
    }
}

static seL4_Bool on_report(uint64_t item, uint64_t value, microkit_msginfo *reply)
{
    if (item == ITEM_READY) {
        branch_again = value;
        vm_start(VCPU_TOGGLES, VM_ENTRY, VCPU_TOGGLES);
    } else if ((ESR_STATUS(value) & ~3UL) == STATUS_WALK_ABORTED) {
        aborts++;
    } else {
        others++;
        check_equal("exception that the guest took", value, STATUS_WALK_ABORTED);
    }
    finish_if_done();
    vm_write(VCPU_BRANCHES, VM_PC, branch_again);
    return vm_go_on(reply);
}

seL4_Bool fault(microkit_child vcpu, microkit_msginfo message, microkit_msginfo *reply)
{
    uint64_t label = microkit_msginfo_get_label(message);

    if (label == seL4_Fault_UnknownSyscall && microkit_mr_get(seL4_UnknownSyscall_X0) == GUEST_REPORT) {
        return on_report(microkit_mr_get(seL4_UnknownSyscall_X1), microkit_mr_get(seL4_UnknownSyscall_X2), reply);
    }
    if (label == seL4_Fault_VMFault && vcpu == VCPU_BRANCHES &&
        ESR_CLASS(microkit_mr_get(seL4_VMFault_FSR)) == ESR_FETCH_ABORT) {
        faults++;
        finish_if_done();
        vm_write(vcpu, VM_PC, branch_again);
        return vm_go_on(reply);
    }
    vm_complain("fault", vcpu, message);
    return seL4_False;
}

void init(void)
{
    vm_start(VCPU_BRANCHES, VM_ENTRY, VCPU_BRANCHES);
}

void notified(microkit_channel ch)
{
    (void)ch;
}
