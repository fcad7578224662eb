/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The freestanding string functions, under other names.
 */
#include "unit.h"

#define strlen  tested_strlen
#define strnlen tested_strnlen
#define strcmp  tested_strcmp
#define strncmp tested_strncmp
#define strchr  tested_strchr
#define strrchr tested_strrchr
#include "util/libc/string.c"
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

static void test_lengths(void **state)
{
    (void)state;
    const char unterminated[2] = {'a', 'b'};
    assert_int_equal(tested_strlen(""), 0);
    assert_int_equal(tested_strlen("four"), 4);
    assert_int_equal(tested_strnlen("four", 9), 4);
    assert_int_equal(tested_strnlen("four", 3), 3);
    assert_int_equal(tested_strnlen(unterminated, 2), 2);
}

static void test_comparison(void **state)
{
    (void)state;
    assert_int_equal(tested_strcmp("", ""), 0);
    assert_int_equal(tested_strcmp("abc", "abc"), 0);
    assert_true(tested_strcmp("ab", "abc") < 0);
    assert_true(tested_strcmp("abc", "ab") > 0);
    assert_true(tested_strcmp("\x80", "a") > 0);
    assert_int_equal(tested_strncmp("abc", "abd", 2), 0);
    assert_true(tested_strncmp("abc", "abd", 3) < 0);
    assert_true(tested_strncmp("\x80", "a", 1) > 0);
    assert_int_equal(tested_strncmp("ab", "ab", 10), 0);
    assert_int_equal(tested_strncmp("a", "b", 0), 0);
}

static void test_search(void **state)
{
    (void)state;
    const char *text = "a/b/c";
    assert_ptr_equal(tested_strchr(text, '/'), text + 1);
    assert_ptr_equal(tested_strrchr(text, '/'), text + 3);
    assert_null(tested_strchr(text, 'x'));
    assert_null(tested_strrchr(text, 'x'));
    assert_ptr_equal(tested_strchr(text, '\0'), text + 5);
    assert_ptr_equal(tested_strrchr(text, '\0'), text + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_comparison),
        cmocka_unit_test(test_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
