/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Counting CPUs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/dtb_cpus.h"
#include "dtb_builder.h"
#include "fake_microkit.h"

static struct builder b;

static enum result count_cpus(size_t *count)
{
    struct dtb dtb;
    size_t bytes = builder_finish(&b);

    fake_microkit_reset();
    assert_int_equal(dtb_open(b.blob, bytes, &dtb), RESULT_OK);
    return dtb_cpus_count(&dtb, 8, count);
}

static void expect_invalid(const char *message)
{
    size_t count;

    assert_int_equal(count_cpus(&count), RESULT_INVALID);
    assert_true(fake_log_has(message));
}

static void cpu(const char *name, const char *type, uint32_t reg, const char *status)
{
    builder_node(&b, name);
    builder_string(&b, "device_type", type);
    builder_u32(&b, "reg", reg);
    if (status != NULL) {
        builder_string(&b, "status", status);
    }
    builder_end(&b);
}

static void begin_cpus(void)
{
    builder_begin(&b);
    builder_node(&b, "cpus");
    builder_address_cells(&b, 1, 0);
}

static void test_every_good_count(void **state)
{
    (void)state;
    for (uint32_t cpus = 1; cpus <= 8; cpus++) {
        size_t count;
        builder_begin(&b);
        builder_guest_cpus(&b, cpus);
        assert_int_equal(count_cpus(&count), RESULT_OK);
        assert_int_equal(count, cpus);
        assert_int_equal(fake.log_bytes, 0);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    builder_begin(&b);
    builder_guest_cpus(&b, 9);
    expect_invalid("device tree has 9 CPUs: the limit is 8");
}

static void test_only_usable_cpus_count(void **state)
{
    (void)state;
    size_t count;

    begin_cpus();
    cpu("cpu@3", "cpu", 3, "disabled");
    cpu("cpu@1", "cpu", 1, "okay");
    cpu("cpu@0", "cpu", 0, NULL);
    cpu("l2-cache", "cache", 0, NULL);
    builder_node(&b, "cpu-map");
    builder_end(&b);
    builder_end(&b);
    assert_int_equal(count_cpus(&count), RESULT_OK);
    assert_int_equal(count, 2);
}

static void test_none(void **state)
{
    (void)state;
    builder_begin(&b);
    expect_invalid("device tree has no /cpus");
    begin_cpus();
    builder_end(&b);
    expect_invalid("device tree has 0 CPUs");
}

static void test_boot_cpu_missing(void **state)
{
    (void)state;
    begin_cpus();
    cpu("cpu@1", "cpu", 1, NULL);
    cpu("cpu@0", "cpu", 0, "disabled");
    builder_end(&b);
    expect_invalid("none of which has a reg of 0");
}

static void test_no_reg(void **state)
{
    (void)state;
    begin_cpus();
    builder_node(&b, "cpu@0");
    builder_string(&b, "device_type", "cpu");
    builder_end(&b);
    builder_end(&b);
    expect_invalid("node cpu@0 of /cpus has no reg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_good_count),       cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_only_usable_cpus_count), cmocka_unit_test(test_none),
        cmocka_unit_test(test_boot_cpu_missing),       cmocka_unit_test(test_no_reg),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
