/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * On core 0, with its vCPU on core 1: stops it while it spins, reads and
 * writes its registers, injects interrupts. At the end of an interrupt the
 * guest traps at once, and the VMM leaves it blocked, having asked for a
 * register or not; it must be told of the end all the same.
 */
#include "items.h"

#define VCPU          0
#define CHANNEL_IDLER 0
#define VMM_GUEST_RAM 0x30000000
#define CONTEXT_X9    17 /* number of x9 in seL4_UserContext */

/* As in the test of PDs on two cores. */
#define PATIENCE_US 5000000
#define PHASE_US    1000000

static struct guest_shared *const shared = (struct guest_shared *)(VMM_GUEST_RAM + GUEST_SHARED_OFFSET);
static seL4_Uint8 group;

static bool wait_for_change(const volatile uint64_t *word, uint64_t from)
{
    seL4_Word begin = harness_now();
    while (*word == from) {
        if (harness_now() - begin > harness_ticks(PATIENCE_US)) {
            return false;
        }
        harness_yield();
    }
    return true;
}

static void wait_us(seL4_Word us)
{
    seL4_Word begin = harness_now();
    while (harness_now() - begin < harness_ticks(us)) {
        harness_yield();
    }
}

static void check_stops(void)
{
    seL4_Word begin = harness_now();
    seL4_Word stopped = 0;
    seL4_Word resumed = 0;
    seL4_Word right = 0;
    seL4_Word i;
    for (i = 0; i < STOP_COUNT && harness_now() - begin < harness_ticks(PHASE_US); i++) {
        microkit_vcpu_stop(VCPU);
        uint64_t count = shared->count;
        wait_us(i % 32);
        stopped += shared->count == count ? 1 : 0;
        right += vm_read(VCPU, CONTEXT_X9) == PATTERN ? 1 : 0;
        right += microkit_vcpu_arm_read_reg(VCPU, seL4_VCPUReg_TPIDR_EL1) == PATTERN ? 1 : 0;
        microkit_vcpu_restart(VCPU, vm_read(VCPU, VM_PC));
        resumed += wait_for_change(&shared->count, count) ? 1 : 0;
    }
    check_equal("vCPU on the other core stops at once", stopped, i);
    check_equal("its registers are right", right, 2 * i);
    check_equal("and it goes on when restarted", resumed, i);
}

static void check_running(void)
{
    seL4_Word begin = harness_now();
    seL4_Word right = 0;
    seL4_Word i;
    for (i = 0; i < STOP_COUNT && harness_now() - begin < harness_ticks(PHASE_US); i++) {
        right += vm_read(VCPU, CONTEXT_X9) == PATTERN ? 1 : 0;
        right += microkit_vcpu_arm_read_reg(VCPU, seL4_VCPUReg_TPIDR_EL1) == PATTERN ? 1 : 0;
    }
    check_equal("registers of a vCPU that runs", right, 2 * i);
    check("it runs on", wait_for_change(&shared->count, shared->count));
    check_equal("and has never started anew", shared->starts, 1);
    microkit_vcpu_arm_write_reg(VCPU, seL4_VCPUReg_TPIDR_EL1, SIGNAL);
    vm_write(VCPU, CONTEXT_X9, SIGNAL);
}

static struct {
    seL4_Word begin;
    seL4_Word rounds;
    seL4_Word trap_first;
    seL4_Word wrong_index;
    bool has_trapped;
    bool has_been_told;
} end;

static void next_round(microkit_child vcpu)
{
    end.has_trapped = false;
    end.has_been_told = false;
    microkit_vcpu_arm_inject_irq(vcpu, IRQ, 1, group, (seL4_Uint8)(end.rounds % 4));
}

/* Both the trap and the maintenance message have come, or only one of them. */
static seL4_Bool on_end(microkit_child vcpu, microkit_msginfo *reply)
{
    if (!end.has_trapped) {
        return vm_go_on(reply);
    }
    if (!end.has_been_told) {
        end.trap_first++;
        if (end.rounds % 2 == 0) {
            (void)microkit_vcpu_arm_read_reg(vcpu, seL4_VCPUReg_CNTV_CTL);
        }
        return seL4_False;
    }
    end.rounds++;
    if (end.rounds == END_COUNT || harness_now() - end.begin > harness_ticks(PHASE_US)) {
        check_equal("ends of interrupts told with the right list register", end.wrong_index, 0);
        check_range("rounds", end.rounds, 1, END_COUNT);
        check_range("of them, the guest's trap came first in", end.trap_first, 0, END_COUNT);
        harness_done();
        return seL4_False;
    }
    next_round(vcpu);
    microkit_vcpu_restart(vcpu, vm_read(vcpu, VM_PC) + 4);
    return vm_go_on(reply);
}

static void on_report(uint64_t item, uint64_t value)
{
    switch (item) {
    case ITEM_READY:
        group = value != 0 ? 1 : 0;
        microkit_notify(CHANNEL_IDLER);
        break;
    case ITEM_SIGNAL:
        check_equal("the guest finds a register that its VMM wrote", value, SIGNAL);
        break;
    default:
        check_equal("and one of EL1", value, SIGNAL);
        end.begin = harness_now();
        next_round(VCPU);
        break;
    }
}

seL4_Bool fault(microkit_child vcpu, microkit_msginfo message, microkit_msginfo *reply)
{
    switch (microkit_msginfo_get_label(message)) {
    case seL4_Fault_VCPUFault:
        end.has_trapped = true;
        return on_end(vcpu, reply);
    case seL4_Fault_VGICMaintenance:
        end.has_been_told = true;
        end.wrong_index += microkit_mr_get(seL4_VGICMaintenance_IDX) == end.rounds % 4 ? 0 : 1;
        return on_end(vcpu, reply);
    case seL4_Fault_UnknownSyscall:
        if (microkit_mr_get(seL4_UnknownSyscall_X0) == GUEST_REPORT) {
            on_report(microkit_mr_get(seL4_UnknownSyscall_X1), microkit_mr_get(seL4_UnknownSyscall_X2));
            return vm_go_on_behind(vcpu, reply);
        }
        break;
    default:
        break;
    }
    vm_complain("fault", vcpu, message);
    return seL4_False;
}

void init(void)
{
    vm_start(VCPU, VM_ENTRY, 0);
}

/* The idler: the guest spins. */
void notified(microkit_channel ch)
{
    (void)ch;
    check("vCPU on the other core runs", wait_for_change(&shared->count, 0));
    check_stops();
    check_running();
}
