/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Checks each message that its guest's deeds lead to, in their order, and that
 * what it does about them has its effect. Left out: WFE and ICC_SRE_EL1, which
 * QEMU 7 does not trap.
 */
#include "items.h"

#define VCPU          0
#define CHANNEL_IDLER 0
#define VMM_GUEST_RAM 0x30000000
#define VTIMER        27
#define SPSR_EL2H     0x3c9
#define SPSR_AARCH32  0x1d0

static struct guest_shared *const shared = (struct guest_shared *)(VMM_GUEST_RAM + GUEST_SHARED_OFFSET);
static uint64_t step_item = ITEM_END; /* ITEM_END: no step expected */
static uint64_t step_address;
static uint64_t blocked_at; /* where the guest waits for the idler, or 0 */
static uint64_t progress_when_blocked;
static bool is_waiting_for_timer;

struct report {
    const char *what;
    uint64_t mask;
    uint64_t want;
};

#define NIBBLE(n) (0xfULL << (n)*4)

static const struct report reports[] = {
    [ITEM_ARGUMENT] = {"x0 is what the VMM set", ~0ULL, ARGUMENT},
    [ITEM_EL] = {"guest runs at EL1", ~0ULL, 1 << 2},
    [ITEM_SPSEL] = {"with its own stack pointer", ~0ULL, 1},
    [ITEM_DAIF] = {"interrupts masked as the VMM said", 0x3c0, 0x3c0},
    [ITEM_MPIDR] = {"MPIDR is what the VMM wrote", ~0ULL, MPIDR},
    [ITEM_ID_PFR0] = {"no SVE, RAS, AMU, EL2, EL3, SCXTNUM",
                      NIBBLE(8) | NIBBLE(7) | NIBBLE(11) | NIBBLE(2) | NIBBLE(3) | 0xeULL << 56, 0},
    [ITEM_ID_PFR1] = {"no MTE, SME", NIBBLE(2) | NIBBLE(6), 0},
    [ITEM_ID_DFR0] = {"no PMU, no trace, no profiling", NIBBLE(1) | NIBBLE(2) | NIBBLE(8) | NIBBLE(10), 0},
    [ITEM_ID_ISAR1] = {"no pointer authentication", NIBBLE(1) | NIBBLE(2) | NIBBLE(6) | NIBBLE(7), 0},
    [ITEM_ID_ZFR0] = {"no features of SVE", ~0ULL, 0},
    [ITEM_COUNTER] = {"the physical counter can be read", 0, 0},
    [ITEM_AFTER_BLOCKED] = {"restarted behind the fault, once", ~0ULL, 1},
    [ITEM_AFTER_RESTARTED] = {"restarted in the fault, the reply ignored", ~0ULL, 1},
    [ITEM_AFTER_STOPPED] = {"stopped in the fault, restarted later", ~0ULL, 2},
    [ITEM_AFTER_REGISTERS] = {"the guest sees a register that its VMM wrote", ~0ULL, 0x1234567},
    [ITEM_AFTER_EL2H] = {"a VMM cannot start its vCPU at EL2", ~0ULL, 1 << 2},
    [ITEM_AFTER_AARCH32] = {"a VMM cannot start its vCPU in AArch32 state", ~0ULL, 1 << 2},
    [ITEM_TIMER_ONCE] = {"virtual timer: told once", ~0ULL, 1},
    [ITEM_TIMER_AGAIN] = {"acknowledged while due: told again", ~0ULL, 2},
    [ITEM_END] = {"end", 0, 0},
};

struct step {
    const char *what;
    uint64_t label;
    uint64_t count;
    uint64_t class; /* of HSR or FSR */
    uint64_t mask;  /* of HSR or FSR */
    uint64_t want;
    uint64_t address; /* of a VMFault */
    uint64_t pc_offset;
};

#define VCPU_FAULT(class, mask, want)        seL4_Fault_VCPUFault, 1, class, mask, want, 0, 0
#define NO_REGISTER                          27 /* seL4's 24, and three of the built-in kernel */
#define SYSREG_FAULT(reg, is_read)           VCPU_FAULT(ESR_SYSREG, ISS_SYSREG_MASK | 1, (reg) | ((is_read) ? 1 : 0))
#define VM_FAULT(class, mask, want, address) seL4_Fault_VMFault, 4, class, mask, want, address, 0

