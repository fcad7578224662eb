/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * VMM of either guest. Both take turns: a guest is left blocked when it has
 * done its part, and goes on when the other one has. What traps is refused.
 */
#include "items.h"

#define VCPU          0
#define CHANNEL_OTHER 0

static bool is_reader;
static bool is_blocked;
static bool has_started;
static uint64_t changed;

static void print_part(const char *name, uint64_t value)
{
    microkit_dbg_puts(name);
    microkit_dbg_put32((seL4_Uint32)value);
}

static void complain_of_change(uint64_t number, uint64_t value)
{
    print_part("BAD register S", 2 | (number >> 14 & 1));
    print_part("_", number >> 11 & 7);
    print_part("_C", number >> 7 & 15);
    print_part("_C", number >> 3 & 15);
    print_part("_", number & 7);
    microkit_dbg_puts(" of another VM: now ");
    harness_hex(value);
    microkit_dbg_puts("\n");
}

static seL4_Bool on_report(uint64_t item, uint64_t value, microkit_msginfo *reply)
{
    switch (item) {
    case ITEM_COUNT:
        check_range(is_reader ? "registers to read" : "registers to write", value, is_reader ? 60 : 30, 1000);
        break;
    case ITEM_TURN:
        is_blocked = true;
        microkit_notify(CHANNEL_OTHER);
        return seL4_False;
    case ITEM_CHANGED:
        changed = value;
        break;
    case ITEM_TO:
        complain_of_change(changed, value);
        break;
    default:
        harness_done();
        return seL4_False;
    }
    return vm_go_on_behind(VCPU, reply);
}

seL4_Bool fault(microkit_child vcpu, microkit_msginfo message, microkit_msginfo *reply)
{
    switch (microkit_msginfo_get_label(message)) {
    case seL4_Fault_UnknownSyscall:
        if (microkit_mr_get(seL4_UnknownSyscall_X0) == GUEST_REPORT) {
            return on_report(microkit_mr_get(seL4_UnknownSyscall_X1), microkit_mr_get(seL4_UnknownSyscall_X2), reply);
        }
        break;
    case seL4_Fault_VCPUFault:
        vm_write(vcpu, VM_X_REFUSED, 1);
        return vm_go_on_behind(vcpu, reply);
    case seL4_Fault_VPPIEvent:
        *reply = microkit_msginfo_new(0, 0);
        return is_blocked ? seL4_False : seL4_True;
    default:
        break;
    }
    vm_complain("fault", vcpu, message);
    return seL4_False;
}

void init(void)
{
    is_reader = harness_name_is("reader");
    if (is_reader) {
        vm_start(VCPU, VM_ENTRY, ROLE_READER);
    }
}

/* The other guest has done its part. */
void notified(microkit_channel ch)
{
    (void)ch;
    if (is_blocked) {
        is_blocked = false;
        microkit_vcpu_restart(VCPU, vm_read(VCPU, VM_PC) + 4);
    } else if (!is_reader && !has_started) {
        has_started = true;
        vm_start(VCPU, VM_ENTRY, ROLE_WRITER);
    }
}
