/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The freestanding memory functions, under other names, against the host's.
 */
#include "unit.h"

#define memcpy  tested_memcpy
#define memmove tested_memmove
#define memset  tested_memset
#define memcmp  tested_memcmp
#define memchr  tested_memchr
#include "util/libc/memcmp.c"
#include "util/libc/memcpy.c"
#include "util/libc/memmove.c"
#include "util/libc/memset.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr

#define BYTES 260
#define SIZES 200

static void fill(uint8_t *buffer, unsigned seed)
{
    for (size_t i = 0; i < BYTES; i++) {
        buffer[i] = (uint8_t)(i * 7 + seed);
    }
}

static void test_memcpy(void **state)
{
    (void)state;
    _Alignas(8) uint8_t from[BYTES], ours[BYTES], host[BYTES];
    fill(from, 1);
    for (size_t to_at = 0; to_at < 9; to_at++) {
        for (size_t from_at = 0; from_at < 9; from_at++) {
            for (size_t size = 0; size <= SIZES; size++) {
                fill(ours, 77);
                fill(host, 77);
                assert_ptr_equal(tested_memcpy(ours + to_at, from + from_at, size), ours + to_at);
                memcpy(host + to_at, from + from_at, size);
                assert_memory_equal(ours, host, BYTES);
            }
        }
    }
}

static void test_memmove(void **state)
{
    (void)state;
    _Alignas(8) uint8_t ours[BYTES], host[BYTES];
    for (size_t to_at = 0; to_at < 33; to_at++) {
        for (size_t from_at = 0; from_at < 33; from_at++) {
            for (size_t size = 0; size <= SIZES; size += 3) {
                fill(ours, 5);
                fill(host, 5);
                assert_ptr_equal(tested_memmove(ours + to_at, ours + from_at, size), ours + to_at);
                memmove(host + to_at, host + from_at, size);
                assert_memory_equal(ours, host, BYTES);
            }
        }
    }
}

static void test_memset(void **state)
{
    (void)state;
    _Alignas(8) uint8_t ours[BYTES], host[BYTES];
    for (size_t at = 0; at < 9; at++) {
        for (size_t size = 0; size <= SIZES; size++) {
            fill(ours, 9);
            fill(host, 9);
            assert_ptr_equal(tested_memset(ours + at, 0x1a5, size), ours + at);
            memset(host + at, 0x1a5, size);
            assert_memory_equal(ours, host, BYTES);
        }
    }
}

static void test_memcmp_and_memchr(void **state)
{
    (void)state;
    assert_int_equal(tested_memcmp("abc", "abd", 2), 0);
    assert_true(tested_memcmp("abc", "abd", 3) < 0);
    assert_true(tested_memcmp("\xff", "\x01", 1) > 0);
    assert_int_equal(tested_memcmp("a", "b", 0), 0);
    const char *text = "hello";
    assert_ptr_equal(tested_memchr(text, 'l', 5), text + 2);
    assert_null(tested_memchr(text, 'o', 4));
    assert_ptr_equal(tested_memchr(text, 0x100 + 'h', 5), text);
    assert_null(tested_memchr(text, 'h', 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy),
        cmocka_unit_test(test_memmove),
        cmocka_unit_test(test_memset),
        cmocka_unit_test(test_memcmp_and_memchr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
