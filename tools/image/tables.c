/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The zeros are found before the tables get a block, since their number
 * decides about its size; the block itself is written whole.
 */
#include "tables.h"

#include <string.h>

struct zeros {
    struct image_range *ranges; /* NULL: only count */
    size_t count;
    struct image_range last;
};

static void add_zero(struct zeros *zeros, uint64_t base, uint64_t size_bytes)
{
    if (zeros->count != 0 && zeros->last.base + zeros->last.size_bytes == base) {
        zeros->last.size_bytes += size_bytes;
    } else {
        zeros->last = (struct image_range){base, size_bytes};
        zeros->count++;
    }
    if (zeros->ranges != NULL) {
        zeros->ranges[zeros->count - 1] = zeros->last;
    }
}

/* In the order of the blocks, of which neighbours often lie side by side. */
static void find_zeros(const struct layout *layout, struct zeros *zeros)
{
    for (const struct block *block = layout->memory.blocks; block != NULL; block = block->next) {
        uint64_t size_bytes;
        for (uint64_t offset = 0; block->is_ram && offset < block->size_bytes; offset += size_bytes) {
            if (memory_run(block, offset, &size_bytes) == RUN_ZERO) {
                add_zero(zeros, block->paddr + offset, size_bytes);
            }
        }
    }
}

static uint64_t root_paddr(const struct layout *layout, const struct space *space)
{
    return layout->tables->paddr + space->root * STAGE2_TABLE_BYTES;
}

static void fill_scheduling(struct image_thread *thread, const struct scheduling *scheduling)
{
    thread->priority = scheduling->priority;
    thread->budget_us = scheduling->budget_us;
    thread->period_us = scheduling->period_us;
}

static void fill_vcpu(const struct layout *layout, const struct vcpu *vcpu, struct image_thread *threads)
{
    struct image_thread *thread = &threads[vcpu->thread];
    const struct vm *vm = vcpu->vm;

    memcpy(thread->name, vm->name, strlen(vm->name));
    thread->kind = IMAGE_THREAD_VCPU;
    thread->core = vcpu->core;
    thread->flags = IMAGE_THREAD_FPU;
    thread->parent = vm->pd->thread;
    thread->child = vcpu->id;
    fill_scheduling(thread, &vm->scheduling);
    thread->table_paddr = root_paddr(layout, vm->space);
    thread->vmid = vm->space->vmid;
    thread->frame_paddr = vcpu->frame->paddr;
    memset(thread->children, 0xff, sizeof(thread->children));
    threads[thread->parent].children[vcpu->id] = vcpu->thread;
}

static void fill_pd(const struct layout *layout, const struct pd *pd, struct image_thread *threads)
{
    struct image_thread *thread = &threads[pd->thread];
    const struct irq *irq;
    const struct vcpu *vcpu;

    memcpy(thread->name, pd->name, strlen(pd->name));
    thread->kind = IMAGE_THREAD_PD;
    thread->core = pd->core;
    thread->flags = (uint8_t)((pd->may_smc ? IMAGE_THREAD_SMC : 0) | (pd->may_fpu ? IMAGE_THREAD_FPU : 0) |
                              (pd->is_passive ? IMAGE_THREAD_PASSIVE : 0));
    fill_scheduling(thread, &pd->scheduling);
    thread->table_paddr = root_paddr(layout, pd->space);
    thread->vmid = pd->space->vmid;
    thread->entry = pd->program->entry;
    thread->stack_top = IMAGE_PD_STACK_TOP;
    thread->stack_bottom = IMAGE_PD_STACK_TOP - pd->stack_bytes;
    thread->ipc_buffer_paddr = pd->ipc_buffer->paddr;
    thread->parent = IMAGE_NO_THREAD;
    memset(thread->children, 0xff, sizeof(thread->children)); /* IMAGE_NO_THREAD */
    if (pd->parent != NULL) { /* which comes before its children, and so has been filled */
        thread->parent = pd->parent->thread;
        thread->child = pd->id;
        threads[thread->parent].children[pd->id] = pd->thread;
    }
    LIST_FOR_EACH(pd->irqs, irq)
    {
        thread->channels[irq->channel] = (struct image_channel){.flags = IMAGE_CHANNEL_IRQ, .irq = irq->index};
    }
    LIST_FOR_EACH(pd->vm == NULL ? NULL : pd->vm->vcpus, vcpu)
    {
        fill_vcpu(layout, vcpu, threads);
    }
}

static void fill_channel(const struct channel_end *end, const struct channel_end *peer, struct image_thread *threads)
{
    threads[end->pd->thread].channels[end->id] = (struct image_channel){
        .peer = peer->pd->thread,
        .peer_channel = peer->id,
        .flags = (uint8_t)((end->may_notify ? IMAGE_CHANNEL_NOTIFY : 0) | (end->may_ppcall ? IMAGE_CHANNEL_PPCALL : 0)),
    };
}

