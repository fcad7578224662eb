/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The kernel's own address space: EL2 stage 1, 39 bits, 4 KiB granule, first
 * level 1 [Arm ARM D8]. RAM is mapped for writing and not for execution, but
 * for the kernel's own pages: text is executable, text and constants are
 * read-only. What is not RAM below 4 GiB is mapped as device memory.
 */
#include "kernel/aarch64/mmu.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/board/board.h"

#define GIB          0x40000000ULL
#define MIB_2        0x200000ULL
#define PAGE         0x1000ULL
#define ENTRY_COUNT  512
#define DEVICE_LIMIT (4 * GIB)

#define PTE_VALID     BIT(0)
#define PTE_TABLE     BIT(1) /* table, or page at the last level */
#define PTE_NORMAL    (1ULL << 2)
#define PTE_AP_RES1   BIT(6)
#define PTE_READ_ONLY BIT(7)
#define PTE_INNER     (3ULL << 8)
#define PTE_AF        BIT(10)
#define PTE_XN        BIT(54)

#define PTE_RAM    (PTE_VALID | PTE_NORMAL | PTE_AP_RES1 | PTE_INNER | PTE_AF | PTE_XN)
#define PTE_DEVICE (PTE_VALID | PTE_AP_RES1 | PTE_AF | PTE_XN)

#define MAIR_DEVICE_NORMAL 0xff04ULL /* 0: Device-nGnRE, 1: normal write-back */

#define TCR_RES1   (BIT(31) | BIT(23))
#define TCR_SHARED (3ULL << 12 | 1ULL << 10 | 1ULL << 8) /* walks: inner shareable, write-back */
#define TCR_39BIT  25ULL

#define VTCR_RES1   BIT(31)
#define VTCR_LEVEL1 (1ULL << 6)

#define SCTLR_RES1 0x30c50830ULL
#define SCTLR_M    BIT(0)
#define SCTLR_C    BIT(2)
#define SCTLR_SA   BIT(3)
#define SCTLR_I    BIT(12)
#define SCTLR_WXN  BIT(19)

/* kernel.ld */
extern const char kernel_text_start[], kernel_text_end[], kernel_rodata_end[];

static uint64_t level1[ENTRY_COUNT] __attribute__((aligned(4096)));
static uint64_t level2[ENTRY_COUNT] __attribute__((aligned(4096)));
static uint64_t level3[ENTRY_COUNT] __attribute__((aligned(4096)));

static bool is_ram(uint64_t gib_base)
{
    for (size_t i = 0; i < IMAGE_BOARD_RAM_COUNT; i++) {
        const struct image_range *ram = &kernel_board.ram[i];
        if (ram->size_bytes != 0 && gib_base < ram->base + ram->size_bytes && ram->base < gib_base + GIB) {
            return true;
        }
    }
    return false;
}

static uint64_t page_rights(uint64_t page)
{
    if (page >= (uint64_t)kernel_text_start && page < (uint64_t)kernel_text_end) {
        return (PTE_RAM & ~PTE_XN) | PTE_READ_ONLY;
    }
    if (page >= (uint64_t)kernel_text_end && page < (uint64_t)kernel_rodata_end) {
        return PTE_RAM | PTE_READ_ONLY;
    }
    return PTE_RAM;
}

void mmu_init(void)
{
    uint64_t kernel = kernel_board.kernel.base;
    uint64_t kernel_gib = kernel & ~(GIB - 1);

    for (uint64_t i = 0; i < ENTRY_COUNT; i++) {
        uint64_t gib = i * GIB;
        if (is_ram(gib)) {
            level1[i] = gib | PTE_RAM;
        } else if (gib < DEVICE_LIMIT) {
            level1[i] = gib | PTE_DEVICE;
        }
        level2[i] = (kernel_gib + i * MIB_2) | PTE_RAM;
        uint64_t page = (kernel & ~(MIB_2 - 1)) + i * PAGE;
        level3[i] = page | page_rights(page) | PTE_TABLE;
    }
    level1[kernel_gib / GIB] = (uint64_t)level2 | PTE_VALID | PTE_TABLE;
    level2[(kernel - kernel_gib) / MIB_2] = (uint64_t)level3 | PTE_VALID | PTE_TABLE;
}

/* [Arm ARM D17.2.67] Physical address size, at most 48 bits. */
static uint64_t physical_size(void)
{
    uint64_t range = SYSREG_READ(id_aa64mmfr0_el1) & 0xf;
    return range > 5 ? 5 : range;
}

void mmu_enable(void)
{
    SYSREG_WRITE(mair_el2, MAIR_DEVICE_NORMAL);
    SYSREG_WRITE(tcr_el2, TCR_RES1 | TCR_SHARED | TCR_39BIT | physical_size() << 16);
    SYSREG_WRITE(ttbr0_el2, (uint64_t)level1);
    SYSREG_WRITE(vtcr_el2, VTCR_RES1 | TCR_SHARED | VTCR_LEVEL1 | TCR_39BIT | physical_size() << 16);
    __asm__ volatile("dsb sy\n isb\n tlbi alle2\n tlbi alle1\n ic iallu\n dsb sy\n isb" : : : "memory");
    SYSREG_WRITE(sctlr_el2, SCTLR_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN);
    cpu_isb();
}
