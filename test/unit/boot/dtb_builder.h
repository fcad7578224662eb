/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Builds device trees for the tests of src/boot: by hand with the functions below, or whole ones from a description.
 */
#pragma once

#include <libfdt.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BUILDER_BYTES 16384

struct builder {
    _Alignas(8) char blob[BUILDER_BYTES];
};

static inline void builder_begin(struct builder *b)
{
    memset(b->blob, 0, sizeof b->blob);
    assert_int_equal(fdt_create(b->blob, sizeof b->blob), 0);
    assert_int_equal(fdt_finish_reservemap(b->blob), 0);
    assert_int_equal(fdt_begin_node(b->blob, ""), 0);
}

static inline void builder_node(struct builder *b, const char *name)
{
    assert_int_equal(fdt_begin_node(b->blob, name), 0);
}

static inline void builder_end(struct builder *b)
{
    assert_int_equal(fdt_end_node(b->blob), 0);
}

static inline void builder_string(struct builder *b, const char *name, const char *value)
{
    assert_int_equal(fdt_property(b->blob, name, value, (int)strlen(value) + 1), 0);
}

static inline void builder_u32(struct builder *b, const char *name, uint32_t value)
{
    assert_int_equal(fdt_property_u32(b->blob, name, value), 0);
}

static inline void builder_u64(struct builder *b, const char *name, uint64_t value)
{
    assert_int_equal(fdt_property_u64(b->blob, name, value), 0);
}

static inline void builder_bytes(struct builder *b, const char *name, const void *bytes, int length)
{
    assert_int_equal(fdt_property(b->blob, name, bytes, length), 0);
}

/* A property of `count` cells. */
static inline void builder_cells(struct builder *b, const char *name, const uint32_t *cells, size_t count)
{
    fdt32_t big_endian[32];

    assert_true(count <= 32);
    for (size_t i = 0; i < count; i++) {
        big_endian[i] = cpu_to_fdt32(cells[i]);
    }
    builder_bytes(b, name, big_endian, (int)(count * sizeof big_endian[0]));
}

#define BUILDER_CELLS(b, name, ...)                                                                                    \
    builder_cells(b, name, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static inline void builder_address_cells(struct builder *b, uint32_t address, uint32_t size)
{
    builder_u32(b, "#address-cells", address);
    builder_u32(b, "#size-cells", size);
}

/* Ends the root and the tree; gives its size. */
static inline size_t builder_finish(struct builder *b)
{
    builder_end(b);
    assert_int_equal(fdt_finish(b->blob), 0);
    return fdt_totalsize(b->blob);
}

/* A whole guest. Zero members leave out what they describe. */
struct builder_guest {
    uint64_t ram_base;
    uint64_t ram_bytes;
    uint64_t initrd_start;
    uint64_t initrd_end;
    uint32_t gic; /* 2 or 3 */
    uint32_t cpu_count;
    uint32_t cpu_stride; /* of their affinities; 0: 1 */
};

static inline void builder_guest_gic(struct builder *b, uint32_t version)
{
    builder_node(b, "intc@8000000");
    builder_string(b, "compatible", version == 3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
    if (version == 3) {
        BUILDER_CELLS(b, "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000);
    } else {
        BUILDER_CELLS(b, "reg", 0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000);
    }
    builder_end(b);
}

static inline void builder_psci(struct builder *b, const char *compatible, const char *method)
{
    builder_node(b, "psci");
    builder_string(b, "compatible", compatible);
    if (method != NULL) {
        builder_string(b, "method", method);
    }
    builder_end(b);
}

static inline void builder_guest_cpus_at(struct builder *b, uint32_t count, uint32_t stride)
{
    builder_psci(b, "arm,psci-1.0", "hvc");
    builder_node(b, "cpus");
    builder_address_cells(b, 1, 0);
    for (uint32_t i = 0; i < count; i++) {
        char name[] = "cpu@00";
        name[4] = (char)('0' + i / 10);
        name[5] = (char)('0' + i % 10);
        builder_node(b, name);
        builder_string(b, "device_type", "cpu");
        builder_u32(b, "reg", i * stride);
        builder_string(b, "enable-method", "psci");
        builder_end(b);
    }
    builder_end(b);
}

static inline void builder_guest_cpus(struct builder *b, uint32_t count)
{
    builder_guest_cpus_at(b, count, 1);
}

static inline void builder_guest_memory(struct builder *b, uint64_t base, uint64_t bytes)
{
    builder_node(b, "memory@40000000");
    builder_string(b, "device_type", "memory");
    BUILDER_CELLS(b, "reg", (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(bytes >> 32), (uint32_t)bytes);
    builder_end(b);
}

static inline size_t builder_guest(struct builder *b, const struct builder_guest *guest)
{
    builder_begin(b);
    builder_address_cells(b, 2, 2);
    if (guest->ram_bytes != 0) {
        builder_guest_memory(b, guest->ram_base, guest->ram_bytes);
    }
    if (guest->initrd_end != 0) {
        builder_node(b, "chosen");
        builder_u64(b, "linux,initrd-start", guest->initrd_start);
        builder_u64(b, "linux,initrd-end", guest->initrd_end);
        builder_end(b);
    }
    if (guest->cpu_count != 0) {
        builder_guest_cpus_at(b, guest->cpu_count, guest->cpu_stride == 0 ? 1 : guest->cpu_stride);
    }
    if (guest->gic != 0) {
        builder_guest_gic(b, guest->gic);
    }
    return builder_finish(b);
}
