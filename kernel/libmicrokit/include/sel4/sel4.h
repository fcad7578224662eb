/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The part of seL4's user interface that the Microkit shows to a VMM on
 * AArch64, for the built-in kernel: types, errors, fault messages, and the
 * calls on a vCPU and its thread that return an error.
 *
 * Left out: capabilities as such. A capability is a number out of the ranges
 * that <microkit.h> names, and the kernel looks its bearer's child up by it.
 */
#ifndef SEL4_SEL4_H
#define SEL4_SEL4_H

#include <stdint.h>

#include "kernel/abi/image.h"
#include "kernel/abi/syscall.h"
#include "kernel/abi/vcpu_page.h"

typedef uint8_t seL4_Uint8;
typedef uint16_t seL4_Uint16;
typedef uint32_t seL4_Uint32;
typedef uint64_t seL4_Uint64;
typedef uint64_t seL4_Word;
typedef uint64_t seL4_CPtr;
typedef int8_t seL4_Bool;

#define seL4_True  1
#define seL4_False 0

typedef enum {
    seL4_NoError = 0,
    seL4_InvalidArgument,
    seL4_InvalidCapability,
    seL4_IllegalOperation,
    seL4_RangeError,
    seL4_AlignmentError,
    seL4_FailedLookup,
    seL4_TruncatedMessage,
    seL4_DeleteFirst,
    seL4_RevokeFirst,
    seL4_NotEnoughMemory,
} seL4_Error;

/* Labels of fault messages. */
typedef enum {
    seL4_Fault_NullFault = 0,
    seL4_Fault_CapFault = 1,
    seL4_Fault_UnknownSyscall = 2,
    seL4_Fault_UserException = 3,
    seL4_Fault_Timeout = 5,
    seL4_Fault_VMFault = 6,
    seL4_Fault_VGICMaintenance = 7,
    seL4_Fault_VCPUFault = 8,
    seL4_Fault_VPPIEvent = 9,
} seL4_FaultType;

/* Message registers of each kind of fault. */
enum {
    seL4_VMFault_IP,
    seL4_VMFault_Addr,
    seL4_VMFault_PrefetchFault,
    seL4_VMFault_FSR,
    seL4_VMFault_Length,
};

enum {
    seL4_UnknownSyscall_X0,
    seL4_UnknownSyscall_X1,
    seL4_UnknownSyscall_X2,
    seL4_UnknownSyscall_X3,
    seL4_UnknownSyscall_X4,
    seL4_UnknownSyscall_X5,
    seL4_UnknownSyscall_X6,
    seL4_UnknownSyscall_X7,
    seL4_UnknownSyscall_FaultIP,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_LR,
    seL4_UnknownSyscall_SPSR,
    seL4_UnknownSyscall_Syscall,
    seL4_UnknownSyscall_Length,
};

enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_SPSR,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length,
};

enum {
    seL4_VGICMaintenance_IDX,
    seL4_VGICMaintenance_Length,
};

enum {
    seL4_VCPUFault_HSR,
    seL4_VCPUFault_Length,
};

enum {
    seL4_VPPIEvent_IRQ,
    seL4_VPPIEvent_Length,
};

/* Registers of a vCPU's EL1 state, in the order of their numbers. */
typedef enum {
    seL4_VCPUReg_SCTLR = 0,
    seL4_VCPUReg_CPACR,
    seL4_VCPUReg_TTBR0,
    seL4_VCPUReg_TTBR1,
    seL4_VCPUReg_TCR,
    seL4_VCPUReg_MAIR,
    seL4_VCPUReg_AMAIR,
    seL4_VCPUReg_CIDR,
    seL4_VCPUReg_ACTLR,
    seL4_VCPUReg_AFSR0,
    seL4_VCPUReg_AFSR1,
    seL4_VCPUReg_ESR,
    seL4_VCPUReg_FAR,
    seL4_VCPUReg_PAR,
    seL4_VCPUReg_VBAR,
    seL4_VCPUReg_TPIDR_EL1,
    seL4_VCPUReg_VMPIDR_EL2,
    seL4_VCPUReg_SP_EL1,
    seL4_VCPUReg_ELR_EL1,
    seL4_VCPUReg_SPSR_EL1,
    seL4_VCPUReg_CNTV_CTL,
    seL4_VCPUReg_CNTV_CVAL,
    seL4_VCPUReg_CNTVOFF,
    seL4_VCPUReg_CNTKCTL_EL1,
    seL4_VCPUReg_Num,
} seL4_VCPUReg;