static const struct step steps[] = {
    [ITEM_SMC] = {"SMC", VCPU_FAULT(ESR_SMC, 0xffff, 0)},
    [ITEM_HVC] = {"HVC", seL4_Fault_UnknownSyscall, 13, 0, 0, 0, 0, 0},
    [ITEM_WFI] = {"WFI", VCPU_FAULT(ESR_WFX, 1, 0)},
    [ITEM_SGI1R] = {"write of ICC_SGI1R_EL1", SYSREG_FAULT(ISS_SYSREG(3, 0, 12, 11, 5), false)},
    [ITEM_SGI0R] = {"write of ICC_SGI0R_EL1", SYSREG_FAULT(ISS_SYSREG(3, 0, 12, 11, 7), false)},
    [ITEM_ASGI1R] = {"write of ICC_ASGI1R_EL1", SYSREG_FAULT(ISS_SYSREG(3, 0, 12, 11, 6), false)},
    [ITEM_UNMAPPED_READ] = {"read of unmapped memory", VM_FAULT(ESR_DATA_ABORT, 0x7c, 0x04, UNMAPPED + 8)},
    [ITEM_UNMAPPED_WRITE] = {"write of unmapped memory", VM_FAULT(ESR_DATA_ABORT, 0x7c, 0x44, UNMAPPED + 0x123)},
    [ITEM_UNMAPPED_FETCH] = {"fetch from unmapped memory", VM_FAULT(ESR_FETCH_ABORT, 0x3c, 0x04, UNMAPPED)},
    [ITEM_READ_ONLY_WRITE] = {"write of read-only memory", VM_FAULT(ESR_DATA_ABORT, 0x7c, 0x4c, READ_ONLY + 0x10)},
    [ITEM_DEVICE_FETCH] = {"fetch from device memory", VM_FAULT(ESR_FETCH_ABORT, 0x3c, 0x0c, DEVICE)},
    [ITEM_LEFT_BLOCKED] = {"SMC, left blocked", VCPU_FAULT(ESR_SMC, 0, 0)},
    [ITEM_RESTARTED] = {"SMC, restarted", VCPU_FAULT(ESR_SMC, 0, 0)},
    [ITEM_STOPPED] = {"SMC, stopped", VCPU_FAULT(ESR_SMC, 0, 0)},
    [ITEM_REGISTERS] = {"SMC, registers", VCPU_FAULT(ESR_SMC, 0, 0)},
    [ITEM_HOSTILE] = {"SMC with hostile controls", seL4_Fault_VCPUFault, 1, ESR_SMC, 0, 0, 0, 16},
    [ITEM_EL2H] = {"SMC, to EL2", VCPU_FAULT(ESR_SMC, 0, 0)},
    [ITEM_AARCH32] = {"SMC, to AArch32 state", VCPU_FAULT(ESR_SMC, 0, 0)},
    [ITEM_TIMER_WFI] = {"WFI with the timer armed", VCPU_FAULT(ESR_WFX, 1, 0)},
};

static void check_step(const struct step *step, microkit_msginfo message)
{
    uint64_t label = microkit_msginfo_get_label(message);
    bool is_fetch = step->class == ESR_FETCH_ABORT;
    uint64_t pc = is_fetch ? step->address : step_address + step->pc_offset;

    check_equal(step->what, label, step->label);
    check_equal(" words", microkit_msginfo_get_count(message), step->count);
    check_equal(" PC is at the instruction", vm_read(VCPU, VM_PC), pc);
    if (label == seL4_Fault_VMFault) {
        uint64_t fsr = microkit_mr_get(seL4_VMFault_FSR);
        check_equal(" IP", microkit_mr_get(seL4_VMFault_IP), pc);
        check_equal(" Addr", microkit_mr_get(seL4_VMFault_Addr), step->address);
        check_equal(" PrefetchFault", microkit_mr_get(seL4_VMFault_PrefetchFault), is_fetch);
        check_equal(" FSR class", ESR_CLASS(fsr), step->class);
        check_equal(" FSR syndrome", fsr & step->mask, step->want);
    } else if (label == seL4_Fault_VCPUFault) {
        uint64_t hsr = microkit_mr_get(seL4_VCPUFault_HSR);
        check_equal(" HSR class", ESR_CLASS(hsr), step->class);
        check_equal(" HSR syndrome", hsr & step->mask, step->want);
    }
}

static void check_hvc(void)
{
    check_equal(" X1", microkit_mr_get(seL4_UnknownSyscall_X1), ITEM_HVC);
    check_equal(" X3", microkit_mr_get(seL4_UnknownSyscall_X3), STEP_ARGUMENT);
    check_equal(" FaultIP", microkit_mr_get(seL4_UnknownSyscall_FaultIP), step_address);
    check_equal(" LR", microkit_mr_get(seL4_UnknownSyscall_LR), vm_read(VCPU, 13 + 3));
    check_equal(" SPSR", microkit_mr_get(seL4_UnknownSyscall_SPSR) & 0x3ff, SPSR_EL1H_MASKED);
    check_equal(" Syscall is x7", microkit_mr_get(seL4_UnknownSyscall_Syscall),
                microkit_mr_get(seL4_UnknownSyscall_X7));
}

