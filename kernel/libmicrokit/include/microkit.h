/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The Microkit's interface for protection domains, as the built-in kernel
 * offers it: the same names, types and meanings as in the Microkit manual
 * (release 2.3, AArch64). Where a call says "channel", it is an id of the
 * system description, 0 to 61.
 *
 * Left out: x86 and RISC-V.
 */
#ifndef MICROKIT_H
#define MICROKIT_H

#include <sel4/sel4.h>

typedef unsigned int microkit_channel;
typedef unsigned int microkit_child;
typedef seL4_MessageInfo_t microkit_msginfo;

#define ARM_SMC_CAP                  7
#define BASE_OUTPUT_NOTIFICATION_CAP 10
#define BASE_ENDPOINT_CAP            74
#define BASE_IRQ_CAP                 138
#define BASE_TCB_CAP                 202
#define BASE_VM_TCB_CAP              SEL4_BASE_VM_TCB_CAP
#define BASE_VCPU_CAP                SEL4_BASE_VCPU_CAP

#define MICROKIT_MAX_CHANNELS   62
#define MICROKIT_MAX_CHANNEL_ID (MICROKIT_MAX_CHANNELS - 1)
#define MICROKIT_PD_NAME_LENGTH 64

/*
 * A vCPU that its VMM has left blocked on a fault is woken by its virtual
 * timer: when CNTV_CVAL is reached, seL4_Fault_VPPIEvent is delivered for it.
 */
#define MICROKIT_VCPU_VTIMER_WAKES 1

/*
 * Guests have the EL1 physical timer: when it is due, seL4_Fault_VPPIEvent is delivered for interrupt 30, once until it
 * is acknowledged. Its control register, which the VMM resets and reads.
 */
#define MICROKIT_VCPU_CNTP_CTL ((seL4_VCPUReg)seL4_VCPUReg_Num)

/* Guests have self-hosted debug. The register that switches it on, which the VMM resets. */
#define MICROKIT_VCPU_MDSCR ((seL4_VCPUReg)(seL4_VCPUReg_Num + 2))

/*
 * The registers of a vCPU, an seL4_UserContext, while it waits for the reply to its fault. What is changed there is
 * what it goes on with; a program status that a guest must not have is put right by the kernel.
 */
#define MICROKIT_VCPU_REGISTERS(child) ((seL4_UserContext *)sel4_vcpu_frame(child))

/* What the program provides. `protected` and `fault` only where the system description can lead to them. */
void init(void);
void notified(microkit_channel ch);
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo);
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo);

extern char microkit_name[MICROKIT_PD_NAME_LENGTH];
extern seL4_Bool microkit_passive; /* whether it is passive="true" */

/* Sets of channels that exist, filled in by the image tool. */
extern seL4_Word microkit_irqs;
extern seL4_Word microkit_notifications;
extern seL4_Word microkit_pps;

/* A notification or acknowledgement that is sent before the next wait. */
extern seL4_Bool microkit_have_signal;
extern seL4_CPtr microkit_signal_cap;

/* Debug console; the number is written in decimal. */
void microkit_dbg_putc(int c);
void microkit_dbg_puts(const char *s);
void microkit_dbg_put8(seL4_Uint8 x);
void microkit_dbg_put32(seL4_Uint32 x);

/* Ends this PD with `error` as the address of its fault, after a line on the console. */
_Noreturn void microkit_internal_crash(seL4_Error error);

/* Complains about a channel that this PD does not have. */
void microkit_bad_channel(const char *function, microkit_channel ch);

static inline int microkit_channel_in(seL4_Word set, microkit_channel ch)
{
    return ch <= MICROKIT_MAX_CHANNEL_ID && (set >> ch & 1) != 0;
}

static inline void microkit_notify(microkit_channel ch)
{
    if (!microkit_channel_in(microkit_notifications, ch)) {
        microkit_bad_channel("microkit_notify", ch);
        return;
    }
    seL4_Word unused;
    SEL4_SYSCALL2(SYSCALL_NOTIFY, ch, 0, unused, unused);
}

static inline void microkit_irq_ack(microkit_channel ch)
{
    if (!microkit_channel_in(microkit_irqs, ch)) {
        microkit_bad_channel("microkit_irq_ack", ch);
        return;
    }
    seL4_Word unused;
    SEL4_SYSCALL2(SYSCALL_IRQ_ACK, ch, 0, unused, unused);
}

/* Sends what was deferred before, if anything. */
void microkit_deferred_flush(void);

