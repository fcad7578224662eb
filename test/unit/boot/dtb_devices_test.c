/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "unit.h"

#include "fake_microkit.h"

#include <libfdt.h>
#include <libvmm/pl011.h>
#include <libvmm/util/util.h>
#include <libvmm/virq.h>

#include "boot/dtb_devices.h"
#include "dtb_builder.h"
#include "vm/fdt_builder.h"

static struct builder builder;
static _Alignas(8) char blob[BUILDER_BYTES];
static struct device first;
static struct device second;
static const struct device_claims nothing;

static void describe_first(void *ctx, struct fdt_builder *tree)
{
    (void)ctx;
    fdt_builder_begin(tree, "virtio_mmio", 0xa000000);
    fdt_builder_string(tree, "compatible", "virtio,mmio");
    fdt_builder_reg(tree, 0xa000000, 0x200);
    fdt_builder_interrupt(tree, 48);
    fdt_builder_flag(tree, "dma-coherent");
    fdt_builder_end(tree);
}

static void describe_second(void *ctx, struct fdt_builder *tree)
{
    const uint32_t cells[] = {1, 0xffffffff};
    (void)ctx;
    fdt_builder_begin(tree, "bus", UINT64_C(0x112345678));
    fdt_builder_cells(tree, "numbers", cells, 2);
    fdt_builder_begin(tree, "inner", 3);
    fdt_builder_string(tree, "name-of-it", "x");
    fdt_builder_end(tree);
    fdt_builder_end(tree);
}

/* A frame for messages, and what refers to it. */
static void describe_frame(void *ctx, struct fdt_builder *tree)
{
    (void)ctx;
    fdt_builder_begin_in_gic(tree, "v2m", 0x8020000);
    fdt_builder_flag(tree, "msi-controller");
    fdt_builder_reg_in_gic(tree, 0x8020000, 0x1000);
    const uint32_t frame = fdt_builder_phandle(tree);
    fdt_builder_end(tree);
    fdt_builder_begin(tree, "pcie", 0x10000000);
    fdt_builder_cells(tree, "msi-parent", &frame, 1);
    fdt_builder_end(tree);
}

/* One of many, each at an address of its own. */
static void describe_one_of_many(void *ctx, struct fdt_builder *tree)
{
    const uint32_t number = (uint32_t)(uintptr_t)ctx;
    fdt_builder_begin(tree, "n", 0x1000 + number);
    const uint32_t phandle = fdt_builder_phandle(tree);
    fdt_builder_cells(tree, "x", &phandle, 1);
    for (uint32_t i = 0; i < 16; i++) {
        fdt_builder_begin(tree, "i", i);
        fdt_builder_end(tree);
    }
    fdt_builder_end(tree);
}

static void reset(void *ctx)
{
    (void)ctx;
}

static const struct device_ops first_ops = {.reset = reset, .describe = describe_first};
static const struct device_ops second_ops = {.reset = reset, .describe = describe_second};
static const struct device_ops frame_ops = {.reset = reset, .describe = describe_frame};

static int setup(void **state)
{
    (void)state;
    vm_forget(vm_instance());
    fake_microkit_reset();
    return 0;
}

static void build(uint32_t root_cells, uint32_t interrupt_cells, uint32_t phandle, bool has_node)
{
    builder_begin(&builder);
    builder_u32(&builder, "#address-cells", root_cells);
    builder_u32(&builder, "#size-cells", root_cells);
    builder_node(&builder, "gic@8000000");
    builder_string(&builder, "compatible", "arm,gic-v3");
    builder_u32(&builder, "#interrupt-cells", interrupt_cells);
    if (phandle != 0) {
        builder_u32(&builder, "phandle", phandle);
    }
    builder_end(&builder);
    if (has_node) {
        builder_node(&builder, "virtio_mmio@a000000");
        builder_string(&builder, "compatible", "mine");
        builder_end(&builder);
    }
    builder_end(&builder);
    assert_int_equal(fdt_finish(builder.blob), 0);
}

