/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What of a thread lives in the processor; see context.h. Trap and translation
 * controls are those of [Arm ARM D17.2.48, HCR_EL2].
 *
 * Invariants: core->loaded is the thread whose HCR_EL2, VTTBR_EL2, SCTLR_EL1,
 * CPACR_EL1 and CNTKCTL_EL1 the hardware holds; when it is a vCPU, it is also
 * core->resident_vcpu. Of a resident vCPU that is not loaded these are in memory.
 */
#include "kernel/aarch64/context.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/esr.h"
#include "kernel/aarch64/fp.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/guest_debug.h"
#include "kernel/aarch64/guest_ptimer.h"
#include "kernel/aarch64/vgic.h"
#include "kernel/aarch64/vtimer.h"

#define HCR_VM        BIT(0) /* stage 2 translation */
#define HCR_SWIO      BIT(1)
#define HCR_FMO       BIT(3) /* physical interrupts to EL2, virtual ones to EL1 */
#define HCR_IMO       BIT(4)
#define HCR_AMO       BIT(5)
#define HCR_FB        BIT(9) /* maintenance reaches all cores */
#define HCR_BSU_INNER BIT(10)
#define HCR_DC        BIT(12) /* stage 1 off means cacheable */
#define HCR_TWI       BIT(13)
#define HCR_TWE       BIT(14)
#define HCR_TID3      BIT(18) /* feature registers */
#define HCR_TSC       BIT(19)
#define HCR_TIDCP     BIT(20) /* implementation defined registers */
#define HCR_TACR      BIT(21)
#define HCR_TGE       BIT(27)
#define HCR_RW        BIT(31) /* EL1 is AArch64 */
#define HCR_TLOR      BIT(35) /* limited ordering regions */
#define HCR_TERR      BIT(36) /* error records */
#define HCR_TID5      BIT(58) /* memory tagging's feature register */

#define HCR_COMMON (HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TSC | HCR_RW)
#define HCR_PD     (HCR_COMMON | HCR_DC | HCR_TGE)
#define HCR_VCPU   (HCR_COMMON | HCR_FB | HCR_BSU_INNER | HCR_TWI | HCR_TWE | HCR_TID3 | HCR_TIDCP | HCR_TACR)

/* EL1 controls that matter to a PD at EL0. */
#define SCTLR_RES1 0x30d00800ULL
#define SCTLR_SA0  BIT(4)
#define SCTLR_I    BIT(12)
#define SCTLR_DZE  BIT(14)
#define SCTLR_UCT  BIT(15)
#define SCTLR_NTWI BIT(16)
#define SCTLR_NTWE BIT(18)
#define SCTLR_UCI  BIT(26)
#define SCTLR_PD   (SCTLR_RES1 | SCTLR_SA0 | SCTLR_I | SCTLR_DZE | SCTLR_UCT | SCTLR_NTWI | SCTLR_NTWE | SCTLR_UCI)
#define CPACR_FPEN BITS(21, 20)
#define CNTKCTL_PD BITS(1, 0) /* EL0 may read the counters */

#define CPTR_RES1        0x33ffULL /* SVE and SME trap, too */
#define CPTR_TFP         BIT(10)
#define CPTR_TTA         BIT(20)                                        /* trace unit */
#define CPTR_TAM         BIT(30)                                        /* activity monitors */
#define MDCR_TRAP        (BIT(11) | BIT(10) | BIT(9) | BIT(6) | BIT(5)) /* TDRA, TDOSA, TDA, TPM, TPMCR */
#define MDCR_TPMS        BIT(14)                                        /* statistical profiling */
#define MDCR_TTRF        BIT(19)                                        /* trace filter */
#define MPAM2_TRAP       BITS(49, 48)
#define MPAMHCR_TRAP     BIT(31)
#define CNTHCTL_EL1PCTEN BIT(0) /* the physical counter may be read, the physical timer not used */

#define SPSR_MODE  BITS(4, 0)
#define SPSR_EL0T  0x00
#define SPSR_EL1T  0x04
#define SPSR_EL1H  0x05
#define SPSR_USR32 0x10
#define SPSR_DAIF  BITS(9, 6)
#define SPSR_FLAGS BITS(31, 28)

#define VTTBR_VMID_SHIFT 48

#define PFR0_EL0_AARCH32 2 /* EL0 runs AArch32 programs too */