/* A thread's registers, in the order in which they are transferred. */
typedef struct seL4_UserContext_ {
    seL4_Word pc, sp, spsr;
    seL4_Word x0, x1, x2, x3, x4, x5, x6, x7, x8, x16, x17, x18, x29, x30;
    seL4_Word x9, x10, x11, x12, x13, x14, x15;
    seL4_Word x19, x20, x21, x22, x23, x24, x25, x26, x27, x28;
    seL4_Word tpidr_el0, tpidrro_el0;
} seL4_UserContext;

#define SEL4_USER_CONTEXT_WORDS 36
_Static_assert(sizeof(seL4_UserContext) == SEL4_USER_CONTEXT_WORDS * sizeof(seL4_Word), "register order of the ABI");

typedef struct {
    seL4_Word x0, x1, x2, x3, x4, x5, x6, x7;
} seL4_ARM_SMCContext;

typedef struct {
    seL4_Word words[1];
} seL4_MessageInfo_t;

typedef struct {
    int error;
    seL4_Word value;
} seL4_ARM_VCPU_ReadRegs_t;

/*
 * The kernel writes the page of a vCPU's registers in this order, and takes
 * them from there when the vCPU goes on (what it must not trust, it checks).
 * Reading and writing them is therefore no kernel call while the vCPU waits
 * for the reply to its fault, which is when a VMM wants them.
 */
static inline seL4_Word *sel4_vcpu_frame(seL4_Word vcpu)
{
    return (seL4_Word *)(IMAGE_PD_VCPU_FRAMES + vcpu * 0x1000);
}

/* The same page, with what else is in it. */
static inline struct vcpu_page *sel4_vcpu_page(seL4_Word vcpu)
{
    return (struct vcpu_page *)(IMAGE_PD_VCPU_FRAMES + vcpu * 0x1000);
}

/* Members of that page. The kernel may look at any time, but on this core: its order is the program's. */
#define SEL4_PAGE_READ(member)         __atomic_load_n(&(member), __ATOMIC_RELAXED)
#define SEL4_PAGE_WRITE(member, value) __atomic_store_n(&(member), (value), __ATOMIC_RELAXED)
#define SEL4_PAGE_FENCE()              __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* vCPUs, a bit each, that are known to exist: for others there is no page. */
extern seL4_Word sel4_vcpus;

/* The thread capability of the vCPU that waits for a reply, or 0. Kept by the main loop. */
extern seL4_CPtr sel4_faulting_tcb;

int sel4_tcb_read_by_call(seL4_CPtr tcb, seL4_Bool suspend_source, seL4_Word count, seL4_Word *words);
int sel4_tcb_write_by_call(seL4_CPtr tcb, seL4_Bool resume_target, seL4_Word count, const seL4_Word *words);

#define SEL4_BASE_VM_TCB_CAP 266
#define SEL4_BASE_VCPU_CAP   330
#define SEL4_VTIMER_IRQ      27

/* Copies the first `count` registers of a thread out; 0 or an seL4_Error. */
static inline int seL4_TCB_ReadRegisters(seL4_CPtr tcb, seL4_Bool suspend_source, seL4_Uint8 arch_flags,
                                         seL4_Word count, seL4_UserContext *regs)
{
    (void)arch_flags;
    if (tcb != sel4_faulting_tcb || suspend_source || count > SEL4_USER_CONTEXT_WORDS) {
        return sel4_tcb_read_by_call(tcb, suspend_source, count, (seL4_Word *)regs);
    }
    const seL4_Word *frame = sel4_vcpu_frame(tcb - SEL4_BASE_VM_TCB_CAP);
    seL4_Word *to = (seL4_Word *)regs;
    for (seL4_Word i = 0; i < count; i++) {
        to[i] = frame[i];
    }
    return seL4_NoError;
}