static inline void microkit_deferred_notify(microkit_channel ch)
{
    if (!microkit_channel_in(microkit_notifications, ch)) {
        microkit_bad_channel("microkit_deferred_notify", ch);
        return;
    }
    microkit_deferred_flush();
    microkit_have_signal = seL4_True;
    microkit_signal_cap = BASE_OUTPUT_NOTIFICATION_CAP + ch;
}

static inline void microkit_deferred_irq_ack(microkit_channel ch)
{
    if (!microkit_channel_in(microkit_irqs, ch)) {
        microkit_bad_channel("microkit_deferred_irq_ack", ch);
        return;
    }
    microkit_deferred_flush();
    microkit_have_signal = seL4_True;
    microkit_signal_cap = BASE_IRQ_CAP + ch;
}

static inline microkit_msginfo microkit_ppcall(microkit_channel ch, microkit_msginfo msginfo)
{
    if (!microkit_channel_in(microkit_pps, ch)) {
        microkit_bad_channel("microkit_ppcall", ch);
        return seL4_MessageInfo_new(0, 0, 0, 0);
    }
    seL4_Word tag, unused;
    SEL4_SYSCALL2(SYSCALL_CALL, ch, msginfo.words[0], tag, unused);
    return (microkit_msginfo){{tag}};
}

static inline microkit_msginfo microkit_msginfo_new(seL4_Word label, seL4_Uint16 count)
{
    return seL4_MessageInfo_new(label, 0, 0, count);
}

static inline seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_label(msginfo);
}

static inline seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_length(msginfo);
}

static inline seL4_Word microkit_mr_get(seL4_Uint8 mr)
{
    return seL4_GetMR(mr);
}

static inline void microkit_mr_set(seL4_Uint8 mr, seL4_Word value)
{
    seL4_SetMR(mr, value);
}

/* Crashes this PD after naming the call that failed. */
_Noreturn void microkit_failed(const char *function, int error);

static inline void microkit_check(const char *function, int error)
{
    if (error != seL4_NoError) {
        microkit_failed(function, error);
    }
}

static inline void microkit_pd_restart(microkit_child pd, seL4_Word entry_point)
{
    microkit_check("microkit_pd_restart", sel4_tcb_write_by_call(BASE_TCB_CAP + pd, seL4_True, 1, &entry_point));
}

static inline void microkit_pd_stop(microkit_child pd)
{
    microkit_check("microkit_pd_stop", seL4_TCB_Suspend(BASE_TCB_CAP + pd));
}

static inline void microkit_pd_resume(microkit_child pd)
{
    microkit_check("microkit_pd_resume", seL4_TCB_Resume(BASE_TCB_CAP + pd));
}

/* Sets the PC of a vCPU and makes it runnable. */
static inline void microkit_vcpu_restart(microkit_child vcpu, seL4_Word entry_point)
{
    microkit_check("microkit_vcpu_restart", sel4_tcb_write_by_call(BASE_VM_TCB_CAP + vcpu, seL4_True, 1, &entry_point));
}

static inline void microkit_vcpu_stop(microkit_child vcpu)
{
    microkit_check("microkit_vcpu_stop", seL4_TCB_Suspend(BASE_VM_TCB_CAP + vcpu));
}

static inline void microkit_vcpu_arm_inject_irq(microkit_child vcpu, seL4_Uint16 irq, seL4_Uint8 priority,
                                                seL4_Uint8 group, seL4_Uint8 index)
{
    microkit_check("microkit_vcpu_arm_inject_irq",
                   seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + vcpu, irq, priority, group, index));
}

static inline void microkit_vcpu_arm_ack_vppi(microkit_child vcpu, seL4_Word irq)
{
    microkit_check("microkit_vcpu_arm_ack_vppi", seL4_ARM_VCPU_AckVPPI(BASE_VCPU_CAP + vcpu, irq));
}

static inline seL4_Word microkit_vcpu_arm_read_reg(microkit_child vcpu, seL4_Word reg)
{
    seL4_ARM_VCPU_ReadRegs_t result = seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + vcpu, reg);
    microkit_check("microkit_vcpu_arm_read_reg", result.error);
    return result.value;
}

static inline void microkit_vcpu_arm_write_reg(microkit_child vcpu, seL4_Word reg, seL4_Word value)
{
    microkit_check("microkit_vcpu_arm_write_reg", seL4_ARM_VCPU_WriteRegs(BASE_VCPU_CAP + vcpu, reg, value));
}

/* Passes a call on to the firmware; for a PD with smc="true". */
static inline void microkit_arm_smc_call(seL4_ARM_SMCContext *args, seL4_ARM_SMCContext *response)
{
    microkit_check("microkit_arm_smc_call", seL4_ARM_SMC_Call(ARM_SMC_CAP, args, response));
}

#endif
