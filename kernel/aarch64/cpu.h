/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Single instructions and system registers of the processor.
 */
#ifndef KERNEL_ARCH_CPU_H
#define KERNEL_ARCH_CPU_H

#include "kernel/core/core.h"

#define SYSREG_READ(name)                                                                                              \
    ({                                                                                                                 \
        uint64_t value_;                                                                                               \
        __asm__ volatile("mrs %0, " #name : "=r"(value_));                                                             \
        value_;                                                                                                        \
    })

#define SYSREG_WRITE(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

static inline struct core *cpu_core(void)
{
    return (struct core *)SYSREG_READ(tpidr_el2);
}

/* The guest-physical address of a fault, where HPFAR_EL2 tells it [Arm ARM D17.2.62]. */
static inline uint64_t cpu_fault_ipa(void)
{
    return BITS_GET(39, 4, SYSREG_READ(hpfar_el2)) << 12 | (SYSREG_READ(far_el2) & BITS(11, 0));
}

static inline void cpu_relax(void)
{
    __asm__ volatile("yield" : : : "memory");
}

static inline void cpu_wait_for_interrupt(void)
{
    __asm__ volatile("dsb sy\n wfi" : : : "memory");
}

static inline void cpu_isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

static inline void cpu_dsb(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

#endif
