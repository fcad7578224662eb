/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Injects interrupts, in every way that is an error, too. What happens is
 * written down as a text: a letter and a digit for each event, the interrupts
 * being 40 and above.
 */
#include "items.h"

#define VCPU      0
#define FIRST_IRQ 40

static seL4_Uint8 group;
static unsigned register_count;

static int inject(unsigned irq, unsigned priority, unsigned index)
{
    return seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + VCPU, (seL4_Uint16)irq, (seL4_Uint8)priority, group,
                                   (seL4_Uint8)index);
}

static void note(char what, uint64_t value)
{
    harness_log(what);
    harness_log((char)('0' + value));
}

static void check_errors(void)
{
    const seL4_CPtr vcpu = BASE_VCPU_CAP + VCPU;
    check_equal("interrupt 1024", (uint64_t)inject(1024, 0, 0), seL4_RangeError);
    check_equal("priority 32", (uint64_t)inject(FIRST_IRQ, 32, 0), seL4_RangeError);
    check_equal("group 2", (uint64_t)seL4_ARM_VCPU_InjectIRQ(vcpu, FIRST_IRQ, 0, 2, 0), seL4_RangeError);
    check_equal("no such vCPU", (uint64_t)seL4_ARM_VCPU_InjectIRQ(vcpu + 1, FIRST_IRQ, 0, 0, 0),
                seL4_InvalidCapability);
}

/* All of them get one interrupt each: 40 in the first, of the least priority, and so on. */
static void fill_list_registers(void)
{
    while (register_count < 256 && inject(FIRST_IRQ + register_count, 30 - register_count, register_count) == 0) {
        register_count++;
    }
    check_range("list registers", register_count, 2, 16);
    check_equal("one more than there are", (uint64_t)inject(FIRST_IRQ, 0, register_count), seL4_RangeError);
    check_equal("one that is pending is replaced", (uint64_t)inject(FIRST_IRQ + 9, 29, 1), seL4_NoError);
}

/* Asks in the vCPU's page for all that cannot be had: list registers that are in use, or do not exist. */
static void request_everything(void)
{
    struct vcpu_page *page = sel4_vcpu_page(VCPU);
    for (unsigned i = 0; i < VCPU_PAGE_LR_COUNT; i++) {
        page->lr[i] = (page->lr_empty >> i & 1) != 0 ? ~VCPU_PAGE_LR_VALID : ~0u;
    }
    page->requests = ~0UL;
}

/* Asks there for an interrupt, with all bits that do not belong to it: state, hardware interrupt, reserved ones. */
static void request_with_junk(unsigned irq, unsigned priority, unsigned index)
{
    struct vcpu_page *page = sel4_vcpu_page(VCPU);
    page->lr[index] = ~VCPU_PAGE_LR_FIELDS | irq | priority << VCPU_PAGE_LR_PRIORITY_SHIFT |
                      (unsigned)group << VCPU_PAGE_LR_GROUP_SHIFT;
    page->lr_empty &= ~(1UL << index);
    page->requests = 1UL << index;
}

/* The list register that interrupt FIRST_IRQ + number is in. */
static unsigned index_of(uint64_t number)
{
    return number == 9 ? 1 : number == 7 ? 3 : (unsigned)number;
}

static void on_report(uint64_t item, uint64_t value)
{
    switch (item) {
    case ITEM_READY:
        group = value != 0 ? 1 : 0;
        check_errors();
        fill_list_registers();
        harness_log_clear();
        break;
    case ITEM_TAKEN:
        note('t', value - FIRST_IRQ);
        check_equal("one that is active is in use", (uint64_t)inject(FIRST_IRQ, 0, index_of(value - FIRST_IRQ)),
                    seL4_DeleteFirst);
        request_everything();
        break;
    case ITEM_ENDED:
        check_equal("list registers of this machine", register_count, 4);
        check_log("taken by priority, each ended once with its list register", "t3m3t2m2t9m1t0m0");
        harness_log_clear();
        break;
    case ITEM_MASKED:
        check("a register that was ended is free", (sel4_vcpu_page(VCPU)->lr_empty >> 3 & 1) != 0);
        request_with_junk(FIRST_IRQ + 7, 3, 3);
        check_log("not taken while the guest masks it", "");
        break;
    case ITEM_LOWEST:
        group = (seL4_Uint8)value;
        check("a list register is free", (sel4_vcpu_page(VCPU)->lr_empty & 1) != 0);
        check_equal("interrupt 0 of priority 0", (uint64_t)inject(0, 0, 0), seL4_NoError);
        break;
    case ITEM_GOT:
        check_equal("interrupt 0 of priority 0 is taken", value, 0);
        break;
    default:
        check_log("nothing else was told", "t7m3m0m0m0m0");
        harness_done();
        break;
    }
}

seL4_Bool fault(microkit_child vcpu, microkit_msginfo message, microkit_msginfo *reply)
{
    uint64_t label = microkit_msginfo_get_label(message);

    if (label == seL4_Fault_VGICMaintenance) {
        note('m', microkit_mr_get(seL4_VGICMaintenance_IDX));
        return vm_go_on(reply);
    }
    if (label == seL4_Fault_UnknownSyscall && microkit_mr_get(seL4_UnknownSyscall_X0) == GUEST_REPORT) {
        on_report(microkit_mr_get(seL4_UnknownSyscall_X1), microkit_mr_get(seL4_UnknownSyscall_X2));
        return vm_go_on_behind(vcpu, reply);
    }
    if (microkit_mr_get(seL4_UnknownSyscall_X0) != GUEST_ENDED) {
        vm_complain("fault", vcpu, message);
    }
    return seL4_False;
}

void init(void)
{
    vm_start(VCPU, VM_ENTRY, 0);
}

void notified(microkit_channel ch)
{
    (void)ch;
}
