/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What every bare guest is made of: a console and checks.
 *
 * A guest is a program at EL1 that checks what it sees of its machine and prints a line a check:
 *
 *     PASS name
 *     FAIL name: got 0x1 want 0x2
 *
 * and at its end "DONE n passed, m failed", after which it switches the machine off. The same file runs in a VM of
 * libvmm and, where that makes sense, on QEMU's own virt machine, which proves the checks right. Where the two differ
 * and the specification permits both, or QEMU does not follow it, the guest asks harness_is_native() and says why.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/bits.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(a)[0])

#define HARNESS_CPU_COUNT_MAX 4

/* Memory that the guest may use as it likes, behind its own and its device tree. */
#define HARNESS_FREE_RAM       0x401a0000
#define HARNESS_FREE_RAM_BYTES 0x60000

/* A page where nothing is, and one that is RAM natively, and a device of the VMM that holds what is stored otherwise.
 */
#define HARNESS_NOTHING       0x0c000000
#define HARNESS_SCRATCH       0x50000000
#define HARNESS_SCRATCH_BYTES 0x1000

/* The program of a guest. On return the results are printed and the machine is switched off. */
void guest_main(void);

/* The program of a further vCPU, started by psci_start_cpu; it need not return. */
void guest_secondary(size_t cpu);

/* General registers x0 to x30 at entry, then SP, VBAR_EL1 and DAIF. x30: only whether it was zero. */
extern uint64_t entry_registers[34];

void harness_put(const char *text);
void harness_put_hex(uint64_t value);
void harness_put_decimal(uint64_t value);

void check(const char *name, bool holds);
void check_equal(const char *name, uint64_t got, uint64_t want);
void check_range(const char *name, uint64_t got, uint64_t least, uint64_t most);

/* For loops: counts into one check. Only failures are printed, the first few of them, with `at`. */
void check_each(const char *name, uint64_t at, uint64_t got, uint64_t want);
/* Ends such a loop: one PASS if it had no failure. */
void check_all(const char *name);

/* Prints the results and switches the machine off. */
_Noreturn void harness_end(void);

/* Whether this is QEMU's machine, without a VMM. */
bool harness_is_native(void);

#define READ_SYSREG(name)                                                                                              \
    ({                                                                                                                 \
        uint64_t value_;                                                                                               \
        __asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory");                                                \
        value_;                                                                                                        \
    })
#define WRITE_SYSREG(name, value) __asm__ volatile("msr " #name ", %0\n isb" : : "r"((uint64_t)(value)) : "memory")

static inline uint8_t read8(uintptr_t at)
{
    uint32_t value;
    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return (uint8_t)value;
}

static inline uint16_t read16(uintptr_t at)
{
    uint32_t value;
    __asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return (uint16_t)value;
}

static inline uint32_t read32(uintptr_t at)
{
    uint32_t value;
    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline uint64_t read64(uintptr_t at)
{
    uint64_t value;
    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline void write8(uintptr_t at, uint32_t value)
{
    __asm__ volatile("strb %w0, [%1]" : : "r"(value), "r"(at) : "memory");
}

static inline void write16(uintptr_t at, uint32_t value)
{
    __asm__ volatile("strh %w0, [%1]" : : "r"(value), "r"(at) : "memory");
}

static inline void write32(uintptr_t at, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(at) : "memory");
}

static inline void write64(uintptr_t at, uint64_t value)
{
    __asm__ volatile("str %0, [%1]" : : "r"(value), "r"(at) : "memory");
}
