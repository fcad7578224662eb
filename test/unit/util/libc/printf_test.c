/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * printf and its relatives, under other names.
 */
#include "fake_microkit.h"
#include "unit.h"

#define printf    tested_printf
#define vprintf   tested_vprintf
#define snprintf  tested_snprintf
#define vsnprintf tested_vsnprintf
#define putchar   tested_putchar
#define puts      tested_puts
#include "util/libc/printf.c"
#undef printf
#undef vprintf
#undef snprintf
#undef vsnprintf
#undef putchar
#undef puts

static void test_console(void **state)
{
    (void)state;
    fake_microkit_reset();
    assert_int_equal(tested_printf("%d-%s\n", 12, "x"), 5);
    assert_int_equal(tested_putchar('q'), 'q');
    assert_true(tested_puts("line") >= 0);
    assert_string_equal(fake.log, "12-x\nqline\n");
}

static int forward(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int count = tested_vprintf(format, args);
    va_end(args);
    return count;
}

static void test_vprintf(void **state)
{
    (void)state;
    fake_microkit_reset();
    assert_int_equal(forward("%x", 255u), 2);
    assert_string_equal(fake.log, "ff");
}

static void test_memory(void **state)
{
    (void)state;
    char text[4] = "zzz";
    assert_int_equal(tested_snprintf(text, sizeof text, "%s", "ab"), 2);
    assert_string_equal(text, "ab");
    assert_int_equal(tested_snprintf(text, sizeof text, "%s", "abcdef"), 6);
    assert_string_equal(text, "abc");
    assert_int_equal(tested_snprintf(text, 1, "%s", "abcdef"), 6);
    assert_string_equal(text, "");
    text[0] = 'k';
    assert_int_equal(tested_snprintf(text, 0, "%s", "abcdef"), 6);
    assert_int_equal(text[0], 'k');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_vprintf),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
