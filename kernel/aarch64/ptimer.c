/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The physical timer in the hands of a PD; see ptimer.h.
 */
#include "kernel/aarch64/ptimer.h"

#include "kernel/aarch64/sysreg_trap.h"
#include "kernel/aarch64/timer.h"
#include "kernel/core/irq.h"

#define PTIMER_INTID 30

#define CNTPCT_EL0 REGISTER(3, 3, 14, 0, 1)

static bool read_register(uint32_t reg, uint64_t *value)
{
    switch (reg) {
    case CNTPCT_EL0:
        *value = timer_now();
        return true;
    case CNTP_TVAL_EL0:
        *value = SYSREG_READ(cntp_tval_el0);
        return true;
    case CNTP_CTL_EL0:
        *value = SYSREG_READ(cntp_ctl_el0);
        return true;
    case CNTP_CVAL_EL0:
        *value = SYSREG_READ(cntp_cval_el0);
        return true;
    default:
        return false;
    }
}

static bool write_register(uint32_t reg, uint64_t value)
{
    switch (reg) {
    case CNTP_TVAL_EL0:
        SYSREG_WRITE(cntp_tval_el0, value);
        break;
    case CNTP_CTL_EL0:
        SYSREG_WRITE(cntp_ctl_el0, value);
        break;
    case CNTP_CVAL_EL0:
        SYSREG_WRITE(cntp_cval_el0, value);
        break;
    default:
        return false;
    }
    cpu_isb();
    return true;
}

/* Every PD may read the counter. QEMU 7 traps that with HCR_EL2.TGE, whatever CNTHCTL_EL2.EL1PCTEN says. */
static bool is_permitted(const struct thread *pd, uint64_t iss)
{
    return irq_is_of(PTIMER_INTID, pd) || (ISS_IS_READ(iss) && ISS_REGISTER(iss) == CNTPCT_EL0);
}

NOINLINE bool ptimer_emulate(struct thread *pd, uint64_t esr)
{
    uint64_t iss = esr_iss(esr);
    uint64_t zero = 0;
    uint64_t *general = frame_register(pd->frame, ISS_RT(iss), &zero);

    if (!is_permitted(pd, iss)) {
        return false;
    }
    if (!(ISS_IS_READ(iss) ? read_register(ISS_REGISTER(iss), general) : write_register(ISS_REGISTER(iss), *general))) {
        return false;
    }
    pd->frame->pc += 4;
    return true;
}
