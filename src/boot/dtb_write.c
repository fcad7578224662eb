/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest's device tree, on libfdt's sequential writer. Numbers of interrupts and names are those of Linux's bindings
 * for the GIC, the timer and PSCI. [DTSpec 3]
 *
 * Invariant: once libfdt has refused something, nothing more is written; the first error is the one that is reported.
 */
#include <libvmm/arch/aarch64/device_tree.h>

#include <libfdt.h>
#include <libvmm/util/util.h>

#include "util/checked.h"
#include "vm/limits.h"

#define GIC_PHANDLE         1
#define GIC_PPI             1
#define GIC_LEVEL           4 /* active high, level-sensitive */
#define GIC_CELLS           3
#define ADDRESS_CELLS       2
#define NAME_BYTES          32
#define GICV2_CPU_COUNT_MAX 8 /* [GICv2 1.2] */

/* Secure physical, physical, virtual and hypervisor timer; a guest of libvmm has the virtual one. */
static const uint32_t timer_ppis[] = {13, 14, 11, 10};

struct writer {
    void *blob;
    int error; /* of libfdt: 0 or the first one */
};

/* Calls libfdt, unless it has refused something already. */
#define WRITE(w, call) ((w)->error = (w)->error != 0 ? (w)->error : (call))

static void begin(struct writer *w, const char *name)
{
    WRITE(w, fdt_begin_node(w->blob, name));
}

/* A node named after its address. */
static void begin_at(struct writer *w, const char *name, uint64_t address)
{
    char full[NAME_BYTES];

    (void)snprintf(full, sizeof full, "%s@%lx", name, (unsigned long)address);
    begin(w, full);
}

static void end(struct writer *w)
{
    WRITE(w, fdt_end_node(w->blob));
}

static void put_string(struct writer *w, const char *name, const char *value)
{
    WRITE(w, fdt_property(w->blob, name, value, (int)strlen(value) + 1));
}

/* Several strings, each ended with a zero. */
static void put_strings(struct writer *w, const char *name, const char *values, size_t size_bytes)
{
    WRITE(w, fdt_property(w->blob, name, values, (int)size_bytes));
}

static void put_cell(struct writer *w, const char *name, uint32_t value)
{
    WRITE(w, fdt_property_u32(w->blob, name, value));
}

static void put_address(struct writer *w, const char *name, uint64_t value)
{
    WRITE(w, fdt_property_u64(w->blob, name, value));
}

static void put_flag(struct writer *w, const char *name)
{
    WRITE(w, fdt_property(w->blob, name, NULL, 0));
}

static void put_cell_sizes(struct writer *w, uint32_t address, uint32_t size)
{
    put_cell(w, "#address-cells", address);
    put_cell(w, "#size-cells", size);
}

/* `count` pairs of base and size. */
static void put_reg(struct writer *w, const uint64_t *numbers, size_t count)
{
    fdt64_t reg[4];

    for (size_t i = 0; i < count * 2; i++) {
        reg[i] = cpu_to_fdt64(numbers[i]);
    }
    WRITE(w, fdt_property(w->blob, "reg", reg, (int)(count * 2 * sizeof reg[0])));
}

static void write_chosen(struct writer *w, const struct linux_device_tree *guest)
{
    begin(w, "chosen");
    if (guest->bootargs != NULL) {
        put_string(w, "bootargs", guest->bootargs);
    }
    if (guest->stdout_path != NULL) {
        put_string(w, "stdout-path", guest->stdout_path);
    }
    if (guest->initrd_size_bytes != 0) {
        put_address(w, "linux,initrd-start", guest->initrd_base);
        put_address(w, "linux,initrd-end", guest->initrd_base + guest->initrd_size_bytes);
    }
    end(w);
}

static void write_memory(struct writer *w, const struct linux_device_tree *guest)
{
    begin_at(w, "memory", guest->ram_base);
    put_string(w, "device_type", "memory");
    put_reg(w, (const uint64_t[]){guest->ram_base, guest->ram_size_bytes}, 1);
    end(w);
}

static void write_cpus(struct writer *w, size_t count)
{
    begin(w, "cpus");
    put_cell_sizes(w, 1, 0);
    for (uint32_t i = 0; i < count; i++) {
        begin_at(w, "cpu", i);
        put_string(w, "device_type", "cpu");
        put_string(w, "compatible", "arm,armv8");
        put_cell(w, "reg", i);
        put_string(w, "enable-method", "psci");
        end(w);
    }
    end(w);
}

