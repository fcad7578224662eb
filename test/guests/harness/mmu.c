/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Translation tables: see mmu.h. Both halves have 39 bits. With 4 KiB that is a table of level 1 with blocks of 1 GiB;
 * with 64 KiB, one of level 2 with blocks of 512 MiB [Arm ARM D8].
 */
#include "mmu.h"

#define VALID     UINT64_C(1)
#define TABLE     UINT64_C(3)
#define PAGE      UINT64_C(3)
#define ACCESSED  BIT(10)
#define SHAREABLE (UINT64_C(3) << 8)
#define DEVICE    (ACCESSED | BIT(54) | BIT(53))                            /* MAIR's first; never executed */
#define MEMORY    (ACCESSED | SHAREABLE | UINT64_C(1) << 2)                 /* MAIR's second */
#define MAIR      UINT64_C(0xff00)                                          /* nGnRnE; write-back */
#define TCR_BOTH  (25 | 25 << 16 | UINT64_C(0x3500) | UINT64_C(0x35000000)) /* 39 bits, shareable, write-back */
#define TCR_TG1   30
#define SCTLR_ON  UINT64_C(0x1005) /* M, C, I */

#define RAM_BASE  0x40000000u
#define RAM_BYTES 0x200000u
#define BLOCK_2M  0x200000u
#define PAGE_64K  0x10000u

/* Outside of the image: they are large. */
#define TABLES_64K_2 (HARNESS_FREE_RAM + 0x10000)
#define TABLES_64K_3 (HARNESS_FREE_RAM + 0x20000)

static uint64_t level_1[512] __attribute__((aligned(4096)));
static uint64_t level_2[512] __attribute__((aligned(4096)));

static void fill_4k(void)
{
    level_1[0] = DEVICE | VALID;
    level_1[1] = (uintptr_t)level_2 | TABLE;
    level_1[3] = HARNESS_NOTHING | TABLE;
    level_2[0] = RAM_BASE | MEMORY | VALID;
    level_2[(HARNESS_SCRATCH - RAM_BASE) / BLOCK_2M] = HARNESS_SCRATCH | DEVICE | VALID;
}

static void fill_64k(void)
{
    uint64_t *const table_2 = (uint64_t *)TABLES_64K_2;
    uint64_t *const table_3 = (uint64_t *)TABLES_64K_3;
    for (size_t i = 0; i < 8192; i++) {
        table_3[i] = 0;
    }
    for (size_t i = 0; i < 1024; i++) {
        table_2[i] = 0;
    }
    table_2[0] = DEVICE | VALID;
    table_2[2] = TABLES_64K_3 | TABLE;
    for (size_t i = 0; i < RAM_BYTES / PAGE_64K; i++) {
        table_3[i] = (RAM_BASE + i * PAGE_64K) | MEMORY | PAGE;
    }
    table_3[(HARNESS_SCRATCH - RAM_BASE) / PAGE_64K] = HARNESS_SCRATCH | DEVICE | PAGE;
}

void mmu_on(enum mmu_granule upper)
{
    fill_4k();
    fill_64k();
    WRITE_SYSREG(mair_el1, MAIR);
    WRITE_SYSREG(tcr_el1, TCR_BOTH | (upper == MMU_4K ? UINT64_C(2) : UINT64_C(3)) << TCR_TG1);
    WRITE_SYSREG(ttbr0_el1, (uintptr_t)level_1);
    WRITE_SYSREG(ttbr1_el1, upper == MMU_4K ? (uintptr_t)level_1 : TABLES_64K_2);
    __asm__ volatile("dsb sy\n tlbi vmalle1\n dsb sy\n ic iallu\n dsb sy\n isb" : : : "memory");
    WRITE_SYSREG(sctlr_el1, READ_SYSREG(sctlr_el1) | SCTLR_ON);
}

void mmu_off(void)
{
    WRITE_SYSREG(sctlr_el1, READ_SYSREG(sctlr_el1) & ~SCTLR_ON);
    __asm__ volatile("tlbi vmalle1\n dsb sy\n isb" : : : "memory");
}
