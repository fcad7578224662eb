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

bool guest_ram_overlaps(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes)
{
    bool overlaps = ranges_overlap(ram->base.value, ram->size_bytes, at.value, size_bytes);
    for (size_t i = 0; i < ram->more_count; i++) {
        overlaps |= ranges_overlap(ram->more[i].base.value, ram->more[i].size_bytes, at.value, size_bytes);
    }
    return overlaps;
}

enum result guest_ram_add(struct guest_ram *ram, void *vmm_base, gpa_t base, uint64_t size_bytes)
{
    struct guest_ram range;
    const enum result result = guest_ram_init(&range, vmm_base, base, size_bytes);
    if (result != RESULT_OK) {
        return result;
    }
    if (ram->size_bytes == 0) {
        *ram = range;
        return RESULT_OK;
    }
    if (ram->more_count == GUEST_RAM_RANGE_COUNT_MAX - 1) {
        return RESULT_FULL;
    }
    if (guest_ram_overlaps(ram, base, size_bytes)) {
        return RESULT_BUSY;
    }
    ram->more[ram->more_count++] = (struct guest_ram_range){range.vmm_base, base, size_bytes};
    return RESULT_OK;
}

static COLD void *find_in_more(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes)
{
    for (size_t i = 0; i < ram->more_count; i++) {
        const struct guest_ram_range *range = &ram->more[i];
        if (range_inside(range->base.value, range->size_bytes, at.value, size_bytes)) {
            return range->vmm_base + (at.value - range->base.value);
        }
    }
    return NULL;
}

void *guest_ram_at(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes)
{
    if (ram->size_bytes == 0 || !range_inside(ram->base.value, ram->size_bytes, at.value, size_bytes)) {
        return ram->more_count == 0 ? NULL : find_in_more(ram, at, size_bytes);
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

enum result guest_ram_clear_all(const struct guest_ram *ram)
{
    enum result result = guest_ram_clear(ram, ram->base, ram->size_bytes);
    for (size_t i = 0; i < ram->more_count && result == RESULT_OK; i++) {
        result = guest_ram_clear(ram, ram->more[i].base, ram->more[i].size_bytes);
    }
    return result;
}
