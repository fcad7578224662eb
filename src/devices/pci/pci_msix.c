/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See pci_msix.h.
 */
#include "devices/pci/pci_msix.h"

#include <libvmm/util/util.h>

#include "util/checked.h"
#include "util/field.h"

#define CONTROL_WRITES 0xc000u
#define WORD_BYTES     4
#define ENTRY_BYTES    sizeof(struct pci_msix_entry)
#define ENTRY_WORDS    (ENTRY_BYTES / WORD_BYTES)
#define PENDING_BYTES  8

enum entry_word { /* [PCI 6.8.2.6 to 6.8.2.9] */
    ENTRY_ADDRESS_LOW,
    ENTRY_ADDRESS_HIGH,
    ENTRY_DATA,
    ENTRY_CONTROL,
};

/* The capability without ID and link. */
struct capability {
    uint16_t control;
    uint32_t table;   /* offset, and in its low bits the BAR */
    uint32_t pending; /* likewise */
} __attribute__((__packed__));

_Static_assert(sizeof(struct pci_msix_entry) == 16, "[PCI 6.8.2]");

void pci_msix_reset(struct pci_msix *msix)
{
    memset(msix->entries, 0, sizeof msix->entries);
    for (unsigned i = 0; i < PCI_MSIX_VECTOR_COUNT_MAX; i++) {
        msix->entries[i].control = PCI_MSIX_ENTRY_MASK;
    }
    msix->pending = 0;
    msix->is_enabled = false;
    msix->can_send = false;
}

enum result pci_msix_init(struct pci_msix *msix, struct pci_config *config, struct msi_frame *frame,
                          uint16_t vector_count, unsigned bar, uint32_t table_offset, uint32_t pending_offset)
{
    const struct capability capability = {
        .control = (uint16_t)(vector_count - 1),
        .table = table_offset | bar,
        .pending = pending_offset | bar,
    };
    *msix = (struct pci_msix){.config = config, .frame = frame};
    const enum result result = pci_config_add_capability(config, PCI_CAPABILITY_MSIX, (const uint8_t *)&capability,
                                                         sizeof capability, &msix->capability);
    if (result == RESULT_OK) {
        config->writable[msix->capability + PCI_MSIX_CONTROL + 1] = CONTROL_WRITES >> 8;
        msix->vector_count = vector_count;
        pci_msix_reset(msix);
    }
    return result;
}

static bool is_masked(const struct pci_msix *msix, unsigned vector)
{
    return !msix->can_send || (msix->entries[vector].control & PCI_MSIX_ENTRY_MASK) != 0;
}

void pci_msix_raise(struct pci_msix *msix, uint16_t vector)
{
    const struct pci_msix_entry *entry = &msix->entries[vector];
    if (is_masked(msix, vector)) {
        msix->pending |= BIT(vector);
        return;
    }
    msi_frame_send(msix->frame, (uint64_t)entry->address_high << 32 | entry->address_low, entry->data);
}

static void send_pending(struct pci_msix *msix)
{
    for (uint64_t left = msix->pending; left != 0; left &= left - 1) {
        const uint16_t vector = (uint16_t)__builtin_ctzll(left);
        if (!is_masked(msix, vector)) {
            msix->pending &= ~BIT(vector);
            pci_msix_raise(msix, vector);
        }
    }
}

void pci_msix_update(struct pci_msix *msix)
{
    if (msix->vector_count == 0) {
        return;
    }
    const uint32_t control = pci_config_read(msix->config, msix->capability + PCI_MSIX_CONTROL, 2);
    const uint32_t command = pci_config_read(msix->config, PCI_COMMAND, 2);
    msix->is_enabled = (control & PCI_MSIX_ENABLE) != 0;
    msix->can_send = msix->is_enabled && (control & PCI_MSIX_MASK_ALL) == 0 && (command & PCI_COMMAND_MASTER) != 0;
    send_pending(msix);
}

void pci_msix_keep(struct pci_msix *msix, uint64_t vectors)
{
    msix->pending &= vectors;
}

static enum mmio_result refuse(struct mmio_access *access)
{
    access->value = 0;
    return MMIO_GUEST_ERROR;
}

static uint32_t *word_at(struct pci_msix *msix, uint64_t index)
{
    struct pci_msix_entry *entry = &msix->entries[index / ENTRY_WORDS];
    switch (index % ENTRY_WORDS) {
    case ENTRY_ADDRESS_LOW:
        return &entry->address_low;
    case ENTRY_ADDRESS_HIGH:
        return &entry->address_high;
    case ENTRY_DATA:
        return &entry->data;
    default:
        return &entry->control;
    }
}

/* Of the control word's bits, all but the mask are reserved. */
static void write_word(struct pci_msix *msix, uint64_t index, uint32_t value)
{
    *word_at(msix, index) = index % ENTRY_WORDS == ENTRY_CONTROL ? value & PCI_MSIX_ENTRY_MASK : value;
}

enum mmio_result pci_msix_access_table(struct pci_msix *msix, uint64_t offset, struct mmio_access *access)
{
    const uint64_t first = offset / WORD_BYTES;
    const uint32_t words = access->width_bytes / WORD_BYTES;
    if (words == 0 || !range_inside(0, msix->vector_count * ENTRY_BYTES, offset, access->width_bytes)) {
        return refuse(access);
    }
    if (access->is_write) {
        for (uint32_t i = 0; i < words; i++) {
            write_word(msix, first + i, (uint32_t)(access->value >> (32 * i)));
        }
        send_pending(msix);
        return MMIO_HANDLED;
    }
    access->value = 0;
    for (uint32_t i = 0; i < words; i++) {
        access->value |= (uint64_t)*word_at(msix, first + i) << (32 * i);
    }
    return MMIO_HANDLED;
}

enum mmio_result pci_msix_access_pending(const struct pci_msix *msix, uint64_t offset, struct mmio_access *access)
{
    if (access->width_bytes < WORD_BYTES || msix->vector_count == 0 ||
        !range_inside(0, PENDING_BYTES, offset, access->width_bytes)) {
        return refuse(access);
    }
    /* Writes are lost: the bits are read-only. */
    access->value = msix->pending >> (8 * offset);
    access->value &= UINT64_MAX >> (64 - 8 * access->width_bytes);
    return MMIO_HANDLED;
}
