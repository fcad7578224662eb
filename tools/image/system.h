/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The system that a description describes: what was read, then what the tool
 * decided about it. Everything lies in the tool's arena; lists keep the order
 * of the description.
 */
#ifndef IMAGE_SYSTEM_H
#define IMAGE_SYSTEM_H

#include "../../kernel/abi/image.h"
#include "file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES       UINT64_C(0x1000)
#define LARGE_PAGE_BYTES UINT64_C(0x200000)

#define CHANNEL_ID_MAX (IMAGE_CHANNEL_COUNT - 1)
#define CHILD_ID_MAX   61 /* of child PDs and vCPUs, as on Microkit */

enum perm {
    PERM_READ = 1 << 0,
    PERM_WRITE = 1 << 1,
    PERM_EXECUTE = 1 << 2,
};

struct elf;
struct block;
struct space;

struct region {
    struct region *next;
    struct place place;
    const char *name;
    uint64_t size_bytes;
    uint64_t page_bytes;
    bool may_have_large_pages; /* as far as its own element and the maps read so far say */
    bool is_fixed;             /* at `paddr` */
    uint64_t paddr;
    bool is_prefilled;
    struct file prefill;
    struct block *block;
};

struct map {
    struct map *next;
    struct place place;
    struct region *region;
    uint64_t vaddr;
    unsigned perms;
    bool is_cached;
    const char *setvar_vaddr; /* symbol names, or NULL; likewise below */
    const char *setvar_size;
    const char *setvar_prefill_size;
};

struct setvar {
    struct setvar *next;
    struct place place;
    const char *symbol;
    struct region *region;
};

struct irq {
    struct irq *next; /* of the PD */
    struct place place;
    struct pd *pd;
    uint16_t intid;
    uint8_t channel;
    enum image_irq_trigger trigger;
    const char *setvar_id;
    uint16_t index; /* in the image's table */
};

/* What a PD and a virtual machine have in common. */
struct scheduling {
    uint8_t priority;
    uint64_t budget_us;
    uint64_t period_us;
};

struct vcpu {
    struct vcpu *next;
    struct place place;
    struct vm *vm;
    uint8_t id;
    uint8_t core;
    const char *setvar_id;
    uint16_t thread;
    struct block *frame;
};

struct vm {
    struct place place;
    const char *name;
    struct pd *pd;
    struct scheduling scheduling;
    struct vcpu *vcpus;
    struct map *maps;
    struct space *space;
};

struct segment_block {
    struct segment_block *next;
    struct block *block;
    struct elf_segment *segment;
};

struct pd {
    struct place place;
    const char *name;
    struct pd *parent; /* or NULL */
    uint8_t id;        /* there */
    const char *setvar_id;
    struct scheduling scheduling;
    uint64_t stack_bytes;
    uint8_t core;
    bool may_smc;
    bool may_fpu;
    bool is_passive;
    struct place program_place;
    const char *program_path;
    const char *symbols_path; /* or NULL */
    struct map *maps;
    struct irq *irqs;
    struct setvar *setvars;
    struct vm *vm; /* or NULL */

    uint16_t thread;
    struct elf *program;
    struct elf *symbols;
    struct segment_block *segments;
    struct block *stack;
    struct block *ipc_buffer;
    struct space *space;
};

/* Functions of the firmware that a PD may call. */
struct smc {
    struct smc *next;
    struct pd *pd;
    uint32_t first;
    uint32_t last;
};

struct channel_end {
    struct place place;
    struct pd *pd;
    uint8_t id;
    bool may_ppcall;
    bool may_notify;
    const char *setvar_id;
};

struct channel {
    struct channel *next;
    struct place place;
    struct channel_end ends[2];
};

struct system {
    struct place place;
    struct region *regions;
    struct channel *channels;
    struct smc *smcs;
    struct pd *pds[IMAGE_PD_COUNT_MAX];
    size_t pd_count;
    size_t vcpu_count;
    size_t irq_count;
    size_t smc_count;
};

#define SYSTEM_FOR_EACH_PD(system, pd)                                                                                 \
    for (size_t pd##_index = 0; pd##_index < (system)->pd_count && ((pd) = (system)->pds[pd##_index], true);           \
         pd##_index++)

#define LIST_FOR_EACH(list, item) for ((item) = (list); (item) != NULL; (item) = (item)->next)

#endif
