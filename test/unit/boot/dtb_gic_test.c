/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Finding the interrupt controller.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/dtb_gic.h"
#include "dtb_builder.h"
#include "fake_microkit.h"

static struct builder b;

static enum result find(struct vgic_config *config)
{
    struct dtb dtb;
    size_t bytes = builder_finish(&b);

    fake_microkit_reset();
    assert_int_equal(dtb_open(b.blob, bytes, &dtb), RESULT_OK);
    return dtb_gic_find(&dtb, config);
}

static void expect_invalid(const char *message)
{
    struct vgic_config config;

    assert_int_equal(find(&config), RESULT_INVALID);
    assert_true(fake_log_has(message));
}

/* A tree with one interrupt controller, whose node stays open. */
static void begin_gic(const char *compatible)
{
    builder_begin(&b);
    builder_address_cells(&b, 1, 1);
    builder_node(&b, "intc");
    builder_string(&b, "compatible", compatible);
}

static void test_gicv2(void **state)
{
    (void)state;
    static const char *const names[] = {"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct vgic_config config;
        begin_gic(names[i]);
        BUILDER_CELLS(&b, "reg", 0x8000000, 0x10000, 0x8010000, 0x2000);
        builder_end(&b);
        assert_int_equal(find(&config), RESULT_OK);
        assert_int_equal(config.version, VGIC_V2);
        assert_int_equal(config.dist_base.value, 0x8000000);
        assert_int_equal(config.dist_size_bytes, 0x10000);
        assert_int_equal(config.cpu_base.value, 0x8010000);
        assert_int_equal(config.cpu_size_bytes, 0x2000);
        assert_int_equal(config.redist_size_bytes, 0);
        assert_int_equal(fake.log_bytes, 0);
    }
}

static void test_gicv3(void **state)
{
    (void)state;
    struct vgic_config config;

    builder_begin(&b);
    builder_address_cells(&b, 2, 2);
    builder_guest_gic(&b, 3);
    assert_int_equal(find(&config), RESULT_OK);
    assert_int_equal(config.version, VGIC_V3);
    assert_int_equal(config.dist_base.value, 0x8000000);
    assert_int_equal(config.dist_size_bytes, 0x10000);
    assert_int_equal(config.redist_base.value, 0x80a0000);
    assert_int_equal(config.redist_size_bytes, 0xf60000);
    assert_int_equal(config.cpu_size_bytes, 0);
}

static void test_behind_a_bus(void **state)
{
    (void)state;
    struct vgic_config config;

    builder_begin(&b);
    builder_address_cells(&b, 2, 2);
    builder_node(&b, "soc");
    builder_address_cells(&b, 1, 1);
    BUILDER_CELLS(&b, "ranges", 0, 0, 0xf0000000, 0x10000000);
    builder_node(&b, "intc");
    builder_string(&b, "compatible", "arm,gic-400");
    BUILDER_CELLS(&b, "reg", 0x9010000, 0x1000, 0x9020000, 0x2000);
    builder_end(&b);
    builder_end(&b);
    assert_int_equal(find(&config), RESULT_OK);
    assert_int_equal(config.dist_base.value, 0xf9010000);
    assert_int_equal(config.cpu_base.value, 0xf9020000);
}

static void test_disabled_one_is_passed_over(void **state)
{
    (void)state;
    struct vgic_config config;

    begin_gic("arm,gic-400");
    builder_string(&b, "status", "disabled");
    BUILDER_CELLS(&b, "reg", 0x1000, 0x1000, 0x2000, 0x2000);
    builder_end(&b);
    builder_node(&b, "other");
    builder_string(&b, "compatible", "arm,gic-400");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x1000, 0x8010000, 0x2000);
    builder_end(&b);
    assert_int_equal(find(&config), RESULT_OK);
    assert_int_equal(config.dist_base.value, 0x8000000);
}

static void test_none(void **state)
{
    (void)state;
    struct vgic_config config;

    begin_gic("acme,interrupts");
    builder_end(&b);
    assert_int_equal(find(&config), RESULT_RANGE);
    assert_int_equal(fake.log_bytes, 0);
}

static void test_reg_too_short(void **state)
{
    (void)state;
    begin_gic("arm,gic-400");
    builder_end(&b);
    expect_invalid("reg of interrupt controller intc has no entry 0");
    begin_gic("arm,gic-400");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x1000);
    builder_end(&b);
    expect_invalid("reg of interrupt controller intc has no entry 1");
    begin_gic("arm,gic-v3");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x10000);
    builder_end(&b);
    expect_invalid("reg of interrupt controller intc has no entry 1");
}

static void test_frames_too_small(void **state)
{
    (void)state;
    begin_gic("arm,gic-400");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0xfff, 0x8010000, 0x2000);
    builder_end(&b);
    expect_invalid("entry 0 of reg of interrupt controller intc has 0xfff bytes: should be 0x1000");
    begin_gic("arm,gic-v3");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x10000, 0x80a0000, 0x1ffff);
    builder_end(&b);
    expect_invalid("entry 1 of reg of interrupt controller intc has 0x1ffff bytes: should be 0x20000");
}

static void test_gicv3_shapes(void **state)
{
    (void)state;
    struct vgic_config config;

    begin_gic("arm,gic-v3");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x10000, 0x80a0000, 0x40000);
    builder_u32(&b, "#redistributor-regions", 1);
    builder_u64(&b, "redistributor-stride", 0x20000);
    builder_end(&b);
    assert_int_equal(find(&config), RESULT_OK);
    begin_gic("arm,gic-v3");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x10000, 0x80a0000, 0x40000);
    builder_u32(&b, "#redistributor-regions", 2);
    builder_end(&b);
    expect_invalid("#redistributor-regions of intc must be 0x1");
    begin_gic("arm,gic-v3");
    BUILDER_CELLS(&b, "reg", 0x8000000, 0x10000, 0x80a0000, 0x40000);
    builder_u32(&b, "redistributor-stride", 0x40000);
    builder_end(&b);
    expect_invalid("redistributor-stride of intc must be 0x20000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gicv2),
        cmocka_unit_test(test_gicv3),
        cmocka_unit_test(test_behind_a_bus),
        cmocka_unit_test(test_disabled_one_is_passed_over),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_reg_too_short),
        cmocka_unit_test(test_frames_too_small),
        cmocka_unit_test(test_gicv3_shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
