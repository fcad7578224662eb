/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of a bare guest (test/guests/) that wants nothing of its own.
 */
#include "machine.h"

void init(void)
{
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1) {
        machine_start(kernel_pc);
    }
}

void notified(microkit_channel ch)
{
    virq_handle_passthrough(ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