static void write_psci(struct writer *w)
{
    begin(w, "psci");
    /* As the oldest that it does all of, too: guests that look for that one. */
    put_strings(w, "compatible", "arm,psci-1.0\0arm,psci-0.2", sizeof "arm,psci-1.0\0arm,psci-0.2");
    put_string(w, "method", "smc");
    end(w);
}

static void write_timer(struct writer *w)
{
    fdt32_t interrupts[ARRAY_SIZE(timer_ppis)][GIC_CELLS];

    for (size_t i = 0; i < ARRAY_SIZE(timer_ppis); i++) {
        interrupts[i][0] = cpu_to_fdt32(GIC_PPI);
        interrupts[i][1] = cpu_to_fdt32(timer_ppis[i]);
        interrupts[i][2] = cpu_to_fdt32(GIC_LEVEL);
    }
    begin(w, "timer");
    put_string(w, "compatible", "arm,armv8-timer");
    WRITE(w, fdt_property(w->blob, "interrupts", interrupts, sizeof interrupts));
    put_flag(w, "always-on");
    end(w);
}

static void write_gic(struct writer *w, const struct virq_controller_config *gic)
{
    const bool is_v3 = gic->version == VIRQ_CONTROLLER_GICV3;

    begin_at(w, "interrupt-controller", gic->dist_base);
    put_string(w, "compatible", is_v3 ? "arm,gic-v3" : "arm,gic-400");
    put_cell(w, "#interrupt-cells", GIC_CELLS);
    put_flag(w, "interrupt-controller");
    put_cell_sizes(w, ADDRESS_CELLS, ADDRESS_CELLS);
    put_flag(w, "ranges");
    put_reg(w,
            (const uint64_t[]){gic->dist_base, gic->dist_size_bytes, is_v3 ? gic->redist_base : gic->cpu_base,
                               is_v3 ? gic->redist_size_bytes : gic->cpu_size_bytes},
            2);
    put_cell(w, "phandle", GIC_PHANDLE);
    end(w);
}

static void write_root(struct writer *w, const struct linux_device_tree *guest)
{
    begin(w, "");
    put_cell_sizes(w, ADDRESS_CELLS, ADDRESS_CELLS);
    put_string(w, "compatible", "linux,dummy-virt");
    put_string(w, "model", "libvmm guest");
    put_cell(w, "interrupt-parent", GIC_PHANDLE);
    write_chosen(w, guest);
    write_memory(w, guest);
    write_cpus(w, guest->vcpu_count);
    write_psci(w);
    write_timer(w);
    write_gic(w, &guest->gic);
    end(w);
}

static bool check_guest(const struct linux_device_tree *guest)
{
    uint64_t end;

    const size_t vcpu_count_max = guest->gic.version == VIRQ_CONTROLLER_GICV2 ? GICV2_CPU_COUNT_MAX : VM_VCPU_COUNT_MAX;
    if (guest->vcpu_count == 0 || guest->vcpu_count > vcpu_count_max) {
        LOG_VMM_ERR("device tree with %zu CPUs: should be 1 to %zu\n", guest->vcpu_count, vcpu_count_max);
        return false;
    }
    if (guest->gic.version != VIRQ_CONTROLLER_GICV2 && guest->gic.version != VIRQ_CONTROLLER_GICV3) {
        LOG_VMM_ERR("device tree with a GICv%u: should be 2 or 3\n", (unsigned)guest->gic.version);
        return false;
    }
    if (guest->ram_size_bytes == 0 || !checked_add(guest->ram_base, guest->ram_size_bytes, &end)) {
        LOG_VMM_ERR("device tree with 0x%lx bytes of memory at 0x%lx\n", guest->ram_size_bytes, guest->ram_base);
        return false;
    }
    if (!checked_add(guest->initrd_base, guest->initrd_size_bytes, &end)) {
        LOG_VMM_ERR("device tree with an initial RAM disk of 0x%lx bytes at 0x%lx\n", guest->initrd_size_bytes,
                    guest->initrd_base);
        return false;
    }
    return true;
}

size_t linux_device_tree_write(void *buffer, size_t capacity, const struct linux_device_tree *guest)
{
    if (!check_guest(guest)) {
        return 0;
    }
    struct writer w = {.blob = buffer};
    w.error = fdt_create(buffer, (int)MIN(capacity, (size_t)INT_MAX));
    WRITE(&w, fdt_finish_reservemap(buffer));
    write_root(&w, guest);
    WRITE(&w, fdt_finish(buffer));
    if (w.error != 0) {
        LOG_VMM_ERR("device tree does not fit into 0x%zx bytes: %s\n", capacity, fdt_strerror(w.error));
        return 0;
    }
    return fdt_totalsize(buffer);
}