static struct context contexts[IMAGE_THREAD_COUNT_MAX];

/* Modes that a vCPU may be returned to, a bit each; an exception return to any other is a defect of the kernel. */
uint32_t context_modes = BIT(SPSR_EL0T) | BIT(SPSR_EL1T) | BIT(SPSR_EL1H);

/* Features of the processor whose registers a guest could reach; fields of ID registers [Arm ARM D17.2.58 on]. */
static struct {
    bool ras;
    bool sme;
    bool registers; /* one of the above, whose registers are switched */
} has;

static uint64_t hcr_vcpu = HCR_VCPU;
static uint64_t cptr_allow = CPTR_RES1; /* FP and SIMD registers may be used */

void context_find_features(void)
{
    uint64_t pfr0 = SYSREG_READ(id_aa64pfr0_el1);

    has.ras = BITS_GET(31, 28, pfr0) != 0;
    has.sme = BITS_GET(27, 24, SYSREG_READ(id_aa64pfr1_el1)) != 0;
    has.registers = has.ras || has.sme;
    if (BITS_GET(3, 0, pfr0) == PFR0_EL0_AARCH32) {
        context_modes |= BIT(SPSR_USR32);
    }
    hcr_vcpu |= has.ras ? HCR_TERR : 0;
    hcr_vcpu |= BITS_GET(19, 16, SYSREG_READ(id_aa64mmfr1_el1)) != 0 ? HCR_TLOR : 0;
    hcr_vcpu |= BITS_GET(11, 8, SYSREG_READ(id_aa64pfr1_el1)) >= 2 ? HCR_TID5 : 0;
    cptr_allow |= BITS_GET(47, 44, pfr0) != 0 ? CPTR_TAM : 0;
    cptr_allow |= BITS_GET(7, 4, SYSREG_READ(id_aa64dfr0_el1)) != 0 ? CPTR_TTA : 0;
}

void context_init(struct thread *thread)
{
    thread->context = &contexts[thread_index(thread)];
    thread->cptr = cptr_allow | CPTR_TFP;
    thread->vttbr = thread->desc->vmid << VTTBR_VMID_SHIFT | thread->desc->table_paddr;
    if (thread->is_vcpu) {
        thread->frame->spsr = SPSR_EL1H | SPSR_DAIF;
        thread->context->debug.is_locked = true;
    } else {
        thread->frame->pc = thread->desc->entry;
        thread->frame->sp = thread->desc->stack_top;
        thread->frame->spsr = SPSR_EL0T;
    }
}

/* [Arm ARM D17.3.21] MDCR_EL2.HPMN must not be 0 where there are event counters. */
static uint64_t event_counter_count(void)
{
    uint64_t version = BITS_GET(11, 8, SYSREG_READ(id_aa64dfr0_el1));
    return version == 0 || version == 15 ? 0 : BITS_GET(15, 11, SYSREG_READ(pmcr_el0));
}

/*
 * Registers of EL2 that are there with a feature and say what of it EL1 may have: nothing. A trap of the fine-grained
 * kind is one where the bit of a newer feature is 0; the older features have others.
 */
