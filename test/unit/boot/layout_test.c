/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Addresses of kernel, device tree and initrd: each rule kept and broken, and the ends of the number range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boot/layout.h"
#include "fake_microkit.h"

#define RAM_BASE  0x40000000U
#define RAM_BYTES 0x10000000U

/* What each test starts from and changes. */
struct fixture {
    struct layout_range ram;
    struct linux_image image;
    struct layout layout;
};

static struct fixture good(void)
{
    return (struct fixture){
        .ram = {{RAM_BASE}, RAM_BYTES},
        .image = {.text_offset = 0, .memory_bytes = 0x2000000, .file_bytes = 0x1800000, .is_sized = true},
        .layout = {.dtb = {{RAM_BASE + 0xf000000}, 0x4000}, .initrd = {{RAM_BASE + 0xd000000}, 0x100000}},
    };
}

static enum result decide(struct fixture *f)
{
    fake_microkit_reset();
    return layout_decide(&f->ram, &f->image, &f->layout);
}

static void expect(struct fixture f, enum result result, const char *message)
{
    assert_int_equal(decide(&f), result);
    assert_int_equal(fake_log_count("|ERROR: "), 1);
    assert_true(fake_log_has(message));
}

static void test_good(void **state)
{
    (void)state;
    struct fixture f = good();

    assert_int_equal(decide(&f), RESULT_OK);
    assert_int_equal(f.layout.kernel.base.value, RAM_BASE);
    assert_int_equal(f.layout.kernel.size_bytes, 0x2000000);
    assert_int_equal(fake.log_bytes, 0);
}

static void test_kernel_goes_above_a_2_mib_boundary(void **state)
{
    (void)state;
    struct fixture f = good();

    f.ram.base.value += 0x1000;
    f.ram.size_bytes -= 0x1000;
    f.image.text_offset = 0x80000;
    assert_int_equal(decide(&f), RESULT_OK);
    assert_int_equal(f.layout.kernel.base.value, RAM_BASE + 0x200000 + 0x80000);
}

static void test_kernel_needs_its_image_size(void **state)
{
    (void)state;
    struct fixture f = good();

    f.layout.initrd.size_bytes = 0;
    f.layout.dtb.base.value = RAM_BASE + 0x2000000;
    assert_int_equal(decide(&f), RESULT_OK);
    f.layout.dtb.base.value -= 8;
    expect(f, RESULT_BUSY, "kernel at 0x40000000 with 0x2000000 bytes overlaps device tree at 0x41fffff8");
}

static void test_kernel_larger_than_ram(void **state)
{
    (void)state;
    struct fixture f = good();

    f.image.memory_bytes = RAM_BYTES + 1;
    expect(f, RESULT_RANGE, "kernel at 0x40000000 with 0x10000001 bytes is not inside guest RAM");
}

static void test_kernel_numbers_that_would_wrap(void **state)
{
    (void)state;
    struct fixture f = good();

    f.image.text_offset = UINT64_MAX - 3;
    expect(f, RESULT_RANGE, "text_offset 0xfffffffffffffffc");
    f = good();
    f.image.text_offset = RAM_BYTES;
    expect(f, RESULT_RANGE, "kernel at 0x50000000");
    f = good();
    f.image.memory_bytes = UINT64_MAX;
    expect(f, RESULT_RANGE, "kernel at 0x40000000 with 0xffffffffffffffff bytes");
    f = good();
    f.ram = (struct layout_range){{UINT64_MAX - 0xfff}, 0xfff};
    expect(f, RESULT_RANGE, "does not fit guest RAM");
}

static void test_kernel_beyond_48_bits(void **state)
{
    (void)state;
    struct fixture f = good();

    f.ram.base.value = (UINT64_C(1) << 48) - 0x1000000;
    f.layout.initrd.size_bytes = 0;
    expect(f, RESULT_RANGE, "48 bits");
}

static void test_dtb_alignment(void **state)
{
    (void)state;
    struct fixture f = good();

    for (uint64_t i = 1; i < 8; i++) {
        f.layout.dtb.base.value = RAM_BASE + 0xf000000 + i;
        expect(f, RESULT_INVALID, "is not a multiple of 8");
    }
}

static void test_dtb_size(void **state)
{
    (void)state;
    struct fixture f = good();

    f.layout.dtb.base.value = RAM_BASE + 0xe000000;
    f.layout.dtb.size_bytes = 0x200000;
    assert_int_equal(decide(&f), RESULT_OK);
    f.layout.dtb.size_bytes++;
    expect(f, RESULT_RANGE, "device tree has 0x200001 bytes: the limit is 0x200000");
}

