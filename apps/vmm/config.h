/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the ready-made VMM is told of its guest, in section .vmm_config. tools/sddf/configure fills it in from the
 * system description.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libvmm/sddf/queue.h>

#define VMM_CONFIG_SECTION ".vmm_config"
#define VMM_CONFIG_MAGIC   "LVMM\1"

enum vmm_transport {
    VMM_TRANSPORT_MMIO = 0,
    VMM_TRANSPORT_PCI = 1,
};

enum vmm_console {
    VMM_CONSOLE_VIRTIO = 0,
    VMM_CONSOLE_PL011 = 1,
};

enum vmm_device_tree {
    VMM_DEVICE_TREE_END = 0, /* of RAM */
    VMM_DEVICE_TREE_START = 1,
};

struct vmm_config {
    char magic[SDDF_MAGIC_BYTES];
    uint8_t gic_version; /* 2 or 3 */
    uint8_t vcpu_count;
    uint8_t transport;       /* enum vmm_transport: of the virtual devices */
    uint64_t gic_cpu_base;   /* GICv2: where the guest has the machine's GICV */
    uint64_t ram_guest_base; /* where the guest has its RAM */
    struct sddf_region ram;
    uint8_t has_firmware; /* 1: calls of the firmware are permitted (smc="true") */
    uint8_t console;      /* enum vmm_console */
    uint8_t device_tree;  /* enum vmm_device_tree: where it is */
};

_Static_assert(sizeof(struct vmm_config) == 48, "layout that configure knows");
_Static_assert(offsetof(struct vmm_config, gic_cpu_base) == 8, "layout that configure knows");
_Static_assert(offsetof(struct vmm_config, ram) == 24, "layout that configure knows");
_Static_assert(offsetof(struct vmm_config, has_firmware) == 40, "layout that configure knows");
_Static_assert(offsetof(struct vmm_config, device_tree) == 42, "layout that configure knows");
