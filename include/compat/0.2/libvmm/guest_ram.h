/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Guest RAM as libvmm 0.2 has it: a table of regions. The library itself knows the first one, which is the RAM of the
 * images and of the virtual devices; the others are for gpa_to_hva.
 */
#pragma once

#include "compat.h"

#include <libvmm/util/util.h>

#define GUEST_MAX_RAM_REGIONS 3

struct guest_ram_region {
    uint64_t gpa_start; /**< guest-physical, as the system description maps it */
    uint64_t size;      /**< bytes */
    void *vmm_vaddr;    /**< where the VMM has it */
};

/* One table in a program, however many of its files include this. */
COMPAT02_WEAK struct {
    struct guest_ram_region regions[GUEST_MAX_RAM_REGIONS];
    size_t count;
} compat02_ram;

/* The library's own, declared here because its header includes this one. */
#ifdef __cplusplus
extern "C" {
#endif
bool guest_ram_register(uintptr_t vmm_vaddr, uint64_t guest_paddr, size_t size_bytes);
#ifdef __cplusplus
}
#endif

/**
 * Adds a region of RAM. The first one is registered with the library, so its size must be that of the memory node in
 * the guest's device tree.
 *
 * @return false, with a line in the log, when there are GUEST_MAX_RAM_REGIONS, when it overlaps one, or when the
 * library refuses it.
 */
COMPAT02_UNUSED static bool guest_ram_add_region(struct guest_ram_region region)
{
    if (compat02_ram.count == GUEST_MAX_RAM_REGIONS) {
        LOG_VMM_ERR("guest_ram_add_region: RAM at 0x%lx is one too many: limit is %d regions\n",
                    (unsigned long)region.gpa_start, GUEST_MAX_RAM_REGIONS);
        return false;
    }
    for (size_t i = 0; i < compat02_ram.count; i++) {
        const struct guest_ram_region *other = &compat02_ram.regions[i];
        if (region.gpa_start - other->gpa_start < other->size || other->gpa_start - region.gpa_start < region.size) {
            LOG_VMM_ERR("guest_ram_add_region: RAM at 0x%lx overlaps RAM at 0x%lx\n", (unsigned long)region.gpa_start,
                        (unsigned long)other->gpa_start);
            return false;
        }
    }
    if (compat02_ram.count == 0 &&
        !guest_ram_register((uintptr_t)region.vmm_vaddr, region.gpa_start, (size_t)region.size)) {
        return false;
    }
    compat02_ram.regions[compat02_ram.count++] = region;
    return true;
}

/** Where the VMM has `size` bytes of guest RAM. NULL: they are not all in one region. */
COMPAT02_UNUSED static void *gpa_to_hva(uint64_t gpa, size_t size)
{
    for (size_t i = 0; i < compat02_ram.count; i++) {
        const struct guest_ram_region *region = &compat02_ram.regions[i];
        const uint64_t offset = gpa - region->gpa_start;
        if (offset < region->size && size <= region->size - offset) {
            return (uint8_t *)region->vmm_vaddr + offset;
        }
    }
    return NULL;
}

/** The regions, and how many they are. */
COMPAT02_UNUSED static struct guest_ram_region *guest_ram_get_regions(int *num_regions_ret)
{
    *num_regions_ret = (int)compat02_ram.count;
    return compat02_ram.regions;
}