static void fill_threads(const struct system *system, const struct layout *layout, struct image_thread *threads)
{
    const struct pd *pd;
    const struct channel *channel;

    SYSTEM_FOR_EACH_PD(system, pd)
    {
        fill_pd(layout, pd, threads);
    }
    LIST_FOR_EACH(system->channels, channel)
    {
        fill_channel(&channel->ends[0], &channel->ends[1], threads);
        fill_channel(&channel->ends[1], &channel->ends[0], threads);
    }
}

static void fill_irqs(const struct system *system, struct image_irq *irqs)
{
    const struct pd *pd;
    const struct irq *irq;

    SYSTEM_FOR_EACH_PD(system, pd)
    {
        LIST_FOR_EACH(pd->irqs, irq)
        {
            irqs[irq->index] = (struct image_irq){
                .intid = irq->intid,
                .thread = pd->thread,
                .channel = irq->channel,
                .trigger = (uint8_t)irq->trigger,
            };
        }
    }
}

static void fill_smcs(const struct system *system, struct image_smc *smcs)
{
    const struct smc *smc;

    LIST_FOR_EACH(system->smcs, smc)
    {
        *smcs++ = (struct image_smc){.thread = smc->pd->thread, .first = smc->first, .last = smc->last};
    }
}

static uint32_t count_cores(const struct image_thread *threads, size_t count)
{
    uint32_t cores = 0;

    for (size_t i = 0; i < count; i++) {
        cores = threads[i].core >= cores ? threads[i].core + 1u : cores;
    }
    return cores;
}

static void fill_image(const struct system *system, const struct layout *layout, const struct zeros *zeros,
                       struct image *image, uint64_t paddr)
{
    size_t thread_count = system->pd_count + system->vcpu_count;
    struct image_thread *threads = (struct image_thread *)(image + 1);
    struct image_irq *irqs = (struct image_irq *)(threads + thread_count);
    struct image_range *ranges = (struct image_range *)(irqs + system->irq_count);
    struct image_smc *smcs = (struct image_smc *)(ranges + zeros->count);

    fill_threads(system, layout, threads);
    fill_irqs(system, irqs);
    fill_smcs(system, smcs);
    memcpy(ranges, zeros->ranges, zeros->count * sizeof(*ranges));
    *image = (struct image){
        .magic = IMAGE_MAGIC,
        .version = IMAGE_VERSION,
        .core_count = count_cores(threads, thread_count),
        .thread_count = (uint32_t)thread_count,
        .irq_count = (uint32_t)system->irq_count,
        .zero_count = (uint32_t)zeros->count,
        .smc_count = (uint32_t)system->smc_count,
        .threads_paddr = paddr + (uint64_t)((uint8_t *)threads - (uint8_t *)image),
        .irqs_paddr = paddr + (uint64_t)((uint8_t *)irqs - (uint8_t *)image),
        .zeros_paddr = paddr + (uint64_t)((uint8_t *)ranges - (uint8_t *)image),
        .smcs_paddr = paddr + (uint64_t)((uint8_t *)smcs - (uint8_t *)image),
    };
}

enum result tables_build(struct tool *tool, const struct system *system, struct layout *layout, struct tables *tables)
{
    struct zeros zeros = {0};

    find_zeros(layout, &zeros);
    zeros = (struct zeros){.ranges = arena_alloc(&tool->arena, zeros.count * sizeof(*zeros.ranges))};
    find_zeros(layout, &zeros);

    uint64_t size_bytes = sizeof(struct image) + (system->pd_count + system->vcpu_count) * sizeof(struct image_thread) +
                          system->irq_count * sizeof(struct image_irq) + zeros.count * sizeof(struct image_range) +
                          system->smc_count * sizeof(struct image_smc);
    if (memory_add_placed(&layout->memory, system->place, "kernel's tables", size_bytes, &tables->block) != RESULT_OK) {
        return RESULT_FAILED;
    }
    struct image *image = arena_alloc(&tool->arena, size_bytes);
    fill_image(system, layout, &zeros, image, tables->block->paddr);
    tables->block->data = (const uint8_t *)image;
    tables->block->data_bytes = size_bytes;
    tables->block->is_written_whole = true;
    tables->image = image;
    tables->threads = (const struct image_thread *)(image + 1);
    tables->irqs = (const struct image_irq *)(tables->threads + image->thread_count);
    tables->zeros = (const struct image_range *)(tables->irqs + image->irq_count);
    return RESULT_OK;
}
