/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the kernel tells the user; see report.h.
 */
#include "kernel/core/report.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/esr.h"
#include "kernel/core/print.h"

static void print_field(const char *name, uint64_t value)
{
    print_text(name);
    print_hex(value);
}

static bool is_in_guard_page(const struct thread *thread, uint64_t address)
{
    uint64_t bottom = thread->desc->stack_bottom;
    return address < bottom && address >= bottom - 0x1000;
}

static void print_vm_fault(const struct thread *thread)
{
    uint64_t address = thread->message[1];
    bool is_fetch = thread->message[2] != 0;
    uint64_t esr = thread->message[3];

    print_text(is_fetch ? "instruction fetch from" : esr_is_write(esr) ? "write to" : "read from");
    print_field(" address ", address);
    if (is_in_guard_page(thread, address)) {
        print_text(" (stack overflow)");
    } else {
        print_text(esr_is_permission_fault(esr) ? " (not permitted)" : " (not mapped)");
    }
    print_field(" at pc ", thread->message[0]);
    print_field(", esr ", esr);
}

void report_crash(const struct thread *thread)
{
    print_text("\nKERNEL|ERROR: protection domain '");
    print_text(thread->desc->name);
    print_text("' crashed and was stopped: ");
    switch (msginfo_label(thread->tag)) {
    case FAULT_VM:
        print_vm_fault(thread);
        break;
    case FAULT_UNKNOWN_SYSCALL:
        print_field("unknown system call ", thread->message[12]);
        print_field(" at pc ", thread->message[8]);
        break;
    default:
        print_text(esr_cause(thread->message[4]));
        print_field(" at pc ", thread->message[0]);
        print_field(", esr ", thread->message[4]);
        break;
    }
    print_text("\n");
}

void report_stray_interrupt(uint32_t intid)
{
    print_text("\nKERNEL|ERROR: interrupt ");
    print_decimal(intid);
    print_text(" has no owner and was disabled\n");
}

_Noreturn void report_panic(const char *what, uint64_t value)
{
    print_text("\nKERNEL|PANIC: ");
    print_text(what);
    print_field(" ", value);
    print_text("\n");
    for (;;) {
        cpu_wait_for_interrupt();
    }
}
