/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The configuration space of a function of type 0: its header, base address registers (BARs) and capabilities.
 * [PCI 6.1, 6.2]
 *
 * It is an array of bytes beside a mask of the bits that software can write: with the mask of a BAR, its size is found
 * out as the specification says, with no further code.
 *
 * Left out: I/O space, the expansion ROM, prefetchable BARs; errors are never reported.
 *
 * Invariant: accesses lie within the array; bits outside of the mask change only by functions of this header.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/pci.h"
#include "util/result.h"

/* What a function is. */
struct pci_identity {
    uint16_t vendor_id;
    uint16_t device_id;
    uint16_t subsystem_vendor_id;
    uint16_t subsystem_id;
    uint32_t class_code; /* class, sub-class, interface */
    uint8_t revision_id;
};

struct pci_config {
    uint8_t bytes[PCI_CONFIG_BYTES];
    uint8_t writable[PCI_CONFIG_BYTES];
    uint64_t bar_sizes[PCI_BAR_COUNT]; /* in bytes; 0: there is none */
    uint8_t last_capability;           /* offset of the last one's link; PCI_CAPABILITIES if there is none yet */
    uint8_t end;                       /* where the next capability goes; 0 if there is no room */
};

/* A header with these contents, which uses interrupt pin INTA (1) to INTD (4). */
void pci_config_init(struct pci_config *config, const struct pci_identity *identity, uint8_t pin);

/* Gives it a BAR of a power of two of bytes, at least 4096; one of 64 bits takes the next index too. */
void pci_config_add_bar(struct pci_config *config, unsigned index, uint64_t size_bytes, bool is_64);

/*
 * Adds a capability of `size_bytes` with this ID; `content` follows the two bytes of ID and link. Answers where it
 * begins. RESULT_FULL: no room.
 */
MUST_CHECK enum result pci_config_add_capability(struct pci_config *config, uint8_t id, const uint8_t *content,
                                                 uint8_t content_bytes, uint8_t *offset);

/* `bytes` is 1, 2 or 4, `offset` a multiple of it below PCI_CONFIG_BYTES. */
uint32_t pci_config_read(const struct pci_config *config, uint32_t offset, uint32_t bytes);
void pci_config_write(struct pci_config *config, uint32_t offset, uint32_t bytes, uint32_t value);

/* Where a BAR is in the PCI address space now. False: nowhere, or memory space is off. */
bool pci_config_bar(const struct pci_config *config, unsigned index, uint64_t *base);

/* The bit of the status that tells of an interrupt. */
void pci_config_set_interrupt(struct pci_config *config, bool is_pending);

/* The state after a reset: all that software can write is zero. */
void pci_config_reset(struct pci_config *config);
