/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A vCPU is a child of /cpus whose device_type is "cpu" and whose status is "okay"; its reg is the affinity that its
 * MPIDR_EL1 has, which libvmm numbers from 0. [DTSpec 3.8.1]
 */
#include "boot/dtb_cpus.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#define BOOT_AFFINITY 0

static bool is_cpu_node(const struct dtb *dtb, int node)
{
    int length;
    const char *type = fdt_getprop(dtb->blob, node, "device_type", &length);

    return type != NULL && fdt_stringlist_contains(type, length, "cpu") && dtb_is_available(dtb, node);
}

enum result dtb_cpus_count(const struct dtb *dtb, size_t count_max, size_t *count)
{
    int cpus = fdt_path_offset(dtb->blob, "/cpus");
    bool has_boot_cpu = false;
    int node;

    *count = 0;
    if (cpus < 0) {
        LOG_VMM_ERR("device tree has no /cpus\n");
        return RESULT_INVALID;
    }
    fdt_for_each_subnode(node, dtb->blob, cpus)
    {
        struct dtb_reg reg;
        if (!is_cpu_node(dtb, node)) {
            continue;
        }
        if (dtb_read_reg(dtb, node, 0, &reg) != RESULT_OK) {
            LOG_VMM_ERR("device tree: node %s of /cpus has no reg\n", dtb_node_name(dtb, node));
            return RESULT_INVALID;
        }
        has_boot_cpu = has_boot_cpu || reg.base == BOOT_AFFINITY;
        (*count)++;
    }
    if (*count > count_max) {
        LOG_VMM_ERR("device tree has %zu CPUs: the limit is %zu\n", *count, count_max);
        return RESULT_INVALID;
    }
    if (!has_boot_cpu) {
        LOG_VMM_ERR("device tree has %zu CPUs, none of which has a reg of %u, as vCPU 0 needs\n", *count,
                    BOOT_AFFINITY);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}
