/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Parts: physical memory, then a section for each protection domain and its
 * virtual machine, then sums.
 */
#include "report.h"
#include "elf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *size_text(struct tool *tool, uint64_t size_bytes)
{
    if (size_bytes >= 0x100000 && size_bytes % 0x100000 == 0) {
        return arena_print(&tool->arena, "%" PRIu64 " MiB", size_bytes / 0x100000);
    }
    return arena_print(&tool->arena, "%" PRIu64 " KiB", (size_bytes + 1023) / 1024);
}

static void write_range(struct tool *tool, FILE *out, uint64_t base, uint64_t size_bytes)
{
    fprintf(out, "  0x%010" PRIx64 "..0x%010" PRIx64 "  %10s", base, base + size_bytes - 1,
            size_text(tool, size_bytes));
}

static int compare_blocks(const void *left, const void *right)
{
    const struct block *a = *(const struct block *const *)left, *b = *(const struct block *const *)right;

    return a->paddr < b->paddr ? -1 : a->paddr > b->paddr;
}

static void write_block(struct tool *tool, FILE *out, const struct block *block)
{
    write_range(tool, out, block->paddr, block->size_bytes);
    fprintf(out, "  %s%s%s\n", block->what, block->is_fixed ? ", fixed" : "", block->is_ram ? "" : ", not RAM");
}

static void write_memory(struct tool *tool, FILE *out, const struct board *board, const struct layout *layout)
{
    const struct memory *memory = &layout->memory;
    const struct image_range *kernel = &board->facts.kernel;
    const struct block **order = arena_alloc(&tool->arena, memory->block_count * sizeof(struct block *));
    size_t count = 0;

    for (const struct block *block = memory->blocks; block != NULL; block = block->next) {
        order[count++] = block;
    }
    qsort(order, count, sizeof(struct block *), compare_blocks);
    fprintf(out, "Physical memory\n");
    bool is_kernel_due = true;
    for (size_t i = 0; i < count; i++) {
        if (is_kernel_due && order[i]->paddr > kernel->base) {
            write_range(tool, out, kernel->base, kernel->size_bytes);
            fprintf(out, "  kernel, entry 0x%" PRIx64 "\n", board->kernel.entry);
            is_kernel_due = false;
        }
        write_block(tool, out, order[i]);
    }
    if (is_kernel_due) {
        write_range(tool, out, kernel->base, kernel->size_bytes);
        fprintf(out, "  kernel, entry 0x%" PRIx64 "\n", board->kernel.entry);
    }
}

static void write_space(struct tool *tool, FILE *out, const struct layout *layout, const struct space *space)
{
    fprintf(out, "  address space: vmid %u, root table 0x%" PRIx64 "\n", space->vmid,
            layout->tables->paddr + space->root * STAGE2_TABLE_BYTES);
    for (size_t i = 0; i < space->mapping_count; i++) {
        const struct mapping *mapping = &space->mappings[i];
        fputs("  ", out);
        write_range(tool, out, mapping->vaddr, mapping->block->size_bytes);
        fprintf(out, "  %s%s%s %s %s  -> 0x%010" PRIx64 "  %s\n", (mapping->perms & PERM_READ) != 0 ? "r" : "-",
                (mapping->perms & PERM_WRITE) != 0 ? "w" : "-", (mapping->perms & PERM_EXECUTE) != 0 ? "x" : "-",
                mapping->is_cached ? "cached" : "device", mapping->page_bytes == PAGE_BYTES ? "4K" : "2M",
                mapping->block->paddr, mapping->what);
    }
}

static void write_scheduling(FILE *out, const struct scheduling *scheduling)
{
    fprintf(out, "  priority %u, budget %" PRIu64 " us of %" PRIu64 " us", scheduling->priority, scheduling->budget_us,
            scheduling->period_us);
}

static void write_vm(struct tool *tool, FILE *out, const struct layout *layout, const struct vm *vm)
{
    const struct vcpu *vcpu;

    fprintf(out, "\nVirtual machine \"%s\" of \"%s\"\n", vm->name, vm->pd->name);
    write_scheduling(out, &vm->scheduling);
    fputc('\n', out);
    LIST_FOR_EACH(vm->vcpus, vcpu)
    {
        fprintf(out, "  vCPU %u: thread %u, core %u\n", vcpu->id, vcpu->thread, vcpu->core);
    }
    write_space(tool, out, layout, vm->space);
}

