/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Calls of the firmware: see psci.h.
 */
#include "psci.h"

void harness_secondary_entry(void);

#define CALL(instruction)                                                                                              \
    __asm__ volatile("mov x19, %0\n"                                                                                   \
                     "ldp x0, x1, [x19]\n"                                                                             \
                     "ldp x2, x3, [x19, #16]\n"                                                                        \
                     "ldp x4, x5, [x19, #32]\n"                                                                        \
                     "ldp x6, x7, [x19, #48]\n"                                                                        \
                     "ldp x8, x9, [x19, #64]\n"                                                                        \
                     "ldp x10, x11, [x19, #80]\n"                                                                      \
                     "ldp x12, x13, [x19, #96]\n"                                                                      \
                     "ldp x14, x15, [x19, #112]\n"                                                                     \
                     "ldp x16, x17, [x19, #128]\n" instruction "\n"                                                    \
                     "stp x0, x1, [x19]\n"                                                                             \
                     "stp x2, x3, [x19, #16]\n"                                                                        \
                     "stp x4, x5, [x19, #32]\n"                                                                        \
                     "stp x6, x7, [x19, #48]\n"                                                                        \
                     "stp x8, x9, [x19, #64]\n"                                                                        \
                     "stp x10, x11, [x19, #80]\n"                                                                      \
                     "stp x12, x13, [x19, #96]\n"                                                                      \
                     "stp x14, x15, [x19, #112]\n"                                                                     \
                     "stp x16, x17, [x19, #128]\n"                                                                     \
                     :                                                                                                 \
                     : "r"(registers)                                                                                  \
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",  \
                       "x15", "x16", "x17", "x19", "memory")

void smccc_hvc(struct smccc_registers *registers)
{
    CALL("hvc #0");
}

void smccc_smc(struct smccc_registers *registers)
{
    CALL("smc #0");
}

uint64_t psci_call(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
    struct smccc_registers registers = {{function, a1, a2, a3}};
    smccc_hvc(&registers);
    return registers.x[0];
}

uint64_t psci_start_cpu(size_t cpu)
{
    return psci_call(PSCI_64(PSCI_CPU_ON), cpu, (uintptr_t)harness_secondary_entry, cpu);
}
