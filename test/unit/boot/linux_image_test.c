/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The kernel's header: every field right and wrong, every format that is not a kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libvmm/arch/aarch64/linux.h>

#include "boot/linux_image.h"
#include "fake_microkit.h"

#define MAGIC 0x644d5241U

static struct linux_image_header good_header(void)
{
    return (struct linux_image_header){
        .code0 = 0x91005a4d, .text_offset = 0, .image_size = 0x1000000, .flags = 0xa, .magic = MAGIC};
}

static enum result decode(const struct linux_image_header *header, uint64_t file_bytes, struct linux_image *image)
{
    fake_microkit_reset();
    return linux_image_decode(header, file_bytes, image);
}

static void expect_invalid(const struct linux_image_header *header, const char *message)
{
    struct linux_image image;

    assert_int_equal(decode(header, sizeof *header, &image), RESULT_INVALID);
    assert_true(fake_log_has("FAKE|ERROR: kernel"));
    assert_true(fake_log_has(message));
}

static void test_good(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();
    struct linux_image image;

    header.text_offset = 0x80000;
    assert_int_equal(decode(&header, 64, &image), RESULT_OK);
    assert_int_equal(image.text_offset, 0x80000);
    assert_int_equal(image.memory_bytes, 0x1000000);
    assert_int_equal(image.file_bytes, 64);
    assert_true(image.is_sized);
    assert_int_equal(fake.log_bytes, 0);
}

static void test_unaligned_file(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();
    struct linux_image image;
    char bytes[sizeof header + 1];

    memcpy(bytes + 1, &header, sizeof header);
    fake_microkit_reset();
    assert_int_equal(linux_image_decode(bytes + 1, sizeof header, &image), RESULT_OK);
    assert_int_equal(image.memory_bytes, 0x1000000);
}

static void test_file_larger_than_image_size(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();
    struct linux_image image;

    header.image_size = 0x100;
    assert_int_equal(decode(&header, 0x1000, &image), RESULT_OK);
    assert_int_equal(image.memory_bytes, 0x1000);
}

static void test_image_size_zero_is_an_old_kernel(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();
    struct linux_image image;

    header.image_size = 0;
    header.text_offset = UINT64_C(0x0000080000000000); /* of unknown endianness in such kernels */
    header.flags = 0;
    assert_int_equal(decode(&header, 0x5000, &image), RESULT_OK);
    assert_false(image.is_sized);
    assert_int_equal(image.text_offset, 0x80000);
    assert_int_equal(image.memory_bytes, 0x5000);
}

static void test_every_page_size_and_placement(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();
    struct linux_image image;

    for (uint64_t flags = 0; flags < 16; flags++) {
        header.flags = flags;
        assert_int_equal(decode(&header, 64, &image), (flags & 1) == 0 ? RESULT_OK : RESULT_INVALID);
    }
}

static void test_big_endian(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();

    header.flags |= 1;
    expect_invalid(&header, "kernel is big-endian (flags 0xb)");
}

static void test_reserved_flags(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();

    for (unsigned bit = 4; bit < 64; bit++) {
        header.flags = UINT64_C(1) << bit;
        expect_invalid(&header, "reserved");
    }
}

static void test_magic(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();

    header.magic = 0x12345678;
    expect_invalid(&header, "magic number is 0x12345678 and should be 0x644d5241");
    for (unsigned bit = 0; bit < 32; bit++) {
        header.magic = MAGIC ^ 1U << bit;
        expect_invalid(&header, "not an arm64 Linux image");
    }
}

static void test_text_offset_unaligned(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();

    header.text_offset = 0x80002;
    expect_invalid(&header, "text_offset 0x80002");
}

static void test_too_short(void **state)
{
    (void)state;
    struct linux_image_header header = good_header();
    struct linux_image image;

    for (size_t bytes = 0; bytes < sizeof header; bytes++) {
        char *exact = malloc(bytes + 1); /* so that the sanitizer sees a read behind the end */
        memcpy(exact, &header, bytes);
        exact = realloc(exact, bytes == 0 ? 1 : bytes);
        fake_microkit_reset();
        assert_int_equal(linux_image_decode(exact, bytes, &image), RESULT_INVALID);
        assert_true(fake_log_has("an image has at least 0x40"));
        free(exact);
    }
}

static void test_foreign_formats(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } cases[] = {
        {"\x1f\x8b\x08", 3, "gzip -dc"},
        {"\xfd"
         "7zXZ\0",
         6, "xz -dc"},
        {"\x28\xb5\x2f\xfd", 4, "zstd -dc"},
        {"\x04\x22\x4d\x18", 4, "lz4 -dc"},
        {"\x02\x21\x4c\x18", 4, "lz4 -dc"},
        {"BZh9", 4, "bzip2 -dc"},
        {"\x5d\0\0\x80", 4, "lzma"},
        {"\x89LZO\0\x0d\x0a\x1a\x0a", 9, "lzop -dc"},
        {"\x7f"
         "ELF",
         4, "an ELF file"},
        {"\x27\x05\x19\x56", 4, "U-Boot"},
        {"\xd0\x0d\xfe\xed", 4, "FIT"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct linux_image_header header = {0};
        memcpy(&header, cases[i].bytes, cases[i].length);
        expect_invalid(&header, cases[i].message);
    }
}

static void test_zboot(void **state)
{
    (void)state;
    struct linux_image_header header = {0};
    char *bytes = (char *)&header;
    const uint32_t payload[] = {0x4000, 0x123456};

    memcpy(bytes, "MZ\0\0zimg", 8);
    memcpy(bytes + 8, payload, sizeof payload);
    memcpy(bytes + 24, "gzip\0\0\0\0", 8);
    expect_invalid(&header, "EFI zboot image");
    expect_invalid(&header, "1193046 bytes at offset 16384, and unpack that first (gzip)");
    memset(bytes + 24, 'x', 40);
    expect_invalid(&header, "(xxxxxxxx)");
    memset(bytes + 24, 0x1b, 40);
    expect_invalid(&header, "()");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_unaligned_file),
        cmocka_unit_test(test_file_larger_than_image_size),
        cmocka_unit_test(test_image_size_zero_is_an_old_kernel),
        cmocka_unit_test(test_every_page_size_and_placement),
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_reserved_flags),
        cmocka_unit_test(test_magic),
        cmocka_unit_test(test_text_offset_unaligned),
        cmocka_unit_test(test_too_short),
        cmocka_unit_test(test_foreign_formats),
        cmocka_unit_test(test_zboot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