static void deny_features(void)
{
    uint64_t fgt = BITS_GET(59, 56, SYSREG_READ(id_aa64mmfr0_el1));
    uint64_t dfr0 = SYSREG_READ(id_aa64dfr0_el1);

    SYSREG_WRITE(mdcr_el2, MDCR_TRAP | (BITS_GET(35, 32, dfr0) != 0 ? MDCR_TPMS : 0) |
                               (BITS_GET(43, 40, dfr0) != 0 ? MDCR_TTRF : 0) | event_counter_count());
    if (BITS_GET(43, 40, SYSREG_READ(id_aa64pfr0_el1)) != 0) { /* MPAM */
        SYSREG_WRITE(S3_4_C10_C5_0, MPAM2_TRAP);               /* MPAM2_EL2 */
        if ((SYSREG_READ(S3_0_C10_C4_4) & BIT(17)) != 0) {     /* MPAMIDR_EL1.HAS_HCR */
            SYSREG_WRITE(S3_4_C10_C4_0, MPAMHCR_TRAP);         /* MPAMHCR_EL2 */
        }
    }
    if (BITS_GET(43, 40, SYSREG_READ(id_aa64mmfr1_el1)) != 0) {
        SYSREG_WRITE(S3_4_C1_C2_2, 0); /* HCRX_EL2 */
    }
    if (fgt >= 1) {
        SYSREG_WRITE(S3_4_C1_C1_4, 0); /* HFGRTR_EL2 */
        SYSREG_WRITE(S3_4_C1_C1_5, 0); /* HFGWTR_EL2 */
        SYSREG_WRITE(S3_4_C1_C1_6, 0); /* HFGITR_EL2 */
        SYSREG_WRITE(S3_4_C3_C1_4, 0); /* HDFGRTR_EL2 */
        SYSREG_WRITE(S3_4_C3_C1_5, 0); /* HDFGWTR_EL2 */
    }
    if (fgt >= 2) {
        SYSREG_WRITE(S3_4_C3_C1_2, 0); /* HFGRTR2_EL2 */
        SYSREG_WRITE(S3_4_C3_C1_3, 0); /* HFGWTR2_EL2 */
        SYSREG_WRITE(S3_4_C3_C1_7, 0); /* HFGITR2_EL2 */
        SYSREG_WRITE(S3_4_C3_C1_0, 0); /* HDFGRTR2_EL2 */
        SYSREG_WRITE(S3_4_C3_C1_1, 0); /* HDFGWTR2_EL2 */
    }
    if (has.ras) {
        SYSREG_WRITE(S3_4_C5_C2_3, 0); /* VSESR_EL2 */
    }
}

void context_init_core(void)
{
    SYSREG_WRITE(hcr_el2, HCR_PD);
    deny_features();
    SYSREG_WRITE(cptr_el2, cptr_allow | CPTR_TFP);
    SYSREG_WRITE(cnthctl_el2, CNTHCTL_EL1PCTEN);
    SYSREG_WRITE(hstr_el2, 0);
    SYSREG_WRITE(vpidr_el2, SYSREG_READ(midr_el1));
    SYSREG_WRITE(cntv_ctl_el0, 0);
    guest_debug_init_core();
}

/* EL1 registers that stay in the hardware while another PD runs: register number, system register. */
#define RESIDENT_REGISTERS(X)                                                                                          \
    X(VCPU_TTBR0, ttbr0_el1)                                                                                           \
    X(VCPU_TTBR1, ttbr1_el1)                                                                                           \
    X(VCPU_TCR, tcr_el1)                                                                                               \
    X(VCPU_MAIR, mair_el1)                                                                                             \
    X(VCPU_AMAIR, amair_el1)                                                                                           \
    X(VCPU_CIDR, contextidr_el1)                                                                                       \
    X(VCPU_AFSR0, afsr0_el1)                                                                                           \
    X(VCPU_AFSR1, afsr1_el1)                                                                                           \
    X(VCPU_ESR, esr_el1)                                                                                               \
    X(VCPU_FAR, far_el1)                                                                                               \
    X(VCPU_PAR, par_el1)                                                                                               \
    X(VCPU_VBAR, vbar_el1)                                                                                             \
    X(VCPU_TPIDR_EL1, tpidr_el1)                                                                                       \
    X(VCPU_VMPIDR_EL2, vmpidr_el2)                                                                                     \
    X(VCPU_SP_EL1, sp_el1)                                                                                             \
    X(VCPU_ELR_EL1, elr_el1)                                                                                           \
    X(VCPU_SPSR_EL1, spsr_el1)                                                                                         \
    X(VCPU_CNTVOFF, cntvoff_el2)                                                                                       \
    X(VCPU_CNTV_CVAL, cntv_cval_el0)                                                                                   \
    X(VCPU_CNTV_CTL, cntv_ctl_el0)

static COLD void save_feature_registers(struct context *context)
{
    if (has.ras) {
        context->vdisr = SYSREG_READ(S3_4_C12_C1_1); /* VDISR_EL2, the guest's DISR_EL1 */
    }
    if (has.sme) {
        context->tpidr2 = SYSREG_READ(S3_3_C13_C0_5); /* TPIDR2_EL0 */
    }
}

static COLD void load_feature_registers(const struct context *context)
{
    if (has.ras) {
        SYSREG_WRITE(S3_4_C12_C1_1, context->vdisr);
    }
    if (has.sme) {
        SYSREG_WRITE(S3_3_C13_C0_5, context->tpidr2);
    }
}

