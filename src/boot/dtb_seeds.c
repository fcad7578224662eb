/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Seeds of a guest: see dtb_seeds.h. [DTSchema chosen.yaml]
 */
#include "boot/dtb_seeds.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

static const struct {
    const char *name;
    int size_bytes;
} seeds[DTB_SEED_COUNT] = {{"rng-seed", 32}, {"kaslr-seed", 8}};

int dtb_seeds_add(void *blob)
{
    int chosen = fdt_path_offset(blob, "/chosen");
    if (chosen == -FDT_ERR_NOTFOUND) {
        chosen = fdt_add_subnode(blob, 0, "chosen");
    }
    for (size_t i = 0; i < DTB_SEED_COUNT && chosen >= 0; i++) {
        void *bytes;
        if (fdt_getprop(blob, chosen, seeds[i].name, NULL) != NULL) {
            continue;
        }
        const int error = fdt_setprop_placeholder(blob, chosen, seeds[i].name, seeds[i].size_bytes, &bytes);
        if (error != 0) {
            return error;
        }
        memset(bytes, 0, (size_t)seeds[i].size_bytes);
    }
    return chosen < 0 ? chosen : 0;
}

struct dtb_seed dtb_seed_find(const void *blob, size_t index)
{
    int length = 0;
    const int chosen = fdt_path_offset(blob, "/chosen");
    const uint8_t *bytes = chosen < 0 ? NULL : fdt_getprop(blob, chosen, seeds[index].name, &length);
    uint8_t all = 0;
    for (int i = 0; bytes != NULL && i < length; i++) {
        all |= bytes[i];
    }
    if (bytes == NULL || all != 0 || length > seeds[index].size_bytes) {
        return (struct dtb_seed){0};
    }
    return (struct dtb_seed){(uint32_t)(bytes - (const uint8_t *)blob), (uint32_t)length};
}
