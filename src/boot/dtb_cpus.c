/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A vCPU is a child of /cpus whose device_type is "cpu" and whose status is "okay"; its reg is the affinity that its
 * MPIDR_EL1 has. [DTSpec 3.8.1] [Linux bindings, arm/cpus.yaml]
 *
 * Affinity level 3 is refused, as the vGIC does without; so is more than 15 at level 0, which SGIs reach only on some
 * cores [GICv3 12.2, ICC_CTLR_EL1.RSS].
 */
#include "boot/dtb_cpus.h"

#include <libfdt.h>
#include <libvmm/util/util.h>

#include "util/field.h"

#define AFFINITY_GOOD (FIELD(23, 8) | FIELD(3, 0))

static bool is_cpu_node(const struct dtb *dtb, int node)
{
    int length;
    const char *type = fdt_getprop(dtb->blob, node, "device_type", &length);

    return type != NULL && fdt_stringlist_contains(type, length, "cpu") && dtb_is_available(dtb, node);
}

static enum result read_affinity(const struct dtb *dtb, int node, uint32_t *affinity)
{
    struct dtb_reg reg;

    if (dtb_read_reg(dtb, node, 0, &reg) != RESULT_OK) {
        LOG_VMM_ERR("device tree: node %s of /cpus has no reg\n", dtb_node_name(dtb, node));
        return RESULT_INVALID;
    }
    if ((reg.base & ~AFFINITY_GOOD) != 0) {
        LOG_VMM_ERR("device tree: node %s of /cpus has a reg of 0x%lx: affinities have bits 23 to 8 and 3 to 0 only\n",
                    dtb_node_name(dtb, node), reg.base);
        return RESULT_INVALID;
    }
    *affinity = (uint32_t)reg.base;
    return RESULT_OK;
}

/* Puts an affinity in its place; there is room for it. */
static enum result insert(const struct dtb *dtb, int node, uint32_t affinity, struct dtb_cpus *cpus)
{
    size_t i = cpus->count;

    for (; i > 0 && cpus->affinity[i - 1] >= affinity; i--) {
        if (cpus->affinity[i - 1] == affinity) {
            LOG_VMM_ERR("device tree: node %s of /cpus has a reg of 0x%x, as another CPU has\n",
                        dtb_node_name(dtb, node), affinity);
            return RESULT_INVALID;
        }
        cpus->affinity[i] = cpus->affinity[i - 1];
    }
    cpus->affinity[i] = affinity;
    cpus->count++;
    return RESULT_OK;
}

static enum result check_enable_method(const struct dtb *dtb, int node)
{
    int length;
    const char *method = fdt_getprop(dtb->blob, node, "enable-method", &length);

    if (method != NULL && fdt_stringlist_contains(method, length, "psci")) {
        return RESULT_OK;
    }
    LOG_VMM_ERR("device tree: enable-method of node %s of /cpus is %s: should be psci\n", dtb_node_name(dtb, node),
                method == NULL || strnlen(method, (size_t)length) == (size_t)length ? "missing" : method);
    return RESULT_INVALID;
}

/* Function identifiers before version 0.2 are the tree's own. [Linux bindings, arm/psci.yaml] */
static bool is_psci_usable(const struct dtb *dtb, int node)
{
    int length;
    const char *method = fdt_getprop(dtb->blob, node, "method", &length);

    return dtb_is_available(dtb, node) && method != NULL && length == sizeof "hvc" &&
           (memcmp(method, "hvc", sizeof "hvc") == 0 || memcmp(method, "smc", sizeof "smc") == 0);
}

static bool has_psci(const struct dtb *dtb)
{
    static const char *const names[] = {"arm,psci-0.2", "arm,psci-1.0"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        int node = fdt_node_offset_by_compatible(dtb->blob, -1, names[i]);
        while (node >= 0 && !is_psci_usable(dtb, node)) {
            node = fdt_node_offset_by_compatible(dtb->blob, node, names[i]);
        }
        if (node >= 0) {
            return true;
        }
    }
    return false;
}

static enum result check_psci(const struct dtb *dtb, size_t count)
{
    if (count == 1 || has_psci(dtb)) {
        return RESULT_OK;
    }
    LOG_VMM_ERR("device tree has %zu CPUs, and no node arm,psci-0.2 or arm,psci-1.0 whose method is hvc or smc, to "
                "switch them on\n",
                count);
    return RESULT_INVALID;
}

static enum result read_all(const struct dtb *dtb, int parent, size_t count_max, struct dtb_cpus *cpus)
{
    size_t count = 0;
    int node;

    fdt_for_each_subnode(node, dtb->blob, parent)
    {
        count += is_cpu_node(dtb, node);
    }
    if (count == 0 || count > count_max) {
        LOG_VMM_ERR("device tree has %zu CPUs: limits are 1 and %zu\n", count, count_max);
        return RESULT_INVALID;
    }
    fdt_for_each_subnode(node, dtb->blob, parent)
    {
        uint32_t affinity;
        if (!is_cpu_node(dtb, node)) {
            continue;
        }
        if (read_affinity(dtb, node, &affinity) != RESULT_OK || insert(dtb, node, affinity, cpus) != RESULT_OK ||
            (count > 1 && check_enable_method(dtb, node) != RESULT_OK)) {
            return RESULT_INVALID;
        }
    }
    return check_psci(dtb, count);
}

enum result dtb_cpus_read(const struct dtb *dtb, size_t count_max, struct dtb_cpus *cpus)
{
    const int parent = fdt_path_offset(dtb->blob, "/cpus");

    cpus->count = 0;
    if (parent < 0) {
        LOG_VMM_ERR("device tree has no /cpus\n");
        return RESULT_INVALID;
    }
    return read_all(dtb, parent, count_max, cpus);
}
