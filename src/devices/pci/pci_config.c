/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See pci_config.h.
 */
#include "devices/pci/pci_config.h"

#include <libvmm/util/util.h>

#define CAPABILITY_HEAD_BYTES 2 /* ID, link to the next */
#define CAPABILITY_ALIGN      4
#define BAR_BYTES             4

#define COMMAND_WRITABLE                                                                                               \
    (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

static void put(uint8_t *at, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get(const uint8_t *at, uint32_t bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

void pci_config_init(struct pci_config *config, const struct pci_identity *identity, uint8_t pin)
{
    *config = (struct pci_config){.last_capability = PCI_CAPABILITIES, .end = PCI_HEADER_BYTES};
    uint8_t *bytes = config->bytes;
    put(bytes + PCI_VENDOR_ID, identity->vendor_id, 2);
    put(bytes + PCI_DEVICE_ID, identity->device_id, 2);
    put(bytes + PCI_REVISION_ID, identity->revision_id, 1);
    put(bytes + PCI_CLASS, identity->class_code, 3);
    put(bytes + PCI_SUBSYSTEM_VENDOR_ID, identity->subsystem_vendor_id, 2);
    put(bytes + PCI_SUBSYSTEM_ID, identity->subsystem_id, 2);
    put(bytes + PCI_INTERRUPT_PIN, pin, 1);
    put(config->writable + PCI_COMMAND, COMMAND_WRITABLE, 2);
    put(config->writable + PCI_CACHE_LINE_SIZE, UINT8_MAX, 1);
    put(config->writable + PCI_INTERRUPT_LINE, UINT8_MAX, 1);
}

void pci_config_add_bar(struct pci_config *config, unsigned index, uint64_t size_bytes, bool is_64)
{
    const uint32_t at = PCI_BAR0 + index * BAR_BYTES;
    const uint32_t width = is_64 ? 2 * BAR_BYTES : BAR_BYTES;
    config->bar_sizes[index] = size_bytes;
    put(config->bytes + at, is_64 ? PCI_BAR_64 : 0, width);
    put(config->writable + at, ~(size_bytes - 1), width);
}

enum result pci_config_add_capability(struct pci_config *config, uint8_t id, const uint8_t *content,
                                      uint8_t content_bytes, uint8_t *offset)
{
    const uint32_t size = CAPABILITY_HEAD_BYTES + content_bytes;
    const uint32_t end = (config->end + size + CAPABILITY_ALIGN - 1) & ~(CAPABILITY_ALIGN - 1u);
    if (config->end == 0 || end > PCI_CONFIG_BYTES) {
        return RESULT_FULL;
    }
    *offset = config->end;
    config->bytes[*offset] = id;
    memcpy(config->bytes + *offset + CAPABILITY_HEAD_BYTES, content, content_bytes);
    config->bytes[config->last_capability] = *offset;
    config->last_capability = (uint8_t)(*offset + 1);
    config->end = (uint8_t)end;
    config->bytes[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
    return RESULT_OK;
}

uint32_t pci_config_read(const struct pci_config *config, uint32_t offset, uint32_t bytes)
{
    return (uint32_t)get(config->bytes + offset, bytes);
}

void pci_config_write(struct pci_config *config, uint32_t offset, uint32_t bytes, uint32_t value)
{
    for (uint32_t i = offset; i < offset + bytes; i++) {
        const uint8_t mask = config->writable[i];
        config->bytes[i] = (uint8_t)((config->bytes[i] & ~mask) | (value & mask));
        value >>= 8;
    }
}

bool pci_config_bar(const struct pci_config *config, unsigned index, uint64_t *base)
{
    const uint8_t *bar = config->bytes + PCI_BAR0 + index * BAR_BYTES;
    if (config->bar_sizes[index] == 0 || (config->bytes[PCI_COMMAND] & PCI_COMMAND_MEMORY) == 0) {
        return false;
    }
    const bool is_64 = (bar[0] & PCI_BAR_64) != 0;
    *base = get(bar, is_64 ? 2 * BAR_BYTES : BAR_BYTES) & ~(uint64_t)PCI_BAR_FLAGS;
    return true;
}

void pci_config_set_interrupt(struct pci_config *config, bool is_pending)
{
    uint8_t *status = &config->bytes[PCI_STATUS];
    *status = (uint8_t)(is_pending ? *status | PCI_STATUS_INTERRUPT : *status & ~PCI_STATUS_INTERRUPT);
}

void pci_config_reset(struct pci_config *config)
{
    for (uint32_t i = 0; i < PCI_CONFIG_BYTES; i++) {
        config->bytes[i] &= (uint8_t)~config->writable[i];
    }
}
