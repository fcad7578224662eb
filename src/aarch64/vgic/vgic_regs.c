/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Register tables and common handlers: see vgic_regs.h.
 *
 * What GICv2 leaves to implementations and is done here as in GIC-400: SGIs are always enabled (ISENABLER0[15:0] are
 * RAO/WI). Configuration of PPIs is programmable in both versions, and they start as level-sensitive.
 */
#include "aarch64/vgic/vgic_regs.h"

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_lr.h"

#define SGI_BITS        UINT32_C(0x0000ffff)
#define VGIC_BANK_BYTES 0x80 /* one bit for each interrupt */

COLD const struct vgic_reg *vgic_regs_find(const struct vgic_reg_table *table, uint32_t offset)
{
    uint32_t low = 0;
    uint32_t high = table->count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const struct vgic_reg *row = &table->rows[middle];
        if (offset < row->offset) {
            high = middle;
        } else if (offset - row->offset < row->length_bytes) {
            return row;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* Guests use the same few registers again and again: the row found last in this part of the frame is tried first. */
static const struct vgic_reg *find(const struct vgic_reg_table *table, struct vgic *vgic, uint32_t offset)
{
    uint8_t *const hint = &vgic->recent_rows[table->frame][offset / VGIC_BANK_BYTES % VGIC_HINT_COUNT];
    const struct vgic_reg *row = &table->rows[*hint];
    if (offset - row->offset < row->length_bytes) {
        return row;
    }
    row = vgic_regs_find(table, offset);
    if (row != NULL) {
        *hint = (uint8_t)(row - table->rows);
    }
    return row;
}

enum mmio_result vgic_regs_access(const struct vgic_reg_table *table, struct vgic *vgic, uint32_t vcpu_id,
                                  uint32_t offset, struct mmio_access *access)
{
    if (!access->is_write) {
        access->value = 0;
    }
    const struct vgic_reg *row = find(table, vgic, offset);
    if (row == NULL) {
        return MMIO_HANDLED;
    }
    const uint32_t width = access->width_bytes;
    if ((row->widths & width) == 0 || (offset & (width - 1)) != 0) {
        return MMIO_GUEST_ERROR;
    }
    const uint32_t in_row = offset - row->offset;
    const uint32_t irq_offset = row->bits_per_irq == 0 ? 0 : in_row * 8 / row->bits_per_irq;
    const struct vgic_reg_access where = {vgic, vcpu_id, row->first_irq + irq_offset, in_row, width};
    if (access->is_write) {
        row->write(&where, access->value);
    } else {
        access->value = row->read(&where);
    }
    return MMIO_HANDLED;
}

void vgic_update(struct vgic *vgic, uint32_t vcpu_id, uint32_t word)
{
    const uint32_t touched = vgic_irq_refresh(vgic, vcpu_id, word);
    if (touched != 0) {
        vgic_deliver(vgic, touched);
    }
}

static struct vgic_word *word_of(const struct vgic_reg_access *access)
{
    return vgic_word(access->vgic, access->vcpu_id, access->irq / 32);
}

static void update(const struct vgic_reg_access *access)
{
    vgic_update(access->vgic, access->vcpu_id, access->irq / 32);
}

/* Of a value written: the bits that stand for interrupts. */
static uint32_t implemented(const struct vgic_reg_access *access, uint64_t value)
{
    return (uint32_t)value & vgic_word_implemented(access->irq / 32);
}

/* The same without SGIs on a GICv2, for registers in which they cannot be changed. */
static uint32_t changeable(const struct vgic_reg_access *access, uint64_t value)
{
    const bool sgis_fixed = access->vgic->config.version == VGIC_V2 && access->irq < VGIC_PRIVATE_COUNT;
    return implemented(access, value) & ~(sgis_fixed ? SGI_BITS : 0);
}

uint64_t vgic_read_zero(const struct vgic_reg_access *access)
{
    (void)access;
    return 0;
}

void vgic_write_ignored(const struct vgic_reg_access *access, uint64_t value)
{
    (void)access;
    (void)value;
}

uint64_t vgic_read_iidr(const struct vgic_reg_access *access)
{
    (void)access;
    return VGIC_IIDR;
}

uint64_t vgic_read_group(const struct vgic_reg_access *access)
{
    return word_of(access)->group;
}

void vgic_write_group(const struct vgic_reg_access *access, uint64_t value)
{
    word_of(access)->group = implemented(access, value);
    update(access);
}

uint64_t vgic_read_enabled(const struct vgic_reg_access *access)
{
    return word_of(access)->enabled;
}

/* Ends of interrupts of a word, reported to those who raised them. */
static void report_ends(const struct vgic_reg_access *access, uint32_t ended)
{
    struct vgic *vgic = access->vgic;
    for (uint32_t bits = ended; bits != 0; bits &= bits - 1) {
        vgic->ops.eoi(vgic->ctx, access->vcpu_id, access->irq + (uint32_t)__builtin_ctz(bits));
    }
}

/* What a device asked for while it was disabled, it is let ask for again: its level may have gone. */
void vgic_write_set_enabled(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic_word *word = word_of(access);
    const uint32_t newly = changeable(access, value) & ~word->enabled;
    const uint32_t outdated = newly & word->sampled & ~(word->edge | word->latched | word->in_lr);
    vgic_word_drop_sampled(word, outdated);
    word->enabled |= newly;
    /* What is not pending does not become ready by it. */
    if ((newly & (word->latched | word->line | word->sampled)) != 0) {
        update(access);
    }
    report_ends(access, outdated);
}

void vgic_write_clear_enabled(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic_word *word = word_of(access);
    word->enabled &= ~changeable(access, value);
    if ((word->ready & ~word->enabled) != 0) {
        update(access);
    }
}

uint64_t vgic_read_pending(const struct vgic_reg_access *access)
{
    const struct vgic_word *word = word_of(access);
    if (access->irq < VGIC_PRIVATE_COUNT && (word->sampled | word->in_lr) != 0) {
        access->vgic->ops.sample(access->vgic->ctx, access->vcpu_id);
    }
    return word->latched | vgic_word_high(word) | word->in_lr;
}

void vgic_write_set_pending(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic_word *word = word_of(access);
    uint32_t raised = changeable(access, value);
    for (uint32_t bits = raised & word->in_lr; bits != 0; bits &= bits - 1) {
        const uint32_t bit = bits & -bits;
        if (vgic_lr_absorb(access->vgic, access->vcpu_id, access->irq + (uint32_t)__builtin_ctz(bits))) {
            raised &= ~bit;
        }
    }
    word->latched |= raised;
    update(access);
}

/*
 * What is withdrawn before the guest has seen it will not be ended by the guest, yet whoever raised it waits for that:
 * a hardware interrupt stays masked until then. So its end is reported here.
 */
void vgic_write_clear_pending(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic_word *word = word_of(access);
    const uint32_t changed = changeable(access, value);
    const uint32_t cleared = (word->latched | word->sampled) & changed;
    word->latched &= ~changed;
    vgic_word_drop_sampled(word, changed & ~word->in_lr);
    update(access);
    report_ends(access, cleared & ~word->in_lr);
}

uint64_t vgic_read_active(const struct vgic_reg_access *access)
{
    const struct vgic_word *word = word_of(access);
    return word->active | word->in_lr;
}

void vgic_write_set_active(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic_word *word = word_of(access);
    word->active |= implemented(access, value) & ~word->in_lr;
    update(access);
}

void vgic_write_clear_active(const struct vgic_reg_access *access, uint64_t value)
{
    word_of(access)->active &= ~implemented(access, value);
    update(access);
}

uint64_t vgic_read_priority(const struct vgic_reg_access *access)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        value |= (uint64_t)*vgic_irq_priority(access->vgic, access->vcpu_id, access->irq + i) << (8 * i);
    }
    return value;
}

