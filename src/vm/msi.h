/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Message-signalled interrupts: a device writes a number to an address, and a frame of registers at this address makes
 * an interrupt of it. What such a frame is belongs to the architecture, which implements this: on AArch64 it is a
 * GICv2m, see devices/gicv2m.c.
 *
 * A message of an emulated device is no access to memory: a frame is all that it can reach. What goes elsewhere is lost
 * and counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/mmio.h"

#define MSI_FRAME_BYTES   0x1000
#define MSI_LOG_COUNT_MAX 8

struct vm;
struct fdt_builder;

struct msi_frame {
    struct vm *vm; /* NULL: there is no frame */
    uint64_t base;
    uint32_t irq_first; /* INTID */
    uint32_t irq_count;
    uint64_t lost_count; /* messages */
};

/*
 * Sets up a frame at a guest-physical address, and what it claims. False, with a line in the log: misaligned, or
 * without interrupts. It works once frame->vm is set, when the claims have been taken.
 */
bool msi_frame_init(struct msi_frame *frame, uint64_t base, size_t irq_first, size_t irq_count,
                    struct mmio_region *region);

/* A message of a device. */
void msi_frame_send(struct msi_frame *frame, uint64_t address, uint32_t data);

/* Adds the frame's node to the device tree; answers its phandle. */
uint32_t msi_frame_describe(const struct msi_frame *frame, struct fdt_builder *tree);
