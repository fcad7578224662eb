/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Stops, resumes and restarts one child, and handles the faults of another.
 * It has half of the core's time, so that children of lower priority run while
 * it waits in a loop.
 */
#include "children.h"

#define ENTRY           0x200000 /* of every PD: microkit.ld */
#define SPSR_EL1H       0x3c5
#define EXCEPTION_CLASS 26

static void wait_us(seL4_Word us)
{
    seL4_Word begin = harness_now();
    while (harness_now() - begin < harness_ticks(us)) {
    }
}

static bool is_counting(void)
{
    seL4_Word before = CHILDREN->count;
    wait_us(10000);
    return CHILDREN->count != before;
}

void init(void)
{
    check("child runs", is_counting());
    microkit_pd_stop(CHILD_COUNTER);
    check("a stopped child does not run", !is_counting());
    microkit_pd_stop(CHILD_COUNTER);
    check("stopping it twice is one stop", !is_counting());
    microkit_pd_resume(CHILD_COUNTER);
    check("a resumed child runs", is_counting());
    check_equal("from where it was", CHILDREN->starts, 1);
    microkit_pd_restart(CHILD_COUNTER, ENTRY);
    check("a restarted child runs", is_counting());
    check_equal("from its entry", CHILDREN->starts, 2);
    microkit_pd_stop(CHILD_COUNTER);
    microkit_pd_restart(CHILD_COUNTER, ENTRY);
    check("a stopped child can be restarted", is_counting());
    check_equal("from its entry, too", CHILDREN->starts, 3);

    seL4_UserContext regs;
    check_equal("no child: no stop", (seL4_Word)seL4_TCB_Suspend(BASE_TCB_CAP + 1), seL4_InvalidCapability);
    check_equal("no child: no registers", (seL4_Word)seL4_TCB_ReadRegisters(BASE_TCB_CAP + 1, 0, 0, 1, &regs),
                seL4_InvalidCapability);
    check_equal("a child is not a vCPU", (seL4_Word)seL4_TCB_Suspend(BASE_VM_TCB_CAP + CHILD_COUNTER),
                seL4_InvalidCapability);
    check_equal("more registers than there are",
                (seL4_Word)seL4_TCB_ReadRegisters(BASE_TCB_CAP + CHILD_COUNTER, 1, 0, 37, &regs), seL4_RangeError);
    check_equal("registers can be read",
                (seL4_Word)seL4_TCB_ReadRegisters(BASE_TCB_CAP + CHILD_COUNTER, 1, 0, 36, &regs), seL4_NoError);
    check("PC in its program", regs.pc >= ENTRY && regs.pc < ENTRY + 0x1000);
    check("and it is stopped by that", !is_counting());
    regs.pc = ENTRY;
    regs.spsr = SPSR_EL1H;
    check_equal("registers can be written",
                (seL4_Word)seL4_TCB_WriteRegisters(BASE_TCB_CAP + CHILD_COUNTER, 1, 0, 36, &regs), seL4_NoError);
    check("and it runs by that", is_counting());
    check_equal("where they say", CHILDREN->starts, 4);
    (void)seL4_TCB_ReadRegisters(BASE_TCB_CAP + CHILD_COUNTER, 0, 0, 3, &regs);
    check_equal("at EL0, whatever they say", regs.spsr & 0xfffffff, 0);
    microkit_pd_stop(CHILD_COUNTER);
    microkit_notify(0);
}

/* The tester runs when everybody else has come to rest, or while the parent waits for its next period. */
void notified(microkit_channel ch)
{
    static unsigned rounds_at_rest;

    rounds_at_rest += CHILDREN->step == STEP_STAY ? 1 : 0;
    if (rounds_at_rest < 10) {
        microkit_notify(ch);
        return;
    }
    check_equal("the child was restarted once", CHILDREN->faulter_starts, 2);
    harness_done();
}