static void save_resident_registers(struct context *context)
{
#define SAVE(number, name) context->registers[number] = SYSREG_READ(name);
    RESIDENT_REGISTERS(SAVE)
#undef SAVE
    context->csselr = SYSREG_READ(csselr_el1);
    if (has.registers) {
        save_feature_registers(context);
    }
}

static void load_resident_registers(const struct context *context)
{
#define LOAD(number, name) SYSREG_WRITE(name, context->registers[number]);
    RESIDENT_REGISTERS(LOAD)
#undef LOAD
    SYSREG_WRITE(csselr_el1, context->csselr);
    if (has.registers) {
        load_feature_registers(context);
    }
}

/* The three EL1 registers that PDs need for themselves. */
static void save_shared_registers(struct context *context)
{
    context->registers[VCPU_SCTLR] = SYSREG_READ(sctlr_el1);
    context->registers[VCPU_CPACR] = SYSREG_READ(cpacr_el1);
    context->registers[VCPU_CNTKCTL_EL1] = SYSREG_READ(cntkctl_el1);
}

static void load_shared_registers(uint64_t sctlr, uint64_t cpacr, uint64_t cntkctl)
{
    SYSREG_WRITE(sctlr_el1, sctlr);
    SYSREG_WRITE(cpacr_el1, cpacr);
    SYSREG_WRITE(cntkctl_el1, cntkctl);
}

/*
 * What the guest's stores have answered by now is the guest's: an SError is taken here, and not in the next thread. See
 * context_take_serror, which kernel_serror calls.
 */
static inline void wait_for_serrors(void)
{
    __asm__ volatile("dsb sy\n msr daifclr, #4\n isb\n msr daifset, #4" : : : "memory");
}

void context_take_serror(struct core *core, uint64_t esr)
{
    struct thread *vcpu = core->resident_vcpu;

    if (vcpu != NULL) {
        vcpu->context->serror = esr;
        vcpu->events |= EVENT_SERROR;
    }
}

/* The vCPU that is loaded leaves the processor to another thread. */
static void leave_guest(struct thread *vcpu)
{
    wait_for_serrors();
    if (vcpu->context->debug.is_on) {
        guest_debug_unload(vcpu);
    }
    save_shared_registers(vcpu->context);
}

COLD void context_unload_vcpu(struct core *core)
{
    struct thread *vcpu = core->resident_vcpu;

    if (vcpu == NULL) {
        return;
    }
    if (core->loaded == vcpu) {
        leave_guest(vcpu);
        core->loaded = NULL;
    }
    save_resident_registers(vcpu->context);
    SYSREG_WRITE(cntv_ctl_el0, 0);
    cpu_isb();
    vgic_save(&vcpu->context->vgic);

    /* What the hardware has already said, it will say again when the vCPU is back. */
    if (vcpu->context->vtimer_is_masked || (vcpu->events & EVENT_VTIMER) != 0) {
        gic_deactivate(VTIMER_INTID);
    }
    if ((vcpu->events & EVENT_MAINTENANCE) != 0) {
        gic_deactivate(GIC_MAINTENANCE_INTID);
    }
    vcpu->events &= EVENT_UNRECEIVED | EVENT_PTIMER | EVENT_SERROR;
    core->resident_vcpu = NULL;
    core->evicted = vcpu;
}

static COLD void load_vcpu(struct core *core, struct thread *vcpu)
{
    context_unload_vcpu(core);
    load_resident_registers(vcpu->context);
    vgic_load(&vcpu->context->vgic);
    if (vcpu->context->vtimer_is_masked) {
        gic_activate_ppi(core->id, VTIMER_INTID);
    }
    core->resident_vcpu = vcpu;
}

/*
 * vCPUs of one VM share its VMID, and each may have translations of its own that are not meant for the others. Those of
 * the VM's vCPU that was on this core before may be left, whoever ran meanwhile.
 */
static void forget_translations_of_sibling(const struct core *core, const struct thread *vcpu)
{
    const struct thread **last = &vcpu->handler->context->last_vcpu[core->id];
    if (*last != vcpu) {
        if (*last != NULL) {
            cpu_isb();
            __asm__ volatile("tlbi vmalle1\n ic iallu\n dsb nsh\n isb" : : : "memory");
        }
        *last = vcpu;
    }
}

static void set_pd_controls(void)
{
    load_shared_registers(SCTLR_PD, CPACR_FPEN, CNTKCTL_PD);
    SYSREG_WRITE(hcr_el2, HCR_PD);
}

