/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls to the firmware for PDs; see firmware.h.
 */
#include "kernel/core/firmware.h"

#include "kernel/aarch64/smc.h"

#define NOT_SUPPORTED (~0ULL) /* [SMCCC 5.2] */

/* [PSCI 5.1] */
static const uint32_t allowed[] = {
    0x84000000, /* PSCI_VERSION */
    0x84000008, /* SYSTEM_OFF */
    0x84000009, /* SYSTEM_RESET */
    0x8400000a, /* PSCI_FEATURES */
    0x84000012, /* SYSTEM_RESET2 */
    0xc4000012, /* SYSTEM_RESET2, 64-bit arguments */
};

static const struct image_smc *smc_table;
static uint32_t smc_count;

void firmware_init(const struct image *image)
{
    smc_table = (const struct image_smc *)image->smcs_paddr;
    smc_count = image->smc_count;
}

static bool is_allowed(const struct thread *pd, uint32_t function)
{
    for (size_t i = 0; i < ARRAY_COUNT(allowed); i++) {
        if (allowed[i] == function) {
            return true;
        }
    }
    for (uint32_t i = 0; i < smc_count; i++) {
        const struct image_smc *smc = &smc_table[i];
        if (smc->thread == thread_index(pd) && function >= smc->first && function <= smc->last) {
            return true;
        }
    }
    return false;
}

void firmware_call(const struct thread *pd, uint64_t words[8])
{
    /* A copy: the PD's IPC buffer may change meanwhile. The upper half of x0 says nothing [SMCCC 2.5]. */
    uint64_t call[8] = {(uint32_t)words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]};

    if (is_allowed(pd, (uint32_t)call[0])) {
        smc_call(call);
    } else {
        call[0] = NOT_SUPPORTED;
    }
    for (size_t i = 0; i < ARRAY_COUNT(call); i++) {
        words[i] = call[i];
    }
}
