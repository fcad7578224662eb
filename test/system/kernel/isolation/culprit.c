/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A PD that does the one thing that its name says and that it must not. The
 * kernel reports it and stops it, or it goes on and says so.
 */
#include "harness.h"

#define UNMAPPED  0x123456000
#define KERNEL    0x40000000 /* physical address of the kernel's first page */
#define SECRET_PA 0x60000000 /* physical address of the witness's memory */
#define SECRET_VA 0x8000000  /* where the witness has it */
#define DEVICE    0x9010000  /* physical address of the real-time clock */
#define READ_ONLY 0x9000000
#define DATA      0xa000000

static volatile seL4_Word own_data = 0xd65f03c0; /* ret */

static void read(seL4_Word address)
{
    (void)*(volatile seL4_Word *)address;
}

static void write(seL4_Word address)
{
    *(volatile seL4_Word *)address = 1;
}

static void execute(seL4_Word address)
{
    ((void (*)(void))address)();
}

static void write_own_text(seL4_Word address)
{
    (void)address;
    write((seL4_Word)&init);
}

static void execute_own_data(seL4_Word address)
{
    (void)address;
    execute((seL4_Word)&own_data);
}

static void execute_own_stack(seL4_Word address)
{
    (void)address;
    volatile seL4_Word code = 0xd65f03c0;
    execute((seL4_Word)&code);
}

static void overflow_stack(seL4_Word address)
{
    (void)address;
    volatile seL4_Word own = 0;
    for (volatile seL4_Word *word = &own;; word--) {
        *word = 1;
    }
}

#define INSTRUCTION(name, text)                                                                                        \
    static void name(seL4_Word address)                                                                                \
    {                                                                                                                  \
        (void)address;                                                                                                 \
        __asm__ volatile(text : : : "x0", "memory");                                                                   \
    }

INSTRUCTION(undefined, "udf #0")
INSTRUCTION(unknown_svc, "svc #999")
INSTRUCTION(breakpoint, "brk #1")
INSTRUCTION(unaligned_pc, "mov x0, #0x200000\n add x0, x0, #2\n br x0")
INSTRUCTION(hypervisor_call, "hvc #0")
INSTRUCTION(monitor_call, "smc #0")
INSTRUCTION(el1_register, "mrs x0, sctlr_el1")
INSTRUCTION(el2_register, "mrs x0, hcr_el2")
INSTRUCTION(mask_interrupts, "msr daifset, #15")
INSTRUCTION(virtual_timer, "mov x0, #1\n msr cntv_ctl_el0, x0")
INSTRUCTION(physical_timer, "mov x0, #1\n msr cntp_ctl_el0, x0")
INSTRUCTION(cycle_counter, "mrs x0, pmccntr_el0")
INSTRUCTION(denied_fp, ".arch_extension fp\n fmov d0, #1.0\n .arch_extension nofp")
INSTRUCTION(address_translation, "at s1e1r, xzr")
INSTRUCTION(exception_return, "eret")

static const struct {
    const char *name;
    void (*act)(seL4_Word address);
    seL4_Word address;
} acts[] = {
    {"read_unmapped", read, UNMAPPED},
    {"write_unmapped", write, UNMAPPED},
    {"execute_unmapped", execute, UNMAPPED},
    {"read_null", read, 0},
    {"read_kernel", read, KERNEL},
    {"write_kernel", write, KERNEL},
    {"execute_kernel", execute, KERNEL},
    {"read_foreign_paddr", read, SECRET_PA},
    {"write_foreign_paddr", write, SECRET_PA},
    {"read_foreign_vaddr", read, SECRET_VA},
    {"read_device", read, DEVICE},
    {"read_beyond", read, 1ULL << 45},
    {"write_readonly", write, READ_ONLY},
    {"execute_data", execute, DATA},
    {"write_own_text", write_own_text, 0},
    {"execute_own_data", execute_own_data, 0},
    {"execute_own_stack", execute_own_stack, 0},
    {"overflow_stack", overflow_stack, 0},
    {"undefined", undefined, 0},
    {"unknown_svc", unknown_svc, 0},
    {"breakpoint", breakpoint, 0},
    {"unaligned_pc", unaligned_pc, 0},
    {"hypervisor_call", hypervisor_call, 0},
    {"monitor_call", monitor_call, 0},
    {"el1_register", el1_register, 0},
    {"el2_register", el2_register, 0},
    {"mask_interrupts", mask_interrupts, 0},
    {"virtual_timer", virtual_timer, 0},
    {"physical_timer", physical_timer, 0},
    {"cycle_counter", cycle_counter, 0},
    {"denied_fp", denied_fp, 0},
    {"address_translation", address_translation, 0},
    {"exception_return", exception_return, 0},
};

void init(void)
{
    for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (harness_name_is(acts[i].name)) {
            acts[i].act(acts[i].address);
        }
    }
    microkit_dbg_puts("BAD ");
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(" went on\n");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
