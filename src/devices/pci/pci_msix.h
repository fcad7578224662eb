/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * MSI-X of a function: a capability, a table with a message a vector, and a bit a vector for those that wait.
 * [PCI 6.8.2]
 *
 *                                        enabled, not masked
 *      pci_msix_raise --------------------------------------------------> message to the frame (vm/msi.h)
 *                      \                                              ^
 *                       -- masked: pending bit -- unmasked, enabled --+
 *
 * Addresses and data are the guest's, and only what the frame takes has an effect. The table takes accesses of 4 and 8
 * bytes; others are the guest's mistake.
 *
 * A function that is no bus master is one whose vectors are all masked: it must send nothing. [PCI 6.2.2]
 *
 * Invariant: a bit is pending only for a vector that there is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "devices/pci/pci_config.h"
#include "util/result.h"
#include "vm/mmio.h"
#include "vm/msi.h"

#define PCI_MSIX_VECTOR_COUNT_MAX 16

/* An entry of the table, as software sees it. */
struct pci_msix_entry {
    uint32_t address_low;
    uint32_t address_high;
    uint32_t data;
    uint32_t control; /* bit 0: masked */
};

struct pci_msix {
    struct pci_msix_entry entries[PCI_MSIX_VECTOR_COUNT_MAX];
    uint64_t pending; /* a bit a vector */
    struct pci_config *config;
    struct msi_frame *frame;
    uint16_t vector_count; /* 0: the function has no MSI-X, and of the rest nothing counts */
    uint8_t capability;    /* its offset */
    bool is_enabled;
    bool can_send; /* is_enabled, not masked as a whole, bus master */
};

/*
 * Gives the function of `config` 1 to PCI_MSIX_VECTOR_COUNT_MAX vectors, with their table and pending bits at these
 * offsets, multiples of 8, of a BAR. RESULT_FULL: no room for the capability.
 */
MUST_CHECK enum result pci_msix_init(struct pci_msix *msix, struct pci_config *config, struct msi_frame *frame,
                                     uint16_t vector_count, unsigned bar, uint32_t table_offset,
                                     uint32_t pending_offset);

/* Accesses to table and pending bits, `offset` bytes from the start of each. */
enum mmio_result pci_msix_access_table(struct pci_msix *msix, uint64_t offset, struct mmio_access *access);
enum mmio_result pci_msix_access_pending(const struct pci_msix *msix, uint64_t offset, struct mmio_access *access);

/* Configuration space was written: messages may go now that had to wait. */
void pci_msix_update(struct pci_msix *msix);

/* Sends the message of a vector, less than vector_count, while MSI-X is enabled; or notes that it is to be sent. */
void pci_msix_raise(struct pci_msix *msix, uint16_t vector);

/* What waits for other vectors than these (a bit each) has no cause any more. */
void pci_msix_keep(struct pci_msix *msix, uint64_t vectors);

/* The state after a reset of the function, whose configuration space was reset before. */
void pci_msix_reset(struct pci_msix *msix);