static seL4_Bool on_read(seL4_Word label, microkit_msginfo *reply)
{
    check_equal("reading unmapped memory: VM fault", label, seL4_Fault_VMFault);
    check_equal("IP", microkit_mr_get(seL4_VMFault_IP), CHILDREN->address);
    check_equal("address", microkit_mr_get(seL4_VMFault_Addr), UNMAPPED + 8);
    check_equal("no prefetch", microkit_mr_get(seL4_VMFault_PrefetchFault), 0);
    check_equal("FSR: data abort", microkit_mr_get(seL4_VMFault_FSR) >> EXCEPTION_CLASS, 0x24);
    seL4_Word pc = CHILDREN->address + 4;
    (void)seL4_TCB_WriteRegisters(BASE_TCB_CAP + CHILD_FAULTER, 0, 0, 1, (seL4_UserContext *)&pc);
    *reply = microkit_msginfo_new(0, 0);
    return seL4_True;
}

static seL4_Bool on_svc(seL4_Word label, microkit_msginfo *reply)
{
    check_equal("unknown system call", label, seL4_Fault_UnknownSyscall);
    check_equal("FaultIP is the call", microkit_mr_get(seL4_UnknownSyscall_FaultIP), CHILDREN->address);
    check_equal("X0", microkit_mr_get(seL4_UnknownSyscall_X0), 0x1234);
    microkit_mr_set(seL4_UnknownSyscall_X0, 0x4321);
    microkit_mr_set(seL4_UnknownSyscall_FaultIP, CHILDREN->address + 4);
    *reply = microkit_msginfo_new(0, seL4_UnknownSyscall_FaultIP + 1);
    return seL4_True;
}

static seL4_Bool on_undefined(seL4_Word label, microkit_msginfo *reply)
{
    check_equal("X0 came from the reply", CHILDREN->answer, 0x4321);
    check_equal("undefined instruction: user exception", label, seL4_Fault_UserException);
    check_equal("its IP", microkit_mr_get(seL4_UserException_FaultIP), CHILDREN->address);
    microkit_mr_set(seL4_UserException_FaultIP, CHILDREN->address + 4);
    *reply = microkit_msginfo_new(0, 1);
    return seL4_True;
}

static seL4_Bool on_privilege(seL4_Word label, microkit_msginfo *reply)
{
    check_equal("another undefined instruction", label, seL4_Fault_UserException);
    microkit_mr_set(seL4_UserException_FaultIP, CHILDREN->address + 4);
    microkit_mr_set(seL4_UserException_SPSR, SPSR_EL1H);
    *reply = microkit_msginfo_new(0, 3);
    return seL4_True;
}

static seL4_Bool on_still_el0(seL4_Word label, microkit_msginfo *reply)
{
    check_equal("a parent cannot raise its child above EL0", label, seL4_Fault_UserException);
    check_equal("program status is EL0's", microkit_mr_get(seL4_UserException_SPSR) & 0xfffffff, 0);
    microkit_mr_set(seL4_UserException_FaultIP, CHILDREN->address + 4);
    *reply = microkit_msginfo_new(0, 1);
    return seL4_True;
}

static seL4_Bool on_restart(seL4_Word label, microkit_msginfo *reply)
{
    check_equal("writing unmapped memory: VM fault", label, seL4_Fault_VMFault);
    check("FSR: a write", (microkit_mr_get(seL4_VMFault_FSR) & 0x40) != 0);
    microkit_pd_restart(CHILD_FAULTER, ENTRY);
    *reply = microkit_msginfo_new(0, 0);
    return seL4_False;
}

static seL4_Bool on_stay(seL4_Word label, microkit_msginfo *reply)
{
    (void)reply;
    check_equal("running unmapped memory: VM fault", label, seL4_Fault_VMFault);
    check_equal("prefetch", microkit_mr_get(seL4_VMFault_PrefetchFault), 1);
    check_equal("at the target's address", microkit_mr_get(seL4_VMFault_IP), UNMAPPED);
    return seL4_False;
}

static seL4_Bool (*const on_fault[])(seL4_Word label, microkit_msginfo *reply) = {
    [STEP_READ] = on_read,           [STEP_SVC] = on_svc,
    [STEP_UNDEFINED] = on_undefined, [STEP_PRIVILEGE] = on_privilege,
    [STEP_STILL_EL0] = on_still_el0, [STEP_RESTART] = on_restart,
    [STEP_STAY] = on_stay,
};

seL4_Bool fault(microkit_child child, microkit_msginfo message, microkit_msginfo *reply)
{
    check_equal("fault of the right child", child, CHILD_FAULTER);
    return on_fault[CHILDREN->step](microkit_msginfo_get_label(message), reply);
}