static enum result add(void)
{
    struct dtb dtb;
    uint64_t bytes;
    assert_int_equal(dtb_open(builder.blob, sizeof builder.blob, &dtb), RESULT_OK);
    const enum result result = dtb_devices_size(vm_instance(), &dtb, &bytes);
    if (result != RESULT_OK) {
        return result;
    }
    memset(blob, 0xa5, sizeof blob);
    memcpy(blob, builder.blob, dtb.size_bytes);
    assert_true(dtb.size_bytes + bytes <= sizeof blob);
    const enum result added = dtb_devices_add(vm_instance(), blob, dtb.size_bytes + bytes);
    if (vm_instance()->devices != NULL) {
        assert_int_equal(fdt_check_full(blob, dtb.size_bytes + bytes), 0);
    }
    return added;
}

static void add_devices(void)
{
    assert_int_equal(device_add(vm_instance(), &first, "name", &first_ops, NULL, &nothing), RESULT_OK);
    assert_int_equal(device_add(vm_instance(), &second, "name", &second_ops, NULL, &nothing), RESULT_OK);
}

static void assert_cells(const char *path, const char *property, const uint32_t *cells, int count)
{
    int length;
    const int node = fdt_path_offset(blob, path);
    assert_true(node >= 0);
    const fdt32_t *found = fdt_getprop(blob, node, property, &length);
    assert_non_null(found);
    assert_int_equal(length, count * 4);
    for (int i = 0; i < count; i++) {
        assert_int_equal(fdt32_ld(&found[i]), cells[i]);
    }
}

static void test_no_devices(void **state)
{
    (void)state;
    build(2, 4, 0, false);
    assert_int_equal(add(), RESULT_OK);
    /* Only seeds. */
    assert_int_equal(fdt_check_full(blob, sizeof blob), 0);
    const int chosen = fdt_path_offset(blob, "/chosen");
    int length;
    assert_non_null(fdt_getprop(blob, chosen, "rng-seed", &length));
    assert_int_equal(length, 32);
}

static void test_nodes(void **state)
{
    (void)state;
    const uint32_t reg[] = {0, 0xa000000, 0, 0x200};
    const uint32_t interrupt[] = {0, 16, 4};
    const uint32_t numbers[] = {1, 0xffffffff};
    const uint32_t phandle = 7;
    add_devices();
    build(2, 3, phandle, false);
    assert_int_equal(add(), RESULT_OK);
    assert_cells("/virtio_mmio@a000000", "reg", reg, 4);
    assert_cells("/virtio_mmio@a000000", "interrupts", interrupt, 3);
    assert_cells("/virtio_mmio@a000000", "interrupt-parent", &phandle, 1);
    assert_cells("/virtio_mmio@a000000", "dma-coherent", NULL, 0);
    assert_cells("/bus@112345678", "numbers", numbers, 2);
    assert_true(fdt_path_offset(blob, "/bus@112345678/inner@3") > 0);
    /* In the order in which they were added. */
    const int node = fdt_first_subnode(blob, 0);
    assert_string_equal(fdt_get_name(blob, node, NULL), "virtio_mmio@a000000");
    assert_string_equal(fdt_get_name(blob, fdt_next_subnode(blob, node), NULL), "bus@112345678");
}

/* The size is that of all nodes, properties and numbers: no slack makes up for what is not counted. */
static void test_many_devices(void **state)
{
    (void)state;
    static struct device many[20];
    static const struct device_ops many_ops = {.reset = reset, .describe = describe_one_of_many};
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        assert_int_equal(device_add(vm_instance(), &many[i], "name", &many_ops, (void *)i, &nothing), RESULT_OK);
    }
    build(2, 3, 7, false);
    assert_int_equal(add(), RESULT_OK);
    assert_true(fdt_path_offset(blob, "/n@1013/i@f") > 0);
}

static void test_one_cell_and_no_phandle(void **state)
{
    (void)state;
    const uint32_t reg[] = {0xa000000, 0x200};
    const uint32_t phandle = 1;
    add_devices();
    build(1, 3, 0, false);
    assert_int_equal(add(), RESULT_OK);
    assert_cells("/virtio_mmio@a000000", "reg", reg, 2);
    assert_cells("/virtio_mmio@a000000", "interrupt-parent", &phandle, 1);
    assert_cells("/gic@8000000", "phandle", &phandle, 1);
}

