/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Guest RAM: the only place that turns a guest-physical address into memory.
 */
#include "vm/guest_ram.h"

#include <libvmm/util/util.h>

#include "aarch64/vcpu/cache.h"
#include "util/checked.h"

enum result guest_ram_init(struct guest_ram *ram, void *vmm_base, gpa_t base, uint64_t size_bytes)
{
    uint64_t end;
    if (vmm_base == NULL || size_bytes == 0) {
        return RESULT_INVALID;
    }
    if (!checked_add((uintptr_t)vmm_base, size_bytes, &end) || !checked_add(base.value, size_bytes, &end)) {
        return RESULT_RANGE;
    }
    *ram = (struct guest_ram){.vmm_base = vmm_base, .base = base, .size_bytes = size_bytes};
    return RESULT_OK;
}

void *guest_ram_at(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes)
{
    if (ram->size_bytes == 0 || !range_inside(ram->base.value, ram->size_bytes, at.value, size_bytes)) {
        return NULL;
    }
    return ram->vmm_base + (at.value - ram->base.value);
}

enum result guest_ram_read(const struct guest_ram *ram, gpa_t from, void *to, uint64_t size_bytes)
{
    const void *memory = guest_ram_at(ram, from, size_bytes);
    if (memory == NULL) {
        return RESULT_RANGE;
    }
    memcpy(to, memory, size_bytes);
    return RESULT_OK;
}

enum result guest_ram_write(const struct guest_ram *ram, gpa_t to, const void *from, uint64_t size_bytes)
{
    void *memory = guest_ram_at(ram, to, size_bytes);
    if (memory == NULL) {
        return RESULT_RANGE;
    }
    memcpy(memory, from, size_bytes);
    return RESULT_OK;
}

enum result guest_ram_load(const struct guest_ram *ram, gpa_t to, const void *from, uint64_t size_bytes)
{
    void *memory = guest_ram_at(ram, to, size_bytes);
    if (memory == NULL) {
        return RESULT_RANGE;
    }
    memmove(memory, from, size_bytes);
    cache_sync(memory, size_bytes);
    return RESULT_OK;
}

enum result guest_ram_clear(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes)
{
    void *memory = guest_ram_at(ram, at, size_bytes);
    if (memory == NULL) {
        return RESULT_RANGE;
    }
    memset(memory, 0, size_bytes);
    cache_sync(memory, size_bytes);
    return RESULT_OK;
}
