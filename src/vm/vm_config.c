/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Description of a VM: see vm_config.h.
 */
#include "vm/vm_config.h"

#include <libvmm/util/util.h>

#include "util/field.h"
#include "vm/vm.h"

#define AFFINITY_GOOD (FIELD(23, 8) | FIELD(3, 0))

static enum result check_range(const struct vm *vm, const char *function, gpa_t base, uint64_t size_bytes)
{
    if (mmio_overlaps(&vm->mmio, base, size_bytes)) {
        LOG_VMM_ERR("%s: RAM of 0x%lx bytes at 0x%lx overlaps an emulated device\n", function, size_bytes, base.value);
        return RESULT_BUSY;
    }
    return RESULT_OK;
}

enum result vm_config_check_ram(const struct vm *vm, const char *function, const struct guest_ram *ram)
{
    enum result result = check_range(vm, function, ram->base, ram->size_bytes);
    for (size_t i = 0; i < ram->more_count && result == RESULT_OK; i++) {
        result = check_range(vm, function, ram->more[i].base, ram->more[i].size_bytes);
    }
    return result;
}

static enum result check_affinities(const char *function, const struct vm_config *config)
{
    for (size_t i = 0; i < config->vcpu_count; i++) {
        bool is_good = (config->affinity[i] & ~AFFINITY_GOOD) == 0;
        for (size_t other = 0; other < i; other++) {
            is_good &= config->affinity[other] != config->affinity[i];
        }
        if (!is_good) {
            LOG_VMM_ERR("%s: affinity 0x%x of vCPU %zu has bits beyond 23 to 8 and 3 to 0, or is another vCPU's\n",
                        function, config->affinity[i], i);
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

/* Its own frames, against RAM; against devices they are checked when they are added. */
static enum result check_vgic(const char *function, const struct vm_config *config)
{
    const struct vgic_config *vgic = &config->vgic;
    const enum result result = vgic_check_config(vgic, config->vcpu_count);
    if (result != RESULT_OK) {
        vgic_log_config(function, vgic, config->vcpu_count);
        return result;
    }
    struct mmio_region regions[VGIC_REGION_COUNT_MAX];
    const size_t count = vgic_regions(vgic, config->vcpu_count, NULL, regions);
    for (size_t i = 0; i < count; i++) {
        if (guest_ram_overlaps(&config->ram, regions[i].base, regions[i].size_bytes)) {
            LOG_VMM_ERR("%s: interrupt controller's 0x%lx bytes at 0x%lx overlap RAM\n", function,
                        regions[i].size_bytes, regions[i].base.value);
            return RESULT_BUSY;
        }
    }
    return RESULT_OK;
}

/* Once the interrupt controller is set up, it and the vCPUs stay as they are. */
static enum result check_unchanged(const struct vm *vm, const char *function, const struct vm_config *config)
{
    if (!vm->virq.initialised) {
        return RESULT_OK;
    }
    bool is_same = config->vcpu_count == vm_vcpu_count(vm);
    for (size_t i = 0; i < config->vcpu_count && is_same; i++) {
        is_same = config->affinity[i] == vm_affinity(vm, i);
    }
    if (!is_same) {
        LOG_VMM_ERR("%s: %zu vCPUs: the interrupt controller is set up for %zu, or their affinities were others\n",
                    function, config->vcpu_count, vm_vcpu_count(vm));
        return RESULT_BUSY;
    }
    return RESULT_OK;
}

enum result vm_config_check(const struct vm *vm, const char *function, const struct vm_config *config)
{
    enum result result = vm_config_check_ram(vm, function, &config->ram);
    if (result == RESULT_OK) {
        result = check_vgic(function, config);
    }
    if (result == RESULT_OK) {
        result = check_affinities(function, config);
    }
    return result == RESULT_OK ? check_unchanged(vm, function, config) : result;
}

void vm_config_commit(struct vm *vm, const struct vm_config *config)
{
    vm->ram = config->ram;
    vm->vcpu_count = config->vcpu_count;
    vm->has_affinities = true;
    memcpy(vm->affinity, config->affinity, sizeof vm->affinity);
    vm->vgic_config = config->vgic;
}

static enum result add_region(struct vm *vm, const char *name, const struct mmio_region *region)
{
    if (guest_ram_overlaps(&vm->ram, region->base, region->size_bytes)) {
        LOG_VMM_ERR("%s: 0x%lx bytes at 0x%lx overlap the guest's RAM\n", name, region->size_bytes, region->base.value);
        return RESULT_BUSY;
    }
    const enum result result = mmio_add(&vm->mmio, region);
    if (result != RESULT_OK) {
        LOG_VMM_ERR("%s: 0x%lx bytes at 0x%lx %s, limit is %u regions\n", name, region->size_bytes, region->base.value,
                    result == RESULT_BUSY   ? "overlap another emulated device"
                    : result == RESULT_FULL ? "find no room"
                                            : "are empty or wrap around",
                    MMIO_REGION_COUNT_MAX);
    }
    return result;
}

enum result vm_add_regions(struct vm *vm, const char *name, const struct mmio_region *regions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const enum result result = regions[i].handler == NULL ? RESULT_OK : add_region(vm, name, &regions[i]);
        if (result == RESULT_OK) {
            continue;
        }
        while (i-- > 0) {
            if (regions[i].handler != NULL) {
                mmio_remove(&vm->mmio, regions[i].base);
            }
        }
        return result;
    }
    return RESULT_OK;
}
