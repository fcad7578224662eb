/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Configuration space of PCI functions of type 0, and MSI-X [PCI 6.1, 6.2, 6.8.2, appendix H].
 */
#pragma once

#define PCI_CONFIG_BYTES 256
#define PCI_BAR_COUNT    6

#define PCI_VENDOR_ID           0x00
#define PCI_DEVICE_ID           0x02
#define PCI_COMMAND             0x04
#define PCI_STATUS              0x06
#define PCI_REVISION_ID         0x08
#define PCI_CLASS               0x09 /* three bytes: interface, sub-class, class */
#define PCI_CACHE_LINE_SIZE     0x0c
#define PCI_HEADER_TYPE         0x0e
#define PCI_BAR0                0x10
#define PCI_SUBSYSTEM_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID        0x2e
#define PCI_CAPABILITIES        0x34
#define PCI_INTERRUPT_LINE      0x3c
#define PCI_INTERRUPT_PIN       0x3d
#define PCI_HEADER_BYTES        0x40

#define PCI_COMMAND_MEMORY       0x0002u
#define PCI_COMMAND_MASTER       0x0004u
#define PCI_COMMAND_PARITY       0x0040u
#define PCI_COMMAND_SERR         0x0100u
#define PCI_COMMAND_INTX_DISABLE 0x0400u
#define PCI_STATUS_INTERRUPT     0x0008u
#define PCI_STATUS_CAPABILITIES  0x0010u
#define PCI_HEADER_MULTIFUNCTION 0x80u
#define PCI_BAR_64               0x4u
#define PCI_BAR_FLAGS            0xfu

#define PCI_CAPABILITY_VENDOR 0x09
#define PCI_CAPABILITY_MSIX   0x11

/* MSI-X: the control register behind the capability's ID and link, and an entry of the table. */
#define PCI_MSIX_CONTROL     2
#define PCI_MSIX_ENABLE      0x8000u
#define PCI_MSIX_MASK_ALL    0x4000u
#define PCI_MSIX_ENTRY_BYTES 16
#define PCI_MSIX_ENTRY_MASK  0x1u