/* Sets the first `count` registers of a thread; 0 or an seL4_Error. */
static inline int seL4_TCB_WriteRegisters(seL4_CPtr tcb, seL4_Bool resume_target, seL4_Uint8 arch_flags,
                                          seL4_Word count, seL4_UserContext *regs)
{
    (void)arch_flags;
    if (tcb != sel4_faulting_tcb || resume_target || count > SEL4_USER_CONTEXT_WORDS) {
        return sel4_tcb_write_by_call(tcb, resume_target, count, (const seL4_Word *)regs);
    }
    seL4_Word *frame = sel4_vcpu_frame(tcb - SEL4_BASE_VM_TCB_CAP);
    const seL4_Word *from = (const seL4_Word *)regs;
    for (seL4_Word i = 0; i < count; i++) {
        frame[i] = from[i];
    }
    return seL4_NoError;
}

int seL4_TCB_Suspend(seL4_CPtr tcb);
int seL4_TCB_Resume(seL4_CPtr tcb);

/* A system call with two arguments; everything but x0 and x1 is preserved. */
#define SEL4_SYSCALL2(number, a0, a1, r0, r1)                                                                          \
    do {                                                                                                               \
        register seL4_Word x0_ __asm__("x0") = (a0);                                                                   \
        register seL4_Word x1_ __asm__("x1") = (a1);                                                                   \
        __asm__ volatile("svc %[nr]" : "+r"(x0_), "+r"(x1_) : [nr] "i"(number) : "memory");                            \
        (r0) = x0_;                                                                                                    \
        (r1) = x1_;                                                                                                    \
        (void)(r0);                                                                                                    \
        (void)(r1);                                                                                                    \
    } while (0)

/* One with up to five. */
#define SEL4_SYSCALL(number, a0, a1, a2, a3, a4, r0, r1)                                                               \
    do {                                                                                                               \
        register seL4_Word x0_ __asm__("x0") = (a0);                                                                   \
        register seL4_Word x1_ __asm__("x1") = (a1);                                                                   \
        register seL4_Word x2_ __asm__("x2") = (a2);                                                                   \
        register seL4_Word x3_ __asm__("x3") = (a3);                                                                   \
        register seL4_Word x4_ __asm__("x4") = (a4);                                                                   \
        __asm__ volatile("svc %[nr]"                                                                                   \
                         : "+r"(x0_), "+r"(x1_)                                                                        \
                         : [nr] "i"(number), "r"(x2_), "r"(x3_), "r"(x4_)                                              \
                         : "memory");                                                                                  \
        (r0) = x0_;                                                                                                    \
        (r1) = x1_;                                                                                                    \
        (void)(r0);                                                                                                    \
        (void)(r1);                                                                                                    \
    } while (0)

int sel4_vcpu_inject_by_call(seL4_CPtr vcpu, seL4_Uint16 virq, seL4_Uint8 priority, seL4_Uint8 group, seL4_Uint8 index);

/*
 * Writes list register `index`; seL4_DeleteFirst: in use, seL4_RangeError: no such register or argument too large. Into
 * one that is known to be empty, and on the vCPU's own core, it is no kernel call.
 */
