/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What tests see of the fake Microkit: the state of its vCPUs, what was called, and what a guest would do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#define FAKE_VCPU_COUNT   16
#define FAKE_LR_COUNT_MAX 64
#define FAKE_LOG_BYTES    65536

struct fake_lr {
    bool used;
    uint16_t virq;
    uint8_t priority;
    uint8_t group;
    bool taken; /* the guest is serving it */
};

#define FAKE_PPI_COUNT 32

struct fake_vcpu {
    seL4_UserContext context;
    seL4_Word regs[fake_vcpu_reg_count];
    struct fake_lr lrs[FAKE_LR_COUNT_MAX];
    bool running;           /* set by restart and resume, cleared by stop and suspend */
    unsigned restart_count; /* microkit_vcpu_restart, or a register write with resume_target */
    unsigned stop_count;    /* microkit_vcpu_stop or seL4_TCB_Suspend */
    unsigned resume_count;  /* seL4_TCB_Resume */
    unsigned inject_count;  /* successful injections */
    unsigned vppi_ack_count;
    unsigned vppi_acks[FAKE_PPI_COUNT]; /* the same, of each interrupt */
};

struct fake_microkit {
    struct fake_vcpu vcpus[FAKE_VCPU_COUNT];
    size_t vcpu_count;       /* vCPUs of the system description; FAKE_VCPU_COUNT after a reset */
    unsigned lr_count;       /* list registers a vCPU has; 4 after a reset */
    bool lr_pending_yields;  /* as on seL4, a pending list register may be written again */
    unsigned kernel_calls;   /* all of them but debug output; message registers are none */
    unsigned kernel_words;   /* registers moved by TCB reads and writes and vCPU register reads and writes */
    unsigned tcb_calls;      /* of kernel_calls: TCB register reads and writes */
    unsigned vcpu_reg_calls; /* of kernel_calls: vCPU register reads and writes */
    unsigned inject_calls;   /* of kernel_calls: InjectIRQ, failed ones too */
    unsigned irq_acks[64];   /* by channel, deferred ones too */
    unsigned notifies[64];   /* by channel, deferred ones too */
    uint64_t counter;        /* the physical counter */
    unsigned smc_calls;
    seL4_ARM_SMCContext smc_args;     /* of the last call */
    seL4_ARM_SMCContext smc_response; /* what calls answer */
    seL4_Word mrs[64];
    unsigned cache_syncs;       /* calls of cache_sync */
    size_t cache_cleaned_bytes; /* sum of lines; likewise the instruction caches' */
    size_t cache_invalidated_bytes;
    uintptr_t cache_cleaned_last; /* line of the last one */
    uintptr_t cache_invalidated_last;
    bool cache_is_complete;   /* a barrier came behind */
    bool cache_is_refetched;  /* and another one, for instructions */
    char log[FAKE_LOG_BYTES]; /* debug output, ended with a zero; drops what does not fit */
    size_t log_bytes;
};

extern struct fake_microkit fake;

/* First state: everything zero, all vCPUs there, four list registers, microkit_name "FAKE", no vtimer wake-up. */
void fake_microkit_reset(void);

/* Forgets counts of kernel calls and words. */
void fake_counts_reset(void);

/* Forgets the debug output. */
void fake_log_reset(void);

/* Whether the debug output contains `text`. */
bool fake_log_has(const char *text);

/* How often the debug output contains `text`. */
unsigned fake_log_count(const char *text);

/* General register n (0..30) of a vCPU. */
seL4_Word *fake_x(size_t vcpu_id, unsigned n);

/* The list register that holds `virq`, or -1. */
int fake_lr_of(size_t vcpu_id, uint16_t virq);

/* How many list registers are in use. */
unsigned fake_lr_used(size_t vcpu_id);

/* The guest acknowledges and ends the interrupt in list register `index`: frees it and makes the message of it. */
microkit_msginfo fake_eoi(size_t vcpu_id, unsigned index);

/* The same for the list register that holds `virq`, which must exist. */
microkit_msginfo fake_eoi_irq(size_t vcpu_id, uint16_t virq);

/* Fault messages. Those that have a PC set the vCPU's too. */
microkit_msginfo fake_vm_fault(size_t vcpu_id, uint64_t pc, uint64_t addr, uint64_t fsr);
microkit_msginfo fake_vcpu_fault(size_t vcpu_id, uint64_t pc, uint64_t hsr);
microkit_msginfo fake_vppi_event(uint64_t irq);
/* HVC at `pc`: the message carries what the vCPU's context holds. */
microkit_msginfo fake_hvc(size_t vcpu_id, uint64_t pc);