static void test_node_of_ones_own(void **state)
{
    (void)state;
    add_devices();
    build(2, 3, 1, true);
    assert_int_equal(add(), RESULT_OK);
    const int node = fdt_path_offset(blob, "/virtio_mmio@a000000");
    assert_string_equal(fdt_getprop(blob, node, "compatible", NULL), "mine");
    assert_null(fdt_getprop(blob, node, "reg", NULL));
    assert_true(fdt_path_offset(blob, "/bus@112345678/inner@3") > 0);
}

static void test_trees_that_cannot_have_devices(void **state)
{
    (void)state;
    add_devices();
    build(2, 4, 1, false);
    assert_int_equal(add(), RESULT_INVALID);
    build(3, 3, 1, false);
    assert_int_equal(add(), RESULT_INVALID);
    assert_true(fake_log_has("devices cannot be added"));
}

enum frame_tree {
    WITH_CELLS,
    WITH_ONE_CELL,
    WITH_NODE,         /* a frame is there already */
    WITH_NODE_PHANDLE, /* likewise, with a phandle */
    WITHOUT_CELLS,
    WITHOUT_RANGES,
    WITH_RANGES,  /* which translate */
    ON_A_BUS,     /* with empty ranges */
    ON_A_BAD_BUS, /* without */
};

static void build_gic(enum frame_tree kind)
{
    static const uint64_t range[] = {1, 2};
    const uint32_t cells = kind == WITHOUT_CELLS ? 0 : kind == WITH_ONE_CELL ? 1 : 2;
    builder_node(&builder, "gic@8000000");
    builder_string(&builder, "compatible", "arm,gic-v3");
    builder_u32(&builder, "#interrupt-cells", 3);
    builder_u32(&builder, "#address-cells", cells);
    builder_u32(&builder, "#size-cells", cells);
    if (kind != WITHOUT_RANGES) {
        fdt_property(builder.blob, "ranges", range, kind == WITH_RANGES ? sizeof range : 0);
    }
    builder_u32(&builder, "phandle", 7);
    if (kind == WITH_NODE || kind == WITH_NODE_PHANDLE) {
        builder_node(&builder, "v2m@8020000");
        builder_string(&builder, "compatible", "mine");
        if (kind == WITH_NODE_PHANDLE) {
            builder_u32(&builder, "phandle", 40);
        }
        builder_end(&builder);
    }
    builder_end(&builder);
}

static enum result add_frame(enum frame_tree kind)
{
    const bool is_on_bus = kind == ON_A_BUS || kind == ON_A_BAD_BUS;
    builder_begin(&builder);
    builder_u32(&builder, "#address-cells", 2);
    builder_u32(&builder, "#size-cells", 2);
    if (is_on_bus) {
        builder_node(&builder, "soc");
        if (kind == ON_A_BUS) {
            fdt_property(builder.blob, "ranges", NULL, 0);
        }
    }
    build_gic(kind);
    if (is_on_bus) {
        builder_end(&builder);
    }
    builder_end(&builder);
    assert_int_equal(fdt_finish(builder.blob), 0);
    return add();
}

static void test_frame(void **state)
{
    (void)state;
    const uint32_t reg[] = {0, 0x8020000, 0, 0x1000};
    const uint32_t short_reg[] = {0x8020000, 0x1000};
    const uint32_t eight = 8;
    const uint32_t forty = 40;
    assert_int_equal(device_add(vm_instance(), &first, "name", &frame_ops, NULL, &nothing), RESULT_OK);
    assert_int_equal(add_frame(WITH_CELLS), RESULT_OK);
    assert_cells("/gic@8000000/v2m@8020000", "reg", reg, 4);
    assert_cells("/gic@8000000/v2m@8020000", "phandle", &eight, 1);
    assert_cells("/pcie@10000000", "msi-parent", &eight, 1);
    assert_int_equal(add_frame(WITH_ONE_CELL), RESULT_OK);
    assert_cells("/gic@8000000/v2m@8020000", "reg", short_reg, 2);
    assert_int_equal(add_frame(ON_A_BUS), RESULT_OK);
    assert_cells("/soc/gic@8000000/v2m@8020000", "reg", reg, 4);
    /* One's own stays as it is, and is the one that is referred to. */
    assert_int_equal(add_frame(WITH_NODE), RESULT_OK);
    assert_cells("/gic@8000000/v2m@8020000", "phandle", &eight, 1);
    assert_cells("/pcie@10000000", "msi-parent", &eight, 1);
    assert_int_equal(add_frame(WITH_NODE_PHANDLE), RESULT_OK);
    assert_cells("/pcie@10000000", "msi-parent", &forty, 1);
    const int node = fdt_path_offset(blob, "/gic@8000000/v2m@8020000");
    assert_string_equal(fdt_getprop(blob, node, "compatible", NULL), "mine");
    assert_null(fdt_getprop(blob, node, "reg", NULL));
}

