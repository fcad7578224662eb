/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Everything a guest's exits can bring to fault_handle, in any order: accesses to the interrupt controller, to a
 * device of the VMM's, to RAM and to nothing, with any syndrome; traps with any syndrome; ends of interrupts; timer
 * events; firmware calls; labels that no vCPU causes. The VMM injects, stops and restarts in between.
 *
 * An input is the shape of the machine, then steps: a byte that says what, one that says which vCPU, and its details.
 */
#include "machine.h"

#include "aarch64/exit/syndrome.h"
#include "aarch64/vgic/vgic_regs.h"

#define STEP_COUNT_MAX 400

/* Where an access goes. */
static gpa_t any_place(struct input *input)
{
    static const uint64_t bases[] = {
        MACHINE_DIST_BASE,   MACHINE_REDIST_BASE, MACHINE_DIST_BASE,          MACHINE_REDIST_BASE + 0x10000,
        MACHINE_DEVICE_BASE, MACHINE_RAM_BASE,    MACHINE_DIST_BASE + 0x6000, MACHINE_REDIST_BASE + 0x80000,
    };
    const uint8_t zone = input_u8(input);
    if (zone >= 0xf0) {
        return gpa(input_u64(input));
    }
    return gpa(bases[zone % ARRAY_SIZE(bases)] + ((uint64_t)(zone >> 6) << 17) + input_u16(input));
}

/* An access as a load or store instruction makes it. The byte: log2 of the width, write, sign, 64-bit destination. */
static void step_access(struct input *input, size_t vcpu_id)
{
    const gpa_t at = any_place(input);
    const uint8_t form = input_u8(input);
    const uint32_t reg = input_u8(input) & 31;
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    uint64_t esr = field_make(ESR_EC, ESR_EC_DATA_LOWER) | ESR_IL | DABT_ISV | field_make(DABT_SAS, form & 3) |
                   field_make(DABT_SRT, reg) | 7;
    esr |= (form & 4) != 0 ? DABT_WNR : 0;
    esr |= (form & 8) != 0 ? DABT_SSE : 0;
    esr |= (form & 16) != 0 ? DABT_SF : 0;
    if ((form & 4) != 0 && reg != 31) {
        *fake_x(vcpu_id, reg) = input_value(input);
    }
    machine_trap(vcpu_id, pc, 4, fake_vm_fault(vcpu_id, pc, at.value, esr));
}

static uint64_t frame_of(uint32_t bank, uint32_t word, size_t vcpu_id)
{
    const bool is_v3 = vm_instance()->vgic.config.version == VGIC_V3;
    const bool is_banked = word == 0 && bank >= GICD_IGROUPR && bank < GICD_NSACR && bank != GICD_ITARGETSR;
    return is_v3 && is_banked ? MACHINE_REDIST_BASE + vcpu_id * 0x20000 + 0x10000 : MACHINE_DIST_BASE;
}

/* A store to a register of the interrupt controller that exists: of a word of interrupts, in each bank alike. */
static void step_register(struct input *input, size_t vcpu_id)
{
    static const uint16_t banks[] = {GICD_IGROUPR,   GICD_ISENABLER, GICD_ICENABLER,  GICD_ISPENDR,
                                     GICD_ICPENDR,   GICD_ISACTIVER, GICD_ICACTIVER,  GICD_IPRIORITYR,
                                     GICD_ITARGETSR, GICD_ICFGR,     GICD_SGIR,       GICD_CPENDSGIR,
                                     GICD_SPENDSGIR, GICD_CTLR,      GICD_IPRIORITYR, GICD_ISPENDR};
    static const uint8_t words[] = {0, 1, 1, 31};
    const uint8_t choice = input_u8(input);
    const uint32_t bank = banks[choice % ARRAY_SIZE(banks)];
    const uint32_t word = words[choice >> 4 & 3];
    const uint32_t bits = bank == GICD_ICFGR ? 2 : bank == GICD_IPRIORITYR || bank == GICD_ITARGETSR ? 8 : 1;
    const uint32_t in_word = bits == 8 ? input_u8(input) & 0x1cu : 0;
    const uint64_t esr = field_make(ESR_EC, ESR_EC_DATA_LOWER) | ESR_IL | DABT_ISV | DABT_WNR |
                         field_make(DABT_SAS, 2) | field_make(DABT_SRT, 3) | 7;
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    const uint64_t at = frame_of(bank, word, vcpu_id) + bank + (bank >= GICD_SGIR ? 0 : word * 4 * bits) + in_word;
    fake.vcpus[vcpu_id].context.x3 = input_value(input);
    machine_trap(vcpu_id, pc, 4, fake_vm_fault(vcpu_id, pc, at, esr));
}

/* Any syndrome. */
static void step_vm_fault(struct input *input, size_t vcpu_id)
{
    const gpa_t at = any_place(input);
    const uint64_t esr = input_u64(input);
    const uint64_t pc = input_value(input);
    machine_trap(vcpu_id, pc, (esr & ESR_IL) != 0 ? 4 : 2, fake_vm_fault(vcpu_id, pc, at.value, esr));
}

