/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Words that every file of the kernel uses.
 */
#ifndef KERNEL_CORE_TYPES_H
#define KERNEL_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/bits.h"

#include "kernel/abi/image.h"
#include "kernel/abi/syscall.h"

#define BITS(hi, lo)        ((~0ULL >> (63 - (hi))) & (~0ULL << (lo)))
#define BITS_GET(hi, lo, v) (((v)&BITS(hi, lo)) >> (lo))
#define ARRAY_COUNT(array)  (sizeof(array) / sizeof((array)[0]))

/* For what is off the path of a guest's exit, to keep that short. */
#define COLD              __attribute__((noinline, cold))
#define NOINLINE          __attribute__((noinline))
#define LIKELY(condition) __builtin_expect(condition, 1)

/* Errors of calls on vCPUs and threads, numbered as seL4 does. */
enum error {
    ERROR_NONE = 0,
    ERROR_INVALID_ARGUMENT = 1,
    ERROR_INVALID_CAPABILITY = 2,
    ERROR_ILLEGAL_OPERATION = 3,
    ERROR_RANGE = 4,
    ERROR_DELETE_FIRST = 8,
};

/* Fault labels, numbered as seL4 does. */
enum fault_label {
    FAULT_UNKNOWN_SYSCALL = 2,
    FAULT_USER_EXCEPTION = 3,
    FAULT_VM = 6,
    FAULT_VGIC_MAINTENANCE = 7,
    FAULT_VCPU = 8,
    FAULT_VPPI_EVENT = 9,
};

static inline uint64_t msginfo(uint64_t label, uint64_t count)
{
    return label << MSGINFO_LABEL_SHIFT | count;
}

static inline uint64_t msginfo_label(uint64_t tag)
{
    return tag >> MSGINFO_LABEL_SHIFT;
}

/* Never more than an IPC buffer's message registers hold. */
static inline uint64_t msginfo_count(uint64_t tag)
{
    uint64_t count = tag & (BIT(MSGINFO_COUNT_BITS) - 1);
    return count > IPC_WORD_COUNT ? IPC_WORD_COUNT : count;
}

#endif