void vgic_write_priority(const struct vgic_reg_access *access, uint64_t value)
{
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        *vgic_irq_priority(access->vgic, access->vcpu_id, access->irq + i) =
            (uint8_t)(value >> (8 * i)) & VGIC_PRIORITY_MASK;
    }
}

/* Two bits an interrupt, of which the upper says edge-triggered and the lower is reserved. */
uint64_t vgic_read_config(const struct vgic_reg_access *access)
{
    const uint32_t edge = word_of(access)->edge >> (access->irq % 32);
    uint64_t value = 0;
    for (uint32_t i = 0; i < 16; i++) {
        value |= (uint64_t)((edge >> i) & 1) << (2 * i + 1);
    }
    return value;
}

void vgic_write_config(const struct vgic_reg_access *access, uint64_t value)
{
    if (access->irq < VGIC_SGI_COUNT) {
        return;
    }
    uint32_t edge = 0;
    for (uint32_t i = 0; i < 16; i++) {
        edge |= (uint32_t)((value >> (2 * i + 1)) & 1) << i;
    }
    const uint32_t shift = access->irq % 32;
    struct vgic_word *word = word_of(access);
    word->edge = (word->edge & ~(SGI_BITS << shift)) | (edge << shift);
    word->edge &= vgic_word_implemented(access->irq / 32);
    update(access);
}

void vgic_set_group_enables(struct vgic *vgic, uint32_t enables)
{
    if (vgic->group_enables == enables) {
        return;
    }
    vgic->group_enables = enables;
    vgic_deliver(vgic, vgic_irq_refresh_all(vgic));
}