static void test_trees_that_cannot_have_a_frame(void **state)
{
    (void)state;
    static const enum frame_tree kinds[] = {WITHOUT_CELLS, WITHOUT_RANGES, WITH_RANGES, ON_A_BAD_BUS};
    assert_int_equal(device_add(vm_instance(), &first, "name", &frame_ops, NULL, &nothing), RESULT_OK);
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        fake_log_reset();
        assert_int_equal(add_frame(kinds[i]), RESULT_INVALID);
        assert_true(fake_log_has("no frame for messages can be added to interrupt controller gic@8000000"));
    }
}

static size_t no_characters(void *cookie, const uint8_t *bytes, size_t count)
{
    (void)cookie;
    (void)bytes;
    return count;
}

static size_t nothing_typed(void *cookie, uint8_t *bytes, size_t count_max)
{
    (void)cookie;
    (void)bytes;
    (void)count_max;
    return 0;
}

/* A serial port is in the tree if it was set up before the interrupt controller, and takes its interrupt then. */
static void test_serial_port(void **state)
{
    (void)state;
    static struct pl011 early, late;
    static const struct pl011_line ends = {no_characters, nothing_typed, NULL};
    static const struct virq_controller_config gicv2 = {.version = VIRQ_CONTROLLER_GICV2,
                                                        .dist_base = 0x8000000,
                                                        .dist_size_bytes = 0x10000,
                                                        .cpu_base = 0x8010000,
                                                        .cpu_size_bytes = 0x2000};
    static const char kinds[] = "arm,pl011\0arm,primecell";
    const uint32_t reg[] = {0, 0x9000000, 0, 0x1000};
    const uint32_t interrupt[] = {0, 1, 4};
    int length;
    assert_true(pl011_init(&early, 0x9000000, 33, &ends));
    assert_true(virq_controller_configure(&gicv2));
    assert_true(virq_controller_init(0));
    assert_false(virq_register(0, 33, NULL, NULL));
    assert_true(pl011_init(&late, 0x9001000, 34, &ends));
    build(2, 3, 7, false);
    assert_int_equal(add(), RESULT_OK);
    assert_true(fdt_path_offset(blob, "/serial@9001000") < 0);
    assert_cells("/serial@9000000", "reg", reg, 4);
    assert_cells("/serial@9000000", "interrupts", interrupt, 3);
    const uint32_t clock = fdt_get_phandle(blob, fdt_path_offset(blob, "/clock-9000000"));
    assert_int_not_equal(clock, 0);
    assert_cells("/serial@9000000", "clocks", (const uint32_t[]){clock, clock}, 2);
    const void *found = fdt_getprop(blob, fdt_path_offset(blob, "/serial@9000000"), "compatible", &length);
    assert_int_equal(length, sizeof kinds);
    assert_memory_equal(found, kinds, sizeof kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_serial_port, setup),
        cmocka_unit_test_setup(test_no_devices, setup),
        cmocka_unit_test_setup(test_nodes, setup),
        cmocka_unit_test_setup(test_many_devices, setup),
        cmocka_unit_test_setup(test_one_cell_and_no_phandle, setup),
        cmocka_unit_test_setup(test_node_of_ones_own, setup),
        cmocka_unit_test_setup(test_trees_that_cannot_have_devices, setup),
        cmocka_unit_test_setup(test_frame, setup),
        cmocka_unit_test_setup(test_trees_that_cannot_have_a_frame, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