static void write_channels(FILE *out, const struct system *system, const struct pd *pd)
{
    const struct irq *irq;
    const struct channel *channel;

    LIST_FOR_EACH(pd->irqs, irq)
    {
        fprintf(out, "  channel %u: irq %u, %s\n", irq->channel, irq->intid,
                irq->trigger == IMAGE_IRQ_EDGE ? "edge" : "level");
    }
    LIST_FOR_EACH(system->channels, channel)
    {
        for (size_t i = 0; i < 2; i++) {
            const struct channel_end *end = &channel->ends[i], *peer = &channel->ends[1 - i];
            if (end->pd == pd) {
                fprintf(out, "  channel %u: to \"%s\" (its channel %u)%s%s\n", end->id, peer->pd->name, peer->id,
                        end->may_notify ? ", may notify" : "", end->may_ppcall ? ", may call" : "");
            }
        }
    }
}

static void write_pd(struct tool *tool, FILE *out, const struct system *system, const struct layout *layout,
                     const struct pd *pd)
{
    const struct smc *smc;

    fprintf(out, "\nProtection domain \"%s\"\n", pd->name);
    write_scheduling(out, &pd->scheduling);
    fprintf(out, ", core %u, thread %u%s%s%s\n", pd->core, pd->thread, pd->is_passive ? ", passive" : "",
            pd->may_smc ? ", may make SMC calls" : "", pd->may_fpu ? "" : ", no FPU");
    LIST_FOR_EACH(system->smcs, smc)
    {
        if (smc->pd == pd) {
            fprintf(out, "  firmware functions 0x%" PRIx32 " to 0x%" PRIx32 "\n", smc->first, smc->last);
        }
    }
    if (pd->parent != NULL) {
        fprintf(out, "  child %u of \"%s\"\n", pd->id, pd->parent->name);
    }
    fprintf(out, "  program %s, entry 0x%" PRIx64 "\n", pd->program->file.path, pd->program->entry);
    write_channels(out, system, pd);
    write_space(tool, out, layout, pd->space);
    if (pd->vm != NULL) {
        write_vm(tool, out, layout, pd->vm);
    }
}

static void write_sums(struct tool *tool, FILE *out, const struct system *system, const struct board *board,
                       const struct layout *layout, const struct tables *tables, const struct emitted *emitted)
{
    uint64_t zero_bytes = 0;

    for (size_t i = 0; i < tables->image->zero_count; i++) {
        zero_bytes += tables->zeros[i].size_bytes;
    }
    fprintf(out, "\nSums\n");
    fprintf(out, "  protection domains    %zu\n", system->pd_count);
    fprintf(out, "  vCPUs                 %zu\n", system->vcpu_count);
    fprintf(out, "  interrupts            %zu\n", system->irq_count);
    fprintf(out, "  cores in use          %u of %" PRIu64 "\n", tables->image->core_count, board->facts.core_count);
    fprintf(out, "  RAM                   %s, %s free\n", size_text(tool, board_ram_bytes(board)),
            size_text(tool, memory_free_bytes(&layout->memory)));
    fprintf(out, "  translation tables    %s\n", size_text(tool, layout->tables->size_bytes));
    fprintf(out, "  cleared at boot       %s in %u ranges\n", size_text(tool, zero_bytes), tables->image->zero_count);
    fprintf(out, "  image file            %s in %zu segments\n", size_text(tool, emitted->file_bytes),
            emitted->segment_count);
}

enum result report_write(struct tool *tool, const struct system *system, const struct board *board,
                         const struct layout *layout, const struct tables *tables, const struct emitted *emitted)
{
    const char *path = tool->options->report_path;
    FILE *out = fopen(path, "w");
    const struct pd *pd;

    if (out == NULL) {
        diag_error(&tool->diag, (struct place){path, 0}, "cannot be written: %s", strerror(errno));
        return RESULT_FAILED;
    }
    fprintf(out, "System %s on board %s (%s)\n\n", system->place.file, board->facts.name, tool->options->config);
    write_memory(tool, out, board, layout);
    SYSTEM_FOR_EACH_PD(system, pd)
    {
        write_pd(tool, out, system, layout, pd);
    }
    write_sums(tool, out, system, board, layout, tables, emitted);
    bool has_failed = ferror(out) != 0;
    if (fclose(out) != 0 || has_failed) {
        diag_error(&tool->diag, (struct place){path, 0}, "cannot be written: %s", strerror(errno));
        return RESULT_FAILED;
    }
    return RESULT_OK;
}