static void test_dtb_outside_ram(void **state)
{
    (void)state;
    struct fixture f = good();

    f.layout.dtb.base.value = RAM_BASE + RAM_BYTES - 0x4000;
    assert_int_equal(decide(&f), RESULT_OK);
    f.layout.dtb.base.value += 8;
    expect(f, RESULT_RANGE, "device tree at 0x4fffc008");
    f.layout.dtb.base.value = RAM_BASE - 8;
    expect(f, RESULT_RANGE, "device tree at 0x3ffffff8");
    f.layout.dtb.base.value = UINT64_MAX - 7;
    expect(f, RESULT_RANGE, "device tree at 0xfffffffffffffff8");
}

static void test_old_kernel_wants_dtb_within_512_mib(void **state)
{
    (void)state;
    struct fixture f = good();

    f.ram.size_bytes = 0x40000000;
    f.image = (struct linux_image){.text_offset = 0x80000, .memory_bytes = 0x1000000, .file_bytes = 0x1000000};
    f.layout.dtb.base.value = RAM_BASE + 0x20000000 - 0x4000;
    assert_int_equal(decide(&f), RESULT_OK);
    f.layout.dtb.base.value += 8;
    expect(f, RESULT_RANGE, "within 512 MiB");
    f.image.is_sized = true;
    assert_int_equal(decide(&f), RESULT_OK);
}

static void test_initrd_outside_ram(void **state)
{
    (void)state;
    struct fixture f = good();

    f.layout.initrd.size_bytes = RAM_BYTES;
    expect(f, RESULT_RANGE, "initial RAM disk at 0x4d000000 with 0x10000000 bytes");
    f.layout.initrd.size_bytes = UINT64_MAX;
    expect(f, RESULT_RANGE, "initial RAM disk");
    f.layout.initrd = (struct layout_range){{0}, 1};
    expect(f, RESULT_RANGE, "initial RAM disk at 0x0");
}

static void test_no_initrd(void **state)
{
    (void)state;
    struct fixture f = good();

    f.layout.initrd = (struct layout_range){{0}, 0};
    assert_int_equal(decide(&f), RESULT_OK);
}

static void test_initrd_window(void **state)
{
    (void)state;
    struct fixture f = good();
    const uint64_t gib = 0x40000000;

    f.ram.size_bytes = 40 * gib;
    f.layout.initrd = (struct layout_range){{RAM_BASE + 32 * gib - 0x1000}, 0x1000};
    assert_int_equal(decide(&f), RESULT_OK);
    f.layout.initrd.base.value++;
    expect(f, RESULT_RANGE, "within 32 GiB");
    f.layout.initrd.base.value = RAM_BASE + 0x3000000;
    f.image.text_offset = 33 * gib;
    expect(f, RESULT_RANGE, "within 32 GiB");
}

static void test_overlaps(void **state)
{
    (void)state;
    struct fixture f = good();

    f.layout.initrd.base.value = RAM_BASE + 0x1ffffff;
    expect(f, RESULT_BUSY, "kernel at 0x40000000 with 0x2000000 bytes overlaps initial RAM disk at 0x41ffffff");
    f.layout.initrd.base.value = f.layout.dtb.base.value + 0x3fff;
    expect(f, RESULT_BUSY, "device tree at 0x4f000000 with 0x4000 bytes overlaps initial RAM disk at 0x4f003fff");
    f.layout.initrd.base.value++;
    assert_int_equal(decide(&f), RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_kernel_goes_above_a_2_mib_boundary),
        cmocka_unit_test(test_kernel_needs_its_image_size),
        cmocka_unit_test(test_kernel_larger_than_ram),
        cmocka_unit_test(test_kernel_numbers_that_would_wrap),
        cmocka_unit_test(test_kernel_beyond_48_bits),
        cmocka_unit_test(test_dtb_alignment),
        cmocka_unit_test(test_dtb_size),
        cmocka_unit_test(test_dtb_outside_ram),
        cmocka_unit_test(test_old_kernel_wants_dtb_within_512_mib),
        cmocka_unit_test(test_initrd_outside_ram),
        cmocka_unit_test(test_no_initrd),
        cmocka_unit_test(test_initrd_window),
        cmocka_unit_test(test_overlaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
