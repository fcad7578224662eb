/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * VMM of one of two guests on one core. It has FP registers of its own, and
 * counters that are off by different amounts for the two guests. Whenever its
 * guest traps it tells the other VMM; the first of them then does to its own
 * vCPU, whatever that is doing, what must not disturb it.
 */
#include "items.h"

#define VCPU          0
#define CHANNEL_OTHER 0
#define VTIMER        27

static struct vm_results *results;
static uint64_t pattern;
static uint64_t wait_address;
static bool is_waiting;
static bool has_fired;
static bool is_meddling;

static void fp_write(uint64_t value)
{
    __asm__ volatile(".arch_extension fp\n fmov d0, %0\n fmov d31, %0\n .arch_extension nofp" : : "r"(value));
}

static bool fp_holds(uint64_t value)
{
    uint64_t low, high;
    __asm__ volatile(".arch_extension fp\n fmov %0, d0\n fmov %1, d31\n .arch_extension nofp" : "=r"(low), "=r"(high));
    return low == value && high == value;
}

static void on_report(uint64_t item, uint64_t value)
{
    switch (item) {
    case ITEM_ROUND:
    case ITEM_SPUN:
        results->rounds += item == ITEM_ROUND ? 1 : 0;
        results->spins += item == ITEM_SPUN ? 1 : 0;
        if (value != 0) {
            results->damages++;
            results->first_bits = results->damages == 1 ? value : results->first_bits;
        }
        break;
    case ITEM_TIMER_LATE:
        has_fired = false;
        microkit_vcpu_arm_ack_vppi(VCPU, VTIMER);
        results->timer_rounds++;
        results->early += value >> 63;
        results->latest = value > results->latest ? value : results->latest;
        break;
    case ITEM_END:
        results->is_done = 1;
        break;
    default:
        break;
    }
}

static seL4_Bool on_call(microkit_msginfo *reply)
{
    uint64_t item = microkit_mr_get(seL4_UnknownSyscall_X1);
    uint64_t value = microkit_mr_get(seL4_UnknownSyscall_X2);

    if (microkit_mr_get(seL4_UnknownSyscall_X0) == GUEST_NEXT_STEP) {
        wait_address = value;
    } else {
        on_report(item, value);
    }
    return vm_go_on_behind(VCPU, reply);
}

seL4_Bool fault(microkit_child vcpu, microkit_msginfo message, microkit_msginfo *reply)
{
    results->vmm_damages += fp_holds(pattern) ? 0 : 1;
    microkit_notify(CHANNEL_OTHER);
    switch (microkit_msginfo_get_label(message)) {
    case seL4_Fault_UnknownSyscall:
        if (microkit_mr_get(seL4_UnknownSyscall_X0) != GUEST_CRASHED) {
            return on_call(reply);
        }
        break;
    case seL4_Fault_VCPUFault:
        if (has_fired) {
            return vm_go_on_behind(VCPU, reply);
        }
        is_waiting = true;
        return seL4_False;
    case seL4_Fault_VPPIEvent:
        has_fired = true;
        if (is_waiting) {
            is_waiting = false;
            vm_write(VCPU, VM_PC, wait_address + 4);
        }
        return vm_go_on(reply);
    default:
        break;
    }
    vm_complain(microkit_name, vcpu, message);
    return seL4_False;
}

void init(void)
{
    bool is_first = harness_name_is("vmm_a");
    results = &RESULTS[is_first ? 0 : 1];
    is_meddling = is_first;
    pattern = is_first ? 0x1123456789abcdf5 : 0xfedc8a9871644b2b;
    fp_write(pattern);
    microkit_vcpu_arm_write_reg(VCPU, seL4_VCPUReg_CNTVOFF, is_first ? 0x1000 : 0x1234567);
    vm_start(VCPU, VM_ENTRY, pattern);
}

/* The other guest runs: this vCPU's registers are not in the hardware any more. */
void notified(microkit_channel ch)
{
    (void)ch;
    results->vmm_damages += fp_holds(pattern) ? 0 : 1;
    if (is_waiting && is_meddling) {
        microkit_vcpu_arm_ack_vppi(VCPU, VTIMER);
        microkit_vcpu_arm_ack_vppi(VCPU, VTIMER);
        microkit_vcpu_arm_write_reg(VCPU, seL4_VCPUReg_CNTV_CVAL,
                                    microkit_vcpu_arm_read_reg(VCPU, seL4_VCPUReg_CNTV_CVAL));
    }
}