static inline int seL4_ARM_VCPU_InjectIRQ(seL4_CPtr vcpu, seL4_Uint16 virq, seL4_Uint8 priority, seL4_Uint8 group,
                                          seL4_Uint8 index)
{
    const seL4_Word child = vcpu - SEL4_BASE_VCPU_CAP;
    const seL4_Uint32 request = VCPU_PAGE_LR_VALID | virq | (seL4_Uint32)priority << VCPU_PAGE_LR_PRIORITY_SHIFT |
                                (seL4_Uint32)group << VCPU_PAGE_LR_GROUP_SHIFT;
    struct vcpu_page *page = sel4_vcpu_page(child);
    seL4_Word empty = 0;
    if (child < IMAGE_CHILD_COUNT && (sel4_vcpus >> child & 1) != 0) {
        empty = SEL4_PAGE_READ(page->lr_empty);
    }
    if (index >= 64 || (empty >> index & 1) == 0 || (virq >> 10 | priority >> 5 | group >> 1) != 0) {
        return sel4_vcpu_inject_by_call(vcpu, virq, priority, group, index);
    }
    SEL4_PAGE_WRITE(page->lr_empty, empty & ~(1ULL << index));
    SEL4_PAGE_WRITE(page->lr[index], request);
    SEL4_PAGE_FENCE();
    SEL4_PAGE_WRITE(page->requests, SEL4_PAGE_READ(page->requests) | 1ULL << index);
    return seL4_NoError;
}

static inline seL4_ARM_VCPU_ReadRegs_t seL4_ARM_VCPU_ReadRegs(seL4_CPtr vcpu, seL4_Word field)
{
    seL4_Word error, value;
    SEL4_SYSCALL2(SYSCALL_VCPU_READ, vcpu, field, error, value);
    return (seL4_ARM_VCPU_ReadRegs_t){.error = (int)error, .value = value};
}

static inline int seL4_ARM_VCPU_WriteRegs(seL4_CPtr vcpu, seL4_Word field, seL4_Word value)
{
    seL4_Word error, unused;
    SEL4_SYSCALL(SYSCALL_VCPU_WRITE, vcpu, field, value, 0, 0, error, unused);
    return (int)error;
}

static inline int seL4_ARM_VCPU_AckVPPI(seL4_CPtr vcpu, seL4_Word irq)
{
    seL4_Word error, unused;
    /* The kernel looks into the page of a vCPU when its fault is over, answered or not. */
    if (vcpu - SEL4_BASE_VCPU_CAP == sel4_faulting_tcb - SEL4_BASE_VM_TCB_CAP && irq == SEL4_VTIMER_IRQ) {
        struct vcpu_page *page = sel4_vcpu_page(vcpu - SEL4_BASE_VCPU_CAP);
        SEL4_PAGE_WRITE(page->requests, SEL4_PAGE_READ(page->requests) | VCPU_PAGE_ACK_VTIMER);
        return seL4_NoError;
    }
    SEL4_SYSCALL2(SYSCALL_VCPU_ACK_VPPI, vcpu, irq, error, unused);
    return (int)error;
}

int seL4_ARM_SMC_Call(seL4_CPtr smc, const seL4_ARM_SMCContext *args, seL4_ARM_SMCContext *response);

static inline seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Word label, seL4_Word caps_unwrapped, seL4_Word extra_caps,
                                                      seL4_Word length)
{
    (void)caps_unwrapped;
    (void)extra_caps;
    return (seL4_MessageInfo_t){{label << MSGINFO_LABEL_SHIFT | (length & ((1u << MSGINFO_COUNT_BITS) - 1))}};
}

static inline seL4_Word seL4_MessageInfo_get_label(seL4_MessageInfo_t info)
{
    return info.words[0] >> MSGINFO_LABEL_SHIFT;
}

static inline seL4_Word seL4_MessageInfo_get_length(seL4_MessageInfo_t info)
{
    return info.words[0] & ((1u << MSGINFO_COUNT_BITS) - 1);
}

static inline seL4_Word seL4_GetMR(int i)
{
    return ((volatile seL4_Word *)IMAGE_PD_IPC_BUFFER)[i];
}

static inline void seL4_SetMR(int i, seL4_Word value)
{
    ((volatile seL4_Word *)IMAGE_PD_IPC_BUFFER)[i] = value;
}

#endif