/* Values that the hardware keeps whole, where these registers are resident. */
static const struct {
    seL4_VCPUReg reg;
    uint64_t value;
} register_values[] = {
    {seL4_VCPUReg_SCTLR, 0x30d00800},      {seL4_VCPUReg_CPACR, 3 << 20},     {seL4_VCPUReg_TTBR0, 0x12345000},
    {seL4_VCPUReg_TTBR1, 0x54321000},      {seL4_VCPUReg_TCR, 0x19},          {seL4_VCPUReg_MAIR, 0xff440c04},
    {seL4_VCPUReg_CIDR, 0x4321},           {seL4_VCPUReg_ESR, 0x56000001},    {seL4_VCPUReg_FAR, 0xffff000012345678},
    {seL4_VCPUReg_PAR, 0x12345080},        {seL4_VCPUReg_VBAR, 0x40004800},   {seL4_VCPUReg_TPIDR_EL1, 0x7654321},
    {seL4_VCPUReg_VMPIDR_EL2, 0x80000003}, {seL4_VCPUReg_SP_EL1, 0x4000d010}, {seL4_VCPUReg_ELR_EL1, 0x40001230},
    {seL4_VCPUReg_SPSR_EL1, 0x3c4},        {seL4_VCPUReg_CNTV_CTL, 2},        {seL4_VCPUReg_CNTV_CVAL, 0x123456789},
    {seL4_VCPUReg_CNTVOFF, 0x1000},        {seL4_VCPUReg_CNTKCTL_EL1, 3},
};

#define REGISTER_COUNT (sizeof(register_values) / sizeof(register_values[0]))

static void check_registers(void)
{
    uint64_t saved[REGISTER_COUNT];
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        saved[i] = microkit_vcpu_arm_read_reg(VCPU, register_values[i].reg);
        microkit_vcpu_arm_write_reg(VCPU, register_values[i].reg, register_values[i].value);
    }
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        uint64_t got = microkit_vcpu_arm_read_reg(VCPU, register_values[i].reg);
        if (got != register_values[i].value) {
            check_equal(" register number", register_values[i].reg, ~0ULL);
            check_equal(" value read back", got, register_values[i].value);
        }
        microkit_vcpu_arm_write_reg(VCPU, register_values[i].reg, saved[i]);
    }
    check_equal("no such register to read", (uint64_t)seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + VCPU, NO_REGISTER).error,
                seL4_InvalidArgument);
    check_equal("no such register to write", (uint64_t)seL4_ARM_VCPU_WriteRegs(BASE_VCPU_CAP + VCPU, NO_REGISTER, 0),
                seL4_InvalidArgument);
    check_equal("no such vCPU", (uint64_t)seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + 1, 0).error, seL4_InvalidCapability);
    microkit_vcpu_arm_write_reg(VCPU, seL4_VCPUReg_TPIDR_EL1, 0x1234567);
}

/* What the guest's controls would break if the VMM ran under them. */
static void check_own_world(void)
{
    static volatile union {
        uint64_t word;
        uint8_t bytes[8];
    } value;
    value.word = 0x0102030405060708;
    check_equal(" VMM is little-endian", value.bytes[0], 8);
    check(" VMM may read the counter", harness_now() != 0);
    uint64_t fp;
    __asm__ volatile(".arch_extension fp\n fmov d7, %1\n fmov %0, d7\n .arch_extension nofp" : "=r"(fp) : "r"(0x77ULL));
    check_equal(" VMM may use FP", fp, 0x77);
    __asm__ volatile("dc cvac, %0\n dc zva, %0" : : "r"(VMM_GUEST_RAM + 0x9000) : "memory");
    __asm__ volatile("mrs %0, ctr_el0" : "=r"(fp));
    check(" VMM may maintain caches", fp != 0);
    check_equal(" SCTLR as the guest wrote it", microkit_vcpu_arm_read_reg(VCPU, seL4_VCPUReg_SCTLR), HOSTILE_SCTLR);
    check_equal(" CPACR too", microkit_vcpu_arm_read_reg(VCPU, seL4_VCPUReg_CPACR), 0);
    microkit_vcpu_arm_write_reg(VCPU, seL4_VCPUReg_SCTLR, 0x30d00800);
}

static void block(void)
{
    blocked_at = step_address;
    progress_when_blocked = shared->progress;
    microkit_notify(CHANNEL_IDLER);
}

