/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest as libvmm 0.2 has it: described by guest_init before everything else, started without a vCPU's number.
 */
#pragma once

#include "guest_ram.h"

#include_next <libvmm/guest.h>

#define GUEST_BOOT_VCPU_ID 0UL
#ifndef GUEST_MAX_NUM_VCPUS
#define GUEST_MAX_NUM_VCPUS 4UL
#endif

struct guest_pci_init {
    uint64_t ecam_gpa;
    uint64_t ecam_size;
    uint64_t mmio_aperature_gpa;
    uint64_t mmio_aperature_size; /**< 0: no PCI bus */
};

typedef struct arch_guest_init {
    size_t num_vcpus;
    size_t num_guest_ram_regions;
    struct guest_ram_region guest_ram_regions[GUEST_MAX_RAM_REGIONS];
    struct guest_pci_init pci_init;
} arch_guest_init_t;

/**
 * Describes the guest.
 *
 * @return false, with a line in the log, when a number is out of range, when RAM is refused, or when it asks for a PCI
 *         bus: the library's own is set up by pci_host_init.
 */
COMPAT02_UNUSED static bool guest_init(arch_guest_init_t init_args)
{
    if (init_args.num_vcpus == 0 || init_args.num_vcpus > GUEST_MAX_NUM_VCPUS) {
        LOG_VMM_ERR("guest_init: %zu vCPUs; limit is 1 to %zu\n", init_args.num_vcpus, (size_t)GUEST_MAX_NUM_VCPUS);
        return false;
    }
    if (init_args.num_guest_ram_regions == 0 || init_args.num_guest_ram_regions > GUEST_MAX_RAM_REGIONS) {
        LOG_VMM_ERR("guest_init: %zu regions of RAM; limit is 1 to %d\n", init_args.num_guest_ram_regions,
                    GUEST_MAX_RAM_REGIONS);
        return false;
    }
    if (init_args.pci_init.mmio_aperature_size != 0) {
        LOG_VMM_ERR("guest_init: a PCI bus at 0x%lx is set up by pci_host_init: see docs/migrating.md\n",
                    (unsigned long)init_args.pci_init.ecam_gpa);
        return false;
    }
    for (size_t i = 0; i < init_args.num_guest_ram_regions; i++) {
        if (!guest_ram_add_region(init_args.guest_ram_regions[i])) {
            return false;
        }
    }
    return true;
}

/* 0.2's linux_setup_images says failure by 0, which is never an entry point here. */
COMPAT02_UNUSED static bool compat02_guest_start(uintptr_t kernel_pc, uintptr_t dtb, uintptr_t initrd)
{
    return guest_start(GUEST_BOOT_VCPU_ID, kernel_pc == 0 ? UINTPTR_MAX : kernel_pc, dtb, initrd);
}

COMPAT02_UNUSED static void compat02_guest_stop(void)
{
    guest_stop(GUEST_BOOT_VCPU_ID);
}

COMPAT02_UNUSED static bool compat02_guest_restart(uintptr_t guest_ram_vaddr, size_t guest_ram_size)
{
    return guest_restart(GUEST_BOOT_VCPU_ID, guest_ram_vaddr, guest_ram_size);
}

#define guest_start   compat02_guest_start
#define guest_stop    compat02_guest_stop
#define guest_restart compat02_guest_restart