static void set_guest_controls(const struct context *context)
{
    load_shared_registers(context->registers[VCPU_SCTLR], context->registers[VCPU_CPACR],
                          context->registers[VCPU_CNTKCTL_EL1]);
    SYSREG_WRITE(hcr_el2, hcr_vcpu);
}

static void load_pd(struct core *core, struct thread *pd)
{
    if (core->loaded == core->resident_vcpu && core->loaded != NULL) {
        leave_guest(core->loaded);
    }
    if (core->loaded == NULL || core->loaded->is_vcpu) {
        set_pd_controls();
    }
    SYSREG_WRITE(vttbr_el2, pd->vttbr);
}

static void load_guest(struct core *core, struct thread *vcpu)
{
    bool is_resident = core->resident_vcpu == vcpu;

    if (!is_resident) {
        load_vcpu(core, vcpu);
    }
    set_guest_controls(vcpu->context);
    if (vcpu->context->debug.is_on) {
        guest_debug_load(vcpu);
    }
    SYSREG_WRITE(vttbr_el2, vcpu->vttbr);
    if (!is_resident) {
        forget_translations_of_sibling(core, vcpu);
    }
}

void context_load(struct core *core, struct thread *thread)
{
    if (thread->is_vcpu) {
        load_guest(core, thread);
    } else {
        load_pd(core, thread);
    }
    core->loaded = thread;
    SYSREG_WRITE(cptr_el2, thread->cptr);
}

static void switch_address_space(struct core *core, struct thread *to)
{
    SYSREG_WRITE(vttbr_el2, to->vttbr);
    SYSREG_WRITE(cptr_el2, to->cptr);
    core->loaded = to;
}

void context_leave_guest(struct core *core, struct thread *vcpu, struct thread *pd)
{
    wait_for_serrors();
    save_shared_registers(vcpu->context);
    set_pd_controls();
    switch_address_space(core, pd);
}

void context_return_to_guest(struct core *core, struct thread *vcpu)
{
    set_guest_controls(vcpu->context);
    switch_address_space(core, vcpu);
}

bool context_read(const struct thread *vcpu, uint64_t reg, uint64_t *value)
{
    if (reg >= VCPU_REGISTER_COUNT) {
        return false;
    }
    *value = reg == VCPU_CNTP_CTL ? guest_ptimer_control(vcpu) : vcpu->context->registers[reg];
    if (!core_holds(vcpu)) {
        return true;
    }
    switch (reg) {
#define READ(number, name)                                                                                             \
    case number:                                                                                                       \
        *value = SYSREG_READ(name);                                                                                    \
        break;
        RESIDENT_REGISTERS(READ)
#undef READ
    }
    return true;
}

bool context_write(struct thread *vcpu, uint64_t reg, uint64_t value)
{
    if (reg >= VCPU_REGISTER_COUNT) {
        return false;
    }
    vcpu->context->registers[reg] = value;
    if (!core_holds(vcpu)) {
        return true;
    }
    switch (reg) {
#define WRITE(number, name)                                                                                            \
    case number:                                                                                                       \
        SYSREG_WRITE(name, value);                                                                                     \
        break;
        RESIDENT_REGISTERS(WRITE)
#undef WRITE
    }
    cpu_isb();
    return true;
}

void context_check_spsr(struct thread *thread)
{
    /* A vCPU's is checked on the way back to the guest: its VMM can write it at any time. */
    if (!thread->is_vcpu) {
        thread->frame->spsr = (thread->frame->spsr & SPSR_FLAGS) | SPSR_EL0T;
    }
}

void context_undo_call(struct thread *pd)
{
    pd->frame->pc -= 4;
}

void context_undo_trap(struct thread *thread, uint64_t esr)
{
    if (esr_class(esr) == ESR_SVC64 || esr_class(esr) == ESR_HVC64) {
        thread->frame->pc -= 4;
    }
}

NOINLINE void context_switch_fp(struct core *core, struct thread *thread)
{
    SYSREG_WRITE(cptr_el2, cptr_allow);
    cpu_isb();
    if (core->fp_owner != NULL) {
        core->fp_owner->cptr = cptr_allow | CPTR_TFP;
        fp_save(&core->fp_owner->context->fp);
    }
    thread->cptr = cptr_allow;
    fp_load(&thread->context->fp);
    core->fp_owner = thread;
}
