/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A GICv2m frame: a page of registers through which messages become SPIs. [SBSA GICv2m]
 *
 *      device or vCPU --writes n--> GICV2M_MSI_SETSPI_NS --> a pulse of SPI n
 *
 * Linux uses it with a GICv2, and with a GICv3 that has no LPIs. The guest makes the frame's SPIs edge-triggered; with
 * its GIC it enables, routes and ends them as any other.
 *
 * Registers are words; GICV2M_MSI_SETSPI_NS takes a halfword too, which is all that some messages have. What is
 * reserved reads as zero and ignores writes.
 *
 * Left out: the frame of the Secure state; identification registers beside GICV2M_MSI_IIDR.
 *
 * Invariant: only SPIs of the frame's range are ever raised by it.
 */
#include "vm/msi.h"

#include <libvmm/util/util.h>

#include "spec/arm/gic.h"
#include "util/checked.h"
#include "util/field.h"
#include "vm/fdt_builder.h"
#include "vm/irq_line.h"
#include "vm/vm.h"

#define TYPER_BASE  FIELD(25, 16)
#define TYPER_COUNT FIELD(9, 0)
#define SETSPI_SPI  FIELD(9, 0)
#define IIDR_VALUE  0x4c00043b /* as the vGIC's: no product of a JEP106 manufacturer */
#define ALIGN       0x1000
#define WIDTHS      (1 | 2 | 4 | 8)
#define WORD_BYTES  4
#define HALFWORD    2

/* Raises an SPI of the frame. False: it is none. */
static bool raise(const struct msi_frame *frame, uint32_t data)
{
    const uint32_t irq = field_get32(SETSPI_SPI, data);
    if (irq - frame->irq_first >= frame->irq_count) {
        return false;
    }
    const struct irq_line line = {&frame->vm->vgic, irq};
    irq_line_pulse(&line);
    return true;
}

static COLD void lose(struct msi_frame *frame, uint64_t address, uint32_t data)
{
    if (frame->lost_count++ < MSI_LOG_COUNT_MAX) {
        LOG_VMM_ERR("guest: message 0x%x to 0x%lx is no interrupt of the GICv2m frame at 0x%lx\n", data, address,
                    frame->base);
    }
}

void msi_frame_send(struct msi_frame *frame, uint64_t address, uint32_t data)
{
    if (address != frame->base + GICV2M_MSI_SETSPI_NS || !raise(frame, data)) {
        lose(frame, address, data);
    }
}

static enum mmio_result write_frame(struct msi_frame *frame, struct mmio_access *access)
{
    if (access->offset != GICV2M_MSI_SETSPI_NS) {
        return access->width_bytes == WORD_BYTES ? MMIO_HANDLED : MMIO_GUEST_ERROR;
    }
    const bool is_width = access->width_bytes == WORD_BYTES || access->width_bytes == HALFWORD;
    return is_width && raise(frame, (uint32_t)access->value) ? MMIO_HANDLED : MMIO_GUEST_ERROR;
}

static enum mmio_result access_frame(void *dev, struct mmio_access *access)
{
    struct msi_frame *frame = dev;
    if (access->is_write) {
        return write_frame(frame, access);
    }
    access->value = 0;
    if (access->width_bytes != WORD_BYTES) {
        return MMIO_GUEST_ERROR;
    }
    if (access->offset == GICV2M_MSI_TYPER) {
        access->value = field_make(TYPER_BASE, frame->irq_first) | field_make(TYPER_COUNT, frame->irq_count);
    } else if (access->offset == GICV2M_MSI_IIDR) {
        access->value = IIDR_VALUE;
    }
    return MMIO_HANDLED;
}

static bool check(uint64_t base, size_t irq_first, size_t irq_count)
{
    if (!is_aligned(base, ALIGN)) {
        LOG_VMM_ERR("GICv2m frame at 0x%lx: should be a multiple of 0x%x\n", base, ALIGN);
        return false;
    }
    if (irq_first < VGIC_PRIVATE_COUNT || irq_count == 0 || !range_inside(0, VGIC_IRQ_COUNT, irq_first, irq_count)) {
        LOG_VMM_ERR("GICv2m frame at 0x%lx: %zu interrupts from %zu on out of range, limits are %u and %u\n", base,
                    irq_count, irq_first, VGIC_PRIVATE_COUNT, VGIC_IRQ_COUNT - 1);
        return false;
    }
    return true;
}

bool msi_frame_init(struct msi_frame *frame, uint64_t base, size_t irq_first, size_t irq_count,
                    struct mmio_region *region)
{
    if (!check(base, irq_first, irq_count)) {
        return false;
    }
    *region = (struct mmio_region){
        .base = gpa(base),
        .size_bytes = MSI_FRAME_BYTES,
        .widths = WIDTHS,
        .handler = access_frame,
        .dev = frame,
    };
    *frame = (struct msi_frame){
        .base = base,
        .irq_first = (uint32_t)irq_first,
        .irq_count = (uint32_t)irq_count,
    };
    return true;
}

/* As Linux's binding interrupt-controller/arm,gic.yaml has it. */
uint32_t msi_frame_describe(const struct msi_frame *frame, struct fdt_builder *tree)
{
    fdt_builder_begin_in_gic(tree, "v2m", frame->base);
    fdt_builder_string(tree, "compatible", "arm,gic-v2m-frame");
    fdt_builder_flag(tree, "msi-controller");
    fdt_builder_reg_in_gic(tree, frame->base, MSI_FRAME_BYTES);
    const uint32_t phandle = fdt_builder_phandle(tree);
    fdt_builder_end(tree);
    return phandle;
}
