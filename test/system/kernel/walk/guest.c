/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * vCPU 0 branches into a page of device registers again and again, which
 * stage 2 does not permit. vCPU 1 meanwhile exchanges the last level of the
 * translation tables for a page in which there is nothing, and back.
 */
#include "guest.h"
#include "items.h"

#define LEVEL1 ((volatile uint64_t *)0x40008000)
#define LEVEL2 ((volatile uint64_t *)0x40009000)
#define LEVEL3 ((volatile uint64_t *)0x4000a000)

#define DEVICE_PAGE           0x9010000UL
#define NOTHING_PAGE          0x9020000UL
#define INDEX(level, address) ((address) >> (39 - 9 * (level)) & 0x1ff)

#define PTE_TABLE  0x3
#define PTE_PAGE   0x403                     /* access flag, device */
#define PTE_NORMAL (0x401 | 3 << 8 | 1 << 2) /* block, inner shareable */

/* T0SZ 25, nothing by TTBR1, walks inner shareable and write-back, 40 bits of physical addresses. */
#define TCR (25UL | 1UL << 8 | 1UL << 10 | 3UL << 12 | 1UL << 23 | 2UL << 32)

/* What stage 1 itself does not let through comes here: external aborts of walks. */
__asm__(".text\n"
        ".balign 2048\n"
        "walk_vectors: .space 0x200\n"
        "    mov x0, #1\n" /* GUEST_REPORT */
        "    mov x1, #1\n" /* ITEM_WALK_ABORTED */
        "    mrs x2, esr_el1\n"
        "    hvc #0\n"
        "branch_again:\n"
        "    mov x3, #0x9010000\n"
        "    br x3\n");
extern char walk_vectors[], branch_again[];

static void enable_mmu(void)
{
    GUEST_WRITE(mair_el1, 0xff00);
    GUEST_WRITE(tcr_el1, TCR);
    GUEST_WRITE(ttbr0_el1, LEVEL1);
    __asm__ volatile("tlbi vmalle1\n dsb sy\n isb" : : : "memory");
    GUEST_WRITE(sctlr_el1, GUEST_READ(sctlr_el1) | 0x30d00801);
}

static _Noreturn void branch(void)
{
    LEVEL1[INDEX(1, DEVICE_PAGE)] = (uint64_t)LEVEL2 | PTE_TABLE;
    LEVEL1[INDEX(1, VM_ENTRY)] = VM_ENTRY | PTE_NORMAL;
    LEVEL2[INDEX(2, DEVICE_PAGE)] = (uint64_t)LEVEL3 | PTE_TABLE;
    LEVEL3[INDEX(3, DEVICE_PAGE)] = DEVICE_PAGE | PTE_PAGE;
    __asm__ volatile("dsb sy" : : : "memory");
    GUEST_WRITE(vbar_el1, walk_vectors);
    enable_mmu();
    guest_report(ITEM_READY, (uint64_t)branch_again);
    __builtin_unreachable();
}

static _Noreturn void toggle(void)
{
    volatile uint64_t *entry = &LEVEL2[INDEX(2, DEVICE_PAGE)];
    for (;;) {
        *entry = NOTHING_PAGE | PTE_TABLE;
        for (volatile int i = 0; i < 8; i++) {
        }
        *entry = (uint64_t)LEVEL3 | PTE_TABLE;
        for (volatile int i = 0; i < 8; i++) {
        }
    }
}

void guest_main(uint64_t vcpu)
{
    if (vcpu == VCPU_BRANCHES) {
        branch();
    }
    toggle();
}
