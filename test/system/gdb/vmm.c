/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of target.c, which waits for its debugger.
 */
#include "machine/machine.h"

#include <libvmm/gdb.h>

__attribute__((__section__(GDB_CLIENT_CONFIG), __used__)) struct sddf_serial_client_config gdb_config;

static struct gdb gdb;

void init(void)
{
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1 && gdb_init_serial(&gdb, &gdb_config, true)) {
        machine_start(kernel_pc);
    }
}

void notified(microkit_channel ch)
{
    if (!gdb_notified(&gdb, ch)) {
        virq_handle_passthrough(ch);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
