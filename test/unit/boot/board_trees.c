/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * board_trees DTB...
 *
 * Says of each device tree what the library makes of its CPUs and its interrupt controller: "accepted FILE: n CPUs", or
 * "refused FILE: " and the log. A tree that is accepted, and whose CPUs would not all come up in a guest, ends it with
 * status 1; so does one that is refused without a word. What is looked for in the tree is read apart from the library.
 */
#include "fixture.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

#include "boot/dtb.h"
#include "boot/dtb_cpus.h"
#include "boot/dtb_gic.h"

static bool is_usable_cpu(const void *blob, int node)
{
    const char *type = fdt_getprop(blob, node, "device_type", NULL);
    const char *status = fdt_getprop(blob, node, "status", NULL);
    return type != NULL && strcmp(type, "cpu") == 0 &&
           (status == NULL || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0);
}

static uint64_t reg_of(const void *blob, int node)
{
    int length;
    const fdt32_t *cells = fdt_getprop(blob, node, "reg", &length);
    return length == 8 ? (uint64_t)fdt32_to_cpu(cells[0]) << 32 | fdt32_to_cpu(cells[1]) : fdt32_to_cpu(cells[0]);
}

static bool has_vcpu(const struct dtb_cpus *cpus, uint64_t reg)
{
    for (size_t i = 0; i < cpus->count; i++) {
        if (cpus->affinity[i] == reg) {
            return true;
        }
    }
    return false;
}

/* Why one of the CPUs of a guest with this tree would not start; NULL: all of them start. */
static const char *find_fault(const void *blob, const struct dtb_cpus *cpus)
{
    const int parent = fdt_path_offset(blob, "/cpus");
    const bool has_psci = fdt_node_offset_by_compatible(blob, -1, "arm,psci-0.2") >= 0 ||
                          fdt_node_offset_by_compatible(blob, -1, "arm,psci-1.0") >= 0;
    size_t count = 0;
    int node;
    fdt_for_each_subnode(node, blob, parent)
    {
        if (!is_usable_cpu(blob, node)) {
            continue;
        }
        const char *method = fdt_getprop(blob, node, "enable-method", NULL);
        count++;
        if (!has_vcpu(cpus, reg_of(blob, node))) {
            return "a CPU without a vCPU";
        }
        if (cpus->count > 1 && (method == NULL || strcmp(method, "psci") != 0 || !has_psci)) {
            return "a CPU that nothing switches on";
        }
    }
    return count == cpus->count ? NULL : "vCPUs that the tree has not";
}

static bool look_at(const char *path, const void *blob, uint64_t bytes)
{
    struct dtb dtb;
    struct dtb_cpus cpus;
    struct vgic_config gic;
    fixture_setup(NULL);
    if (dtb_open(blob, bytes, &dtb) != RESULT_OK || dtb_cpus_read(&dtb, VM_VCPU_COUNT_MAX, &cpus) != RESULT_OK ||
        dtb_gic_find(&dtb, &gic) == RESULT_INVALID) {
        printf("refused %s: %s", path, fake.log_bytes == 0 ? "\n" : fake.log);
        return fake.log_bytes != 0;
    }
    const char *fault = find_fault(blob, &cpus);
    printf("accepted %s: %zu CPUs%s%s\n", path, cpus.count, fault == NULL ? "" : ": wrongly, there is ",
           fault == NULL ? "" : fault);
    return fault == NULL;
}

static bool look_at_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        return false;
    }
    const long bytes = ftell(file);
    rewind(file);
    void *blob = aligned_alloc(8, ((size_t)bytes + 7) & ~(size_t)7);
    const bool is_read = blob != NULL && fread(blob, 1, (size_t)bytes, file) == (size_t)bytes;
    const bool is_right = is_read && look_at(path, blob, (uint64_t)bytes);
    free(blob);
    fclose(file);
    return is_right;
}

int main(int argc, char **argv)
{
    bool is_right = argc > 1;
    for (int i = 1; i < argc; i++) {
        is_right = look_at_file(argv[i]) && is_right;
    }
    return is_right ? 0 : 1;
}
