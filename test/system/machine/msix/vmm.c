/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that gives its guest (test/guests/msix.c) an entropy device on a PCI bus with a frame for messages, all where
 * QEMU's virt machine has its own (highmem=off).
 */
#include "../machine.h"

static struct pci_host pci_host;
static struct virtio_rng rng;

static size_t source(void *cookie, uint8_t *to, size_t bytes)
{
    (void)cookie;
    memset(to, 0x5a, bytes);
    return bytes;
}

void init(void)
{
    const struct pci_host_config host = {
        .ecam_base = 0x3f000000,
        .window_base = 0x10000000,
        .window_size_bytes = 0x1000000,
        .irqs = {35, 36, 37, 38},
        .msi_base = 0x8020000,
        .msi_irq_first = 80,
        .msi_irq_count = 64,
    };
    if (!pci_host_init(&pci_host, &host) || !virtio_rng_init(&rng, virtio_at_pci(&pci_host, 1, 0), source, NULL)) {
        return;
    }
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1) {
        machine_start(kernel_pc);
    }
}

void notified(microkit_channel ch)
{
    if (!virtio_notified(ch)) {
        virq_handle_passthrough(ch);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    if (!fault_handle(child, msginfo)) {
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return seL4_True;
}
