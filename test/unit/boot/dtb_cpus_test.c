/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The CPUs of a device tree: how many, their affinities, and how they are switched on.
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

static struct dtb_cpus cpus;

static enum result read_cpus(void)
{
    struct dtb dtb;
    size_t bytes = builder_finish(&b);

    fake_microkit_reset();
    assert_int_equal(dtb_open(b.blob, bytes, &dtb), RESULT_OK);
    return dtb_cpus_read(&dtb, 8, &cpus);
}

static void expect_invalid(const char *message)
{
    assert_int_equal(read_cpus(), RESULT_INVALID);
    assert_true(fake_log_has(message));
}

static void cpu_enabled_by(const char *name, const char *type, uint32_t reg, const char *status, const char *method)
{
    builder_node(&b, name);
    builder_string(&b, "device_type", type);
    builder_u32(&b, "reg", reg);
    if (status != NULL) {
        builder_string(&b, "status", status);
    }
    if (method != NULL) {
        builder_string(&b, "enable-method", method);
    }
    builder_end(&b);
}

static void cpu(const char *name, const char *type, uint32_t reg, const char *status)
{
    cpu_enabled_by(name, type, reg, status, "psci");
}

static void begin_nodes(void)
{
    builder_node(&b, "cpus");
    builder_address_cells(&b, 1, 0);
}

static void begin_cpus(void)
{
    builder_begin(&b);
    builder_psci(&b, "arm,psci-0.2", "smc");
    begin_nodes();
}

static void test_every_good_count(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 8; count++) {
        builder_begin(&b);
        builder_guest_cpus(&b, count);
        assert_int_equal(read_cpus(), RESULT_OK);
        assert_int_equal(cpus.count, count);
        assert_int_equal(cpus.affinity[count - 1], count - 1);
        assert_int_equal(fake.log_bytes, 0);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    builder_begin(&b);
    builder_guest_cpus(&b, 9);
    expect_invalid("device tree has 9 CPUs: limits are 1 and 8");
}

static void test_only_usable_cpus_count(void **state)
{
    (void)state;
    begin_cpus();
    cpu("cpu@3", "cpu", 3, "disabled");
    cpu("cpu@1", "cpu", 1, "okay");
    cpu("cpu@0", "cpu", 0, NULL);
    cpu("l2-cache", "cache", 0, NULL);
    builder_node(&b, "cpu-map");
    builder_end(&b);
    builder_end(&b);
    assert_int_equal(read_cpus(), RESULT_OK);
    assert_int_equal(cpus.count, 2);
    assert_int_equal(cpus.affinity[0], 0);
    assert_int_equal(cpus.affinity[1], 1);
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

/* Boards number their cores by clusters and threads: as MPIDR_EL1 has it. */
static void test_affinities(void **state)
{
    (void)state;
    begin_cpus();
    cpu("cpu@100", "cpu", 0x100, NULL);
    cpu("cpu@10203", "cpu", 0x10203, NULL);
    cpu("cpu@f", "cpu", 0xf, NULL);
    builder_end(&b);
    assert_int_equal(read_cpus(), RESULT_OK);
    assert_int_equal(cpus.count, 3);
    assert_int_equal(cpus.affinity[0], 0xf);
    assert_int_equal(cpus.affinity[1], 0x100);
    assert_int_equal(cpus.affinity[2], 0x10203);
}

static void test_bad_affinities(void **state)
{
    (void)state;
    const uint32_t bad[] = {0x10, 0x80000000, 0x1000000, 0xff};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin_cpus();
        cpu("cpu@0", "cpu", 0, NULL);
        cpu("cpu@x", "cpu", bad[i], NULL);
        builder_end(&b);
        expect_invalid("node cpu@x of /cpus has a reg of 0x");
    }
    begin_cpus();
    cpu("cpu@0", "cpu", 0x101, NULL);
    cpu("cpu@1", "cpu", 1, NULL);
    cpu("cpu@101", "cpu", 0x101, NULL);
    builder_end(&b);
    expect_invalid("node cpu@101 of /cpus has a reg of 0x101, as another CPU has");
}

static void test_enable_methods(void **state)
{
    (void)state;
    begin_cpus();
    cpu("cpu@0", "cpu", 0, NULL);
    cpu_enabled_by("cpu@1", "cpu", 1, NULL, "spin-table");
    builder_end(&b);
    expect_invalid("enable-method of node cpu@1 of /cpus is spin-table: should be psci");
    begin_cpus();
    cpu_enabled_by("cpu@0", "cpu", 0, NULL, NULL);
    cpu("cpu@1", "cpu", 1, NULL);
    builder_end(&b);
    expect_invalid("enable-method of node cpu@0 of /cpus is missing");
    /* One that is alone is on. */
    begin_cpus();
    cpu_enabled_by("cpu@0", "cpu", 0, NULL, "spin-table");
    builder_end(&b);
    assert_int_equal(read_cpus(), RESULT_OK);
}

static void two_cpus_with_psci(const char *compatible, const char *method)
{
    builder_begin(&b);
    builder_psci(&b, compatible, method);
    begin_nodes();
    cpu("cpu@0", "cpu", 0, NULL);
    cpu("cpu@1", "cpu", 1, NULL);
    builder_end(&b);
}

static void test_psci(void **state)
{
    (void)state;
    const char message[] =
        "device tree has 2 CPUs, and no node arm,psci-0.2 or arm,psci-1.0 whose method is hvc or smc";
    two_cpus_with_psci("arm,psci", "smc");
    expect_invalid(message);
    two_cpus_with_psci("arm,psci-1.0", NULL);
    expect_invalid(message);
    two_cpus_with_psci("arm,psci-1.0", "call");
    expect_invalid(message);
    two_cpus_with_psci("arm,psci-1.0", "smc");
    assert_int_equal(read_cpus(), RESULT_OK);
    two_cpus_with_psci("arm,psci-0.2", "hvc");
    assert_int_equal(read_cpus(), RESULT_OK);
    /* One of several will do. */
    builder_begin(&b);
    builder_psci(&b, "arm,psci-1.0", "call");
    builder_psci(&b, "arm,psci-1.0", "smc");
    begin_nodes();
    cpu("cpu@0", "cpu", 0, NULL);
    cpu("cpu@1", "cpu", 1, NULL);
    builder_end(&b);
    assert_int_equal(read_cpus(), RESULT_OK);
    /* A vCPU that is alone is never switched on. */
    builder_begin(&b);
    begin_nodes();
    cpu("cpu@0", "cpu", 0, NULL);
    builder_end(&b);
    assert_int_equal(read_cpus(), RESULT_OK);
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
        cmocka_unit_test(test_every_good_count),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_only_usable_cpus_count),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_affinities),
        cmocka_unit_test(test_bad_affinities),
        cmocka_unit_test(test_enable_methods),
        cmocka_unit_test(test_psci),
        cmocka_unit_test(test_no_reg),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
