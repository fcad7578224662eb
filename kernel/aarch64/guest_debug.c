/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Self-hosted debug of a vCPU; see guest_debug.h.
 */
#include "kernel/aarch64/guest_debug.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/sysreg_trap.h"
#include "spec/arm/debug.h"

#define DEBUG_REGISTER(crn, crm, op2) REGISTER(2, 0, crn, crm, op2)
#define MDSCR_EL1                     DEBUG_REGISTER(0, 2, 2)
#define OSLAR_EL1                     DEBUG_REGISTER(1, 0, 4)
#define OSLSR_EL1                     DEBUG_REGISTER(1, 1, 4)

/* DBGBVR<n>_EL1 and the three others, by the number of the register: CRm is n. */
#define IS_NUMBERED(reg) (((reg) & ~REGISTER(0, 0, 0, 15, 3)) == DEBUG_REGISTER(0, 0, 4))
#define NUMBER(reg)      ((reg) >> 1 & 0xf)
#define KIND(reg)        ((enum guest_debug_kind)((reg) >> 17 & 3))

#define MDSCR_HELD (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE | MDSCR_MDE)

#define DFR0_BRPS BITS_GET(15, 12, SYSREG_READ(id_aa64dfr0_el1))
#define DFR0_WRPS BITS_GET(23, 20, SYSREG_READ(id_aa64dfr0_el1))

/* All sixteen of a kind, those up to `last` of which the hardware has. */
#define LOAD_FROM_15(name, values, last)                                                                               \
    switch (last) {                                                                                                    \
        LOAD(name, 15, values)                                                                                         \
        LOAD(name, 14, values)                                                                                         \
        LOAD(name, 13, values)                                                                                         \
        LOAD(name, 12, values)                                                                                         \
        LOAD(name, 11, values)                                                                                         \
        LOAD(name, 10, values)                                                                                         \
        LOAD(name, 9, values)                                                                                          \
        LOAD(name, 8, values)                                                                                          \
        LOAD(name, 7, values)                                                                                          \
        LOAD(name, 6, values)                                                                                          \
        LOAD(name, 5, values)                                                                                          \
        LOAD(name, 4, values)                                                                                          \
        LOAD(name, 3, values)                                                                                          \
        LOAD(name, 2, values)                                                                                          \
        LOAD(name, 1, values)                                                                                          \
        LOAD(name, 0, values)                                                                                          \
    default:                                                                                                           \
        break;                                                                                                         \
    }
#define LOAD(name, n, values)                                                                                          \
    case n:                                                                                                            \
        SYSREG_WRITE(name##n##_el1, (values)[n]);                                                                      \
        __attribute__((__fallthrough__));

void guest_debug_init_core(void)
{
    SYSREG_WRITE(mdscr_el1, 0);
    SYSREG_WRITE(osdlr_el1, 0);
    SYSREG_WRITE(oslar_el1, 0);
    cpu_isb();
}

static void load_registers(const struct context *context)
{
    const struct guest_debug *debug = &context->debug;

    LOAD_FROM_15(dbgbvr, debug->registers[DEBUG_BREAKPOINT_VALUE], DFR0_BRPS)
    LOAD_FROM_15(dbgbcr, debug->registers[DEBUG_BREAKPOINT_CONTROL], DFR0_BRPS)
    LOAD_FROM_15(dbgwvr, debug->registers[DEBUG_WATCHPOINT_VALUE], DFR0_WRPS)
    LOAD_FROM_15(dbgwcr, debug->registers[DEBUG_WATCHPOINT_CONTROL], DFR0_WRPS)
    SYSREG_WRITE(mdscr_el1, context->registers[VCPU_MDSCR]);
}

void guest_debug_load(struct thread *vcpu)
{
    if (vcpu->frame->pc != vcpu->context->debug.left_at) {
        end_step(vcpu);
    }
    load_registers(vcpu->context);
}

void guest_debug_unload(struct thread *vcpu)
{
    vcpu->context->debug.left_at = vcpu->frame->pc;
    SYSREG_WRITE(mdscr_el1, 0);
}

/* Whether the vCPU uses its registers, as it is now. */
static bool update(struct thread *vcpu)
{
    struct context *context = vcpu->context;

    context->debug.is_on = !context->debug.is_locked && (context->registers[VCPU_MDSCR] & (MDSCR_SS | MDSCR_MDE)) != 0;
    vcpu->is_quick = vcpu->has_fastpath && !context->debug.is_on;
    return context->debug.is_on;
}

/* The registers have changed, of a guest that is loaded. */
static void apply(struct thread *vcpu)
{
    if (update(vcpu)) {
        load_registers(vcpu->context);
    } else {
        SYSREG_WRITE(mdscr_el1, 0);
    }
}

void guest_debug_written(struct thread *vcpu, uint64_t reg)
{
    if (reg == VCPU_MDSCR) {
        vcpu->context->registers[VCPU_MDSCR] &= MDSCR_HELD;
        (void)update(vcpu);
    }
}

/* Where the value of a register is; NULL: it has none that lasts. */
static uint64_t *find(struct context *context, uint32_t reg)
{
    if (IS_NUMBERED(reg)) {
        return &context->debug.registers[KIND(reg)][NUMBER(reg)];
    }
    return reg == MDSCR_EL1 ? &context->registers[VCPU_MDSCR] : NULL;
}

/* A breakpoint or watchpoint that the hardware has not. */
static bool is_absent(uint32_t reg)
{
    bool is_watchpoint = KIND(reg) == DEBUG_WATCHPOINT_VALUE || KIND(reg) == DEBUG_WATCHPOINT_CONTROL;
    return IS_NUMBERED(reg) && NUMBER(reg) > (is_watchpoint ? DFR0_WRPS : DFR0_BRPS);
}

static uint64_t read_register(struct context *context, uint32_t reg)
{
    const uint64_t *value = find(context, reg);

    if (reg == OSLSR_EL1) {
        return OSLSR_OSLM | (context->debug.is_locked ? OSLSR_OSLK : 0);
    }
    return value != NULL ? *value : 0;
}

static void write_register(struct thread *vcpu, uint32_t reg, uint64_t value)
{
    struct context *context = vcpu->context;
    uint64_t *held = find(context, reg);

    if (held != NULL) {
        *held = reg == MDSCR_EL1 ? value & MDSCR_HELD : value;
    } else if (reg == OSLAR_EL1) {
        context->debug.is_locked = (value & OSLAR_OSLK) != 0;
    } else {
        return;
    }
    apply(vcpu);
}

NOINLINE bool guest_debug_emulate(struct thread *vcpu, uint64_t esr)
{
    uint64_t iss = esr_iss(esr);
    uint64_t zero = 0;
    uint64_t *general = frame_register(vcpu->frame, ISS_RT(iss), &zero);

    if (ISS_OP0(iss) != 2 || is_absent(ISS_REGISTER(iss))) {
        return false;
    }
    if (ISS_IS_READ(iss)) {
        *general = read_register(vcpu->context, ISS_REGISTER(iss));
    } else {
        write_register(vcpu, ISS_REGISTER(iss), *general);
    }
    skip_instruction(vcpu);
    return true;
}
