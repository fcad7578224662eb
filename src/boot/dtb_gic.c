/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The first usable node that is compatible with a GICv2 or GICv3. Its reg begins with the distributor; then come the
 * CPU interface of a GICv2, or the redistributors of a GICv3. [GICv2 4.1, GICv3 12.8, 12.10]
 */
#include "boot/dtb_gic.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#include "util/checked.h"

#define GICV2_FRAME_BYTES        0x1000  /* of registers in the distributor and in the CPU interface, at least */
#define GICV3_DIST_BYTES         0x10000 /* [GICv3 12.8] */
#define GICV3_REDIST_STRIDE      0x20000 /* RD_base and SGI_base frames [GICv3 12.10] */
#define GICV3_REDIST_REGIONS_MAX 1

static const struct {
    const char *compatible;
    enum vgic_version version;
} controllers[] = {
    {"arm,gic-v3", VGIC_V3},        {"arm,gic-400", VGIC_V2},    {"arm,cortex-a15-gic", VGIC_V2},
    {"arm,cortex-a7-gic", VGIC_V2}, {"arm,eb11mp-gic", VGIC_V2},
};

/* An entry of the node's reg with what it must be at least. */
static enum result read_frame(const struct dtb *dtb, int node, size_t index, uint64_t bytes_min, struct dtb_reg *reg)
{
    enum result result = dtb_read_guest_reg(dtb, node, index, reg);

    if (result == RESULT_RANGE) {
        LOG_VMM_ERR("device tree: reg of interrupt controller %s has no entry %zu\n", dtb_node_name(dtb, node), index);
        return RESULT_INVALID;
    }
    if (result == RESULT_OK && reg->size_bytes < bytes_min) {
        LOG_VMM_ERR("device tree: entry %zu of reg of interrupt controller %s has 0x%lx bytes: should be 0x%lx\n",
                    index, dtb_node_name(dtb, node), reg->size_bytes, bytes_min);
        return RESULT_INVALID;
    }
    return result;
}

/* Refuses what a GICv3 may have but this one has not. */
static enum result check_gicv3_shape(const struct dtb *dtb, int node)
{
    static const struct {
        const char *property;
        uint64_t value;
    } shapes[] = {{"#redistributor-regions", GICV3_REDIST_REGIONS_MAX}, {"redistributor-stride", GICV3_REDIST_STRIDE}};

    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        uint64_t value;
        enum result result = dtb_read_number(dtb, node, shapes[i].property, &value);
        if (result == RESULT_RANGE) {
            continue;
        }
        if (result != RESULT_OK || value != shapes[i].value) {
            LOG_VMM_ERR("device tree: %s of %s must be 0x%lx\n", shapes[i].property, dtb_node_name(dtb, node),
                        shapes[i].value);
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

static enum result read_gicv2(const struct dtb *dtb, int node, struct vgic_config *config)
{
    struct dtb_reg dist;
    struct dtb_reg cpu;
    enum result result = read_frame(dtb, node, 0, GICV2_FRAME_BYTES, &dist);

    if (result == RESULT_OK) {
        result = read_frame(dtb, node, 1, GICV2_FRAME_BYTES, &cpu);
    }
    if (result == RESULT_OK) {
        *config = (struct vgic_config){.version = VGIC_V2,
                                       .dist_base = gpa(dist.base),
                                       .dist_size_bytes = dist.size_bytes,
                                       .cpu_base = gpa(cpu.base),
                                       .cpu_size_bytes = cpu.size_bytes};
    }
    return result;
}

static enum result read_gicv3(const struct dtb *dtb, int node, struct vgic_config *config)
{
    struct dtb_reg dist;
    struct dtb_reg redist;
    enum result result = check_gicv3_shape(dtb, node);

    if (result == RESULT_OK) {
        result = read_frame(dtb, node, 0, GICV3_DIST_BYTES, &dist);
    }
    if (result == RESULT_OK) {
        result = read_frame(dtb, node, 1, GICV3_REDIST_STRIDE, &redist);
    }
    if (result == RESULT_OK) {
        *config = (struct vgic_config){.version = VGIC_V3,
                                       .dist_base = gpa(dist.base),
                                       .dist_size_bytes = dist.size_bytes,
                                       .redist_base = gpa(redist.base),
                                       .redist_size_bytes = redist.size_bytes};
    }
    return result;
}

/* The first usable node of that kind, or -1. */
static int find_usable(const struct dtb *dtb, const char *compatible)
{
    int node = fdt_node_offset_by_compatible(dtb->blob, -1, compatible);

    while (node >= 0 && !dtb_is_available(dtb, node)) {
        node = fdt_node_offset_by_compatible(dtb->blob, node, compatible);
    }
    return node < 0 ? -1 : node;
}

enum result dtb_gic_find(const struct dtb *dtb, struct vgic_config *config)
{
    for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
        int node = find_usable(dtb, controllers[i].compatible);
        if (node >= 0) {
            return controllers[i].version == VGIC_V3 ? read_gicv3(dtb, node, config) : read_gicv2(dtb, node, config);
        }
    }
    return RESULT_RANGE;
}

int dtb_gic_node(const struct dtb *dtb)
{
    int node = -1;
    for (size_t i = 0; i < ARRAY_SIZE(controllers) && node < 0; i++) {
        node = find_usable(dtb, controllers[i].compatible);
    }
    return node;
}
