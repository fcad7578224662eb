/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A PCI host bridge with the enhanced configuration access mechanism (ECAM) and one bus, number 0, and the functions on
 * it. [PCIe 7.2.2; PCI 2.2.6, 6]
 *
 *      guest --ECAM----> configuration space of a function: who are you, where are your registers
 *            --window--> registers of the function whose BAR has that address
 *            <--SPI----- INTA to INTD, shared: line = (slot + pin) mod 4
 *            <--SPI----- messages (MSI-X), by way of the host bridge's frame, if it has one
 *
 * Where no function is, reads give all ones and writes are lost, as on a bus whose master has given up.
 *
 * Left out: further buses, I/O space, MSI, hot-plug. Devices reach memory whether the guest has made them bus masters
 * or not: for virtio it is the status that counts. Messages are sent by bus masters only.
 *
 * Invariant: a line is high while at least one function asserts it and has neither disabled its interrupt nor enabled
 * MSI-X.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvmm/pci.h>

#include "devices/pci/pci_config.h"
#include "devices/pci/pci_msix.h"
#include "util/result.h"
#include "vm/device.h"
#include "vm/irq_line.h"
#include "vm/mmio.h"
#include "vm/msi.h"

#define PCI_SLOT_COUNT          32
#define PCI_SLOT_FUNCTION_COUNT 8

struct vm;

/* All but `access_bar` may be NULL. */
struct pci_function_ops {
    /* An access to a BAR, with the offset from its start; wholly inside. */
    enum mmio_result (*access_bar)(void *ctx, unsigned bar, struct mmio_access *access);
    /* Configuration space from `offset` on is about to be read, or was written. */
    void (*before_config_read)(void *ctx, uint32_t offset, uint32_t bytes);
    void (*after_config_write)(void *ctx, uint32_t offset, uint32_t bytes);
    /* The guest starts anew. */
    void (*reset)(void *ctx);
    /* A channel of the VMM was notified. Answers whether it is the function's. */
    bool (*notified)(void *ctx, microkit_channel channel);
    /* What a person wants to know of the function's state. */
    void (*report)(void *ctx, const struct report *report);
};

struct pci_function {
    struct pci_config config;
    struct pci_msix msix; /* without vectors until pci_function_add_msix */
    const struct pci_function_ops *ops;
    void *ctx;
    struct pci_bridge *bridge;
    uint8_t slot;
    uint8_t number; /* in its slot */
    uint8_t line;
    bool is_asserting;
};

/* The BAR that was accessed last, until configuration space is written. */
struct pci_hit {
    uint64_t base;
    uint64_t size_bytes; /* 0: none */
    struct pci_function *function;
    unsigned bar;
};

/* What is in struct pci_host. */
struct pci_bridge {
    struct vm *vm;
    struct device node;
    struct pci_host_config config;
    struct irq_line lines[PCI_LINE_COUNT];
    struct msi_frame frame;
    struct pci_function functions[PCI_FUNCTION_COUNT_MAX];
    size_t function_count;
    struct pci_hit recent;
};

_Static_assert(sizeof(struct pci_bridge) <= PCI_HOST_BYTES, "PCI_HOST_BYTES is too small");
_Static_assert(PCI_MSI_FRAME_BYTES == MSI_FRAME_BYTES, "the public name");

static inline struct pci_bridge *pci_bridge_of(struct pci_host *host)
{
    return (struct pci_bridge *)(void *)host->storage;
}

/*
 * Adds a function, with a header without BARs and capabilities, which are for the caller to add. NULL, with a line in
 * the log: the host bridge is not initialised, has no room, or the place is out of range or taken. Function 0 of a slot
 * comes before others, as it is the one that software looks for.
 */
struct pci_function *pci_add_function(struct pci_host *host, uint8_t slot, uint8_t number,
                                      const struct pci_identity *identity, const struct pci_function_ops *ops,
                                      void *ctx);

/* Takes the function that was added last out again. */
void pci_remove_function(struct pci_function *function);

/*
 * Gives a function MSI-X, as pci_msix_init does, if the host bridge has a frame; otherwise it stays without vectors.
 */
MUST_CHECK enum result pci_function_add_msix(struct pci_function *function, uint16_t vector_count, unsigned bar,
                                             uint32_t table_offset, uint32_t pending_offset);

/* Sets the level of the function's interrupt pin. */
void pci_function_set_interrupt(struct pci_function *function, bool high);
