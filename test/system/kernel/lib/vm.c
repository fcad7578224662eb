/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the test VMMs share; see vm.h.
 */
#include "vm.h"

#define WORDS SEL4_USER_CONTEXT_WORDS

void vm_start(microkit_child vcpu, uint64_t pc, uint64_t argument)
{
    seL4_UserContext regs = {.pc = pc, .spsr = SPSR_EL1H_MASKED, .x0 = argument, .x1 = vcpu};
    microkit_check("vm_start", seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu, seL4_False, 0, WORDS, &regs));
    microkit_vcpu_restart(vcpu, pc);
}

uint64_t vm_read(microkit_child vcpu, unsigned index)
{
    seL4_UserContext regs;
    microkit_check("vm_read", seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu, seL4_False, 0, index + 1, &regs));
    return ((const seL4_Word *)&regs)[index];
}

void vm_write(microkit_child vcpu, unsigned index, uint64_t value)
{
    seL4_UserContext regs;
    microkit_check("vm_write", seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu, seL4_False, 0, WORDS, &regs));
    ((seL4_Word *)&regs)[index] = value;
    microkit_check("vm_write", seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu, seL4_False, 0, WORDS, &regs));
}

void vm_skip(microkit_child vcpu)
{
    vm_write(vcpu, VM_PC, vm_read(vcpu, VM_PC) + 4);
}

seL4_Bool vm_go_on(microkit_msginfo *reply)
{
    *reply = microkit_msginfo_new(0, 0);
    return seL4_True;
}

seL4_Bool vm_go_on_behind(microkit_child vcpu, microkit_msginfo *reply)
{
    vm_skip(vcpu);
    return vm_go_on(reply);
}

seL4_Bool vm_return(microkit_child vcpu, uint64_t value, microkit_msginfo *reply)
{
    vm_write(vcpu, VM_X(0), value);
    return vm_go_on_behind(vcpu, reply);
}

void vm_complain(const char *what, microkit_child vcpu, microkit_msginfo message)
{
    microkit_dbg_puts("BAD ");
    microkit_dbg_puts(what);
    microkit_dbg_puts(": vcpu ");
    microkit_dbg_put32(vcpu);
    microkit_dbg_puts(" label ");
    microkit_dbg_put32((seL4_Uint32)microkit_msginfo_get_label(message));
    for (seL4_Uint8 i = 0; i < microkit_msginfo_get_count(message); i++) {
        microkit_dbg_puts(" ");
        harness_hex(microkit_mr_get(i));
    }
    microkit_dbg_puts("\n");
}