static seL4_Bool after_step(uint64_t item, microkit_msginfo *reply)
{
    switch (item) {
    case ITEM_HVC:
        check_hvc();
        break;
    case ITEM_LEFT_BLOCKED:
        block();
        return seL4_False;
    case ITEM_STOPPED:
        block();
        microkit_vcpu_stop(VCPU);
        break;
    case ITEM_RESTARTED:
        microkit_vcpu_restart(VCPU, step_address + 4);
        return vm_go_on(reply);
    case ITEM_REGISTERS:
        check_registers();
        break;
    case ITEM_HOSTILE:
        check_own_world();
        break;
    case ITEM_EL2H:
        vm_write(VCPU, VM_SPSR, SPSR_EL2H);
        break;
    case ITEM_AARCH32:
        vm_write(VCPU, VM_SPSR, SPSR_AARCH32);
        break;
    case ITEM_TIMER_WFI:
        is_waiting_for_timer = true;
        return seL4_False;
    default:
        break;
    }
    vm_write(VCPU, VM_PC, step_address + steps[item].pc_offset + 4);
    return vm_go_on(reply);
}

static seL4_Bool on_step(microkit_msginfo message, microkit_msginfo *reply)
{
    uint64_t item = step_item;
    step_item = ITEM_END;
    check_step(&steps[item], message);
    return after_step(item, reply);
}

static void on_report(uint64_t item, uint64_t value)
{
    if (item == ITEM_TIMER_LATE) {
        /* Ticks. The kernel checks its invariants at each exit, which takes most of it. */
        check_range("the virtual timer wakes a vCPU that is left blocked", value, 0, 20000);
        return;
    }
    check_equal(reports[item].what, value & reports[item].mask, reports[item].want);
    if (item == ITEM_TIMER_ONCE || item == ITEM_TIMER_AGAIN) {
        microkit_vcpu_arm_ack_vppi(VCPU, VTIMER);
        microkit_vcpu_arm_ack_vppi(VCPU, VTIMER);
    } else if (item == ITEM_END) {
        check_equal("an interrupt that is no timer's is not acknowledged",
                    (uint64_t)seL4_ARM_VCPU_AckVPPI(BASE_VCPU_CAP + VCPU, 29), seL4_InvalidArgument);
        harness_done();
    }
}

static seL4_Bool on_call(microkit_msginfo message, microkit_msginfo *reply)
{
    uint64_t a = microkit_mr_get(seL4_UnknownSyscall_X1);
    uint64_t b = microkit_mr_get(seL4_UnknownSyscall_X2);

    switch (microkit_mr_get(seL4_UnknownSyscall_X0)) {
    case GUEST_REPORT:
        on_report(a, b);
        return vm_go_on_behind(VCPU, reply);
    case GUEST_NEXT_STEP:
        step_item = a;
        step_address = b;
        return vm_go_on_behind(VCPU, reply);
    case GUEST_ENDED:
        return seL4_False;
    default:
        vm_complain("call", VCPU, message);
        return seL4_False;
    }
}

static seL4_Bool on_vppi(microkit_msginfo *reply)
{
    check_equal("VPPIEvent is of the virtual timer", microkit_mr_get(seL4_VPPIEvent_IRQ), VTIMER);
    shared->vppi_count++;
    if (is_waiting_for_timer) {
        is_waiting_for_timer = false;
        vm_write(VCPU, VM_PC, step_address + 4);
    }
    return vm_go_on(reply);
}

seL4_Bool fault(microkit_child vcpu, microkit_msginfo message, microkit_msginfo *reply)
{
    uint64_t label = microkit_msginfo_get_label(message);

    if (vcpu != VCPU) {
        vm_complain("child", vcpu, message);
    }
    if (label == seL4_Fault_VPPIEvent) {
        return on_vppi(reply);
    }
    if (step_item != ITEM_END) {
        return on_step(message, reply);
    }
    if (label == seL4_Fault_UnknownSyscall) {
        return on_call(message, reply);
    }
    vm_complain("fault", vcpu, message);
    return seL4_False;
}

void init(void)
{
    microkit_vcpu_arm_write_reg(VCPU, seL4_VCPUReg_VMPIDR_EL2, MPIDR);
    vm_start(VCPU, VM_ENTRY, ARGUMENT);
}

/* The idler: nobody else can run. */
void notified(microkit_channel ch)
{
    (void)ch;
    check_equal("a vCPU that got no reply does not run, others do", shared->progress, progress_when_blocked);
    microkit_vcpu_restart(VCPU, blocked_at + 4);
}