static void step_vcpu_fault(struct input *input, size_t vcpu_id)
{
    const uint64_t hsr = input_u64(input);
    const uint64_t pc = input_value(input);
    const uint32_t bytes = esr_ec(hsr) == ESR_EC_SMC64 || (hsr & ESR_IL) != 0 ? 4 : 2;
    const microkit_msginfo message = fake_vcpu_fault(vcpu_id, pc, hsr);
    if (esr_ec(hsr) == ESR_EC_SERROR) { /* an event: the vCPU stays where it is */
        machine_fault(vcpu_id, message);
    } else {
        machine_trap(vcpu_id, pc, bytes, message);
    }
}

/* MSR and MRS of what traps, in the order of the syndrome: op0, op2, op1, CRn, CRm. */
static void step_sysreg(struct input *input, size_t vcpu_id)
{
    static const uint32_t encodings[] = {
        3u << 20 | 5u << 17 | 12u << 10 | 11u << 1,           /* ICC_SGI1R_EL1 */
        3u << 20 | 6u << 17 | 12u << 10 | 11u << 1,           /* ICC_ASGI1R_EL1 */
        3u << 20 | 7u << 17 | 12u << 10 | 11u << 1,           /* ICC_SGI0R_EL1 */
        3u << 20 | 5u << 17 | 12u << 10 | 12u << 1,           /* ICC_SRE_EL1 */
        3u << 20 | 0u << 17 | 3u << 14 | 14u << 10 | 2u << 1, /* CNTP_TVAL_EL0 */
        3u << 20 | 1u << 17 | 3u << 14 | 14u << 10 | 2u << 1, /* CNTP_CTL_EL0 */
        3u << 20 | 2u << 17 | 3u << 14 | 14u << 10 | 2u << 1, /* CNTP_CVAL_EL0 */
        2u << 20 | 0u << 17 | 0u << 14 | 0u << 10 | 0u << 1,  /* a debug register */
    };
    const uint8_t which = input_u8(input);
    const uint32_t reg = input_u8(input) & 31;
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    const uint64_t hsr = field_make(ESR_EC, ESR_EC_SYSREG) | ESR_IL | encodings[which % 8] | reg << 5 | (which >> 7);
    if (reg != 31) {
        *fake_x(vcpu_id, reg) = input_value(input);
    }
    machine_trap(vcpu_id, pc, 4, fake_vcpu_fault(vcpu_id, pc, hsr));
}

static void step_wait(struct input *input, size_t vcpu_id)
{
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    const uint64_t kind = input_u8(input) & 3;
    machine_trap(vcpu_id, pc, 4, fake_vcpu_fault(vcpu_id, pc, field_make(ESR_EC, ESR_EC_WFX) | ESR_IL | kind));
}

static void step_call(struct input *input, size_t vcpu_id)
{
    const uint8_t how = input_u8(input);
    machine_call(input, vcpu_id, input_u32(input), (how & 1) != 0);
}

/* Any label but those by which the kernel tells of its own doings: what they say is true. */
static void step_label(struct input *input, size_t vcpu_id)
{
    static const uint8_t labels[] = {
        seL4_Fault_UserException, seL4_Fault_Timeout, seL4_Fault_NullFault, seL4_Fault_CapFault, 4, 10};
    const uint8_t choice = input_u8(input);
    const uint64_t label = choice < 0xc0 ? labels[choice % ARRAY_SIZE(labels)] : input_u64(input) >> 12;
    for (seL4_Uint8 i = 0; i < 4; i++) {
        microkit_mr_set(i, input_value(input));
    }
    if (label != seL4_Fault_VGICMaintenance && label != seL4_Fault_VPPIEvent) {
        machine_fault(vcpu_id, microkit_msginfo_new(label, 4));
    }
}

typedef void (*step_t)(struct input *input, size_t vcpu_id);

static const step_t steps[] = {
    step_access, step_register,         step_register,         machine_guest_boot,
    step_access, step_vm_fault,         step_vcpu_fault,       step_sysreg,
    step_wait,   machine_end_interrupt, machine_timer,         step_call,
    step_label,  step_register,         machine_end_interrupt, machine_guest_step,
};

static void step(struct input *input)
{
    const uint8_t what = input_u8(input);
    size_t vcpu_id;
    if (what % 4 == 3) {
        machine_vmm_step(input);
    } else if (machine_pick_running(input, &vcpu_id)) {
        steps[(what >> 2) % ARRAY_SIZE(steps)](input, vcpu_id);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct input input = {bytes, size_bytes};
    machine_start(&input);
    for (unsigned count = 0; count < STEP_COUNT_MAX && !input_is_empty(&input); count++) {
        step(&input);
    }
    return 0;
}
