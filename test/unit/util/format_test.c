/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * format_text against the host's printf, where both know a conversion.
 */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/format.h"

struct sink {
    char text[512];
    size_t used;
};

static void put(void *context, char character)
{
    struct sink *sink = context;
    assert_true(sink->used + 1 < sizeof sink->text);
    sink->text[sink->used++] = character;
}

static size_t format(struct sink *sink, const char *text, ...)
{
    va_list args;
    memset(sink, 0, sizeof *sink);
    va_start(args, text);
    const size_t count = format_text(put, sink, text, args);
    va_end(args);
    return count;
}

#define ASSERT_LIKE_HOST(...)                                                                                          \
    do {                                                                                                               \
        struct sink ours;                                                                                              \
        char host[512];                                                                                                \
        const size_t count = format(&ours, __VA_ARGS__);                                                               \
        assert_int_equal(snprintf(host, sizeof host, __VA_ARGS__), count);                                             \
        assert_string_equal(ours.text, host);                                                                          \
    } while (0)

static void test_integers(void **state)
{
    (void)state;
    static const int values[] = {0, 1, -1, 42, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const int v = values[i];
        ASSERT_LIKE_HOST("%d|%i|%u|%x|%X|%o", v, v, (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v);
        ASSERT_LIKE_HOST("%5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|%-8.3d|", v, v, v, v, v, v, v, v);
        ASSERT_LIKE_HOST("%#x|%#X|%#10x|%#010x|%-#10x|", (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v,
                         (unsigned)v);
        ASSERT_LIKE_HOST("%hhd|%hd|%hhu|%hx", (signed char)v, (short)v, (unsigned char)v, (unsigned short)v);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    ASSERT_LIKE_HOST("%ld %lu %lx %lld %llu %llx", -5L, 5UL, ~0UL, -6LL, 6ULL, ~0ULL);
    ASSERT_LIKE_HOST("%zu %zx %zd %jd %td", (size_t)7, ~(size_t)0, (ptrdiff_t)-7, (intmax_t)-9, (ptrdiff_t)-10);
    ASSERT_LIKE_HOST("%016lx", 0xdeadbeefUL);
    ASSERT_LIKE_HOST("%ld", INT64_MIN);
    ASSERT_LIKE_HOST("%llo", ~0ULL);
}

static void test_text(void **state)
{
    (void)state;
    ASSERT_LIKE_HOST("plain");
    ASSERT_LIKE_HOST("%s|%10s|%-10s|%.2s|%10.2s|%c|%3c|%-3c|%%", "abc", "abc", "abc", "abc", "abc", 'x', 'y', 'z');
    ASSERT_LIKE_HOST("%*d|%-*d|%.*s|%*s|%.*d|", 6, 42, 6, 42, 2, "abc", -6, "ab", -1, 7);
    ASSERT_LIKE_HOST("%p", (void *)(uintptr_t)0x1234);
    ASSERT_LIKE_HOST("%.0d|%.0x|", 0, 0);
    struct sink sink;
    format(&sink, "%s", NULL);
    assert_string_equal(sink.text, "(null)");
}

static void test_string_is_not_read_beyond_precision(void **state)
{
    (void)state;
    const char unterminated[3] = {'a', 'b', 'c'};
    struct sink sink;
    format(&sink, "%.3s", unterminated);
    assert_string_equal(sink.text, "abc");
}

static void test_unknown_is_sent_as_written(void **state)
{
    (void)state;
    struct sink sink;
    format(&sink, "%y %5k %", 1);
    assert_string_equal(sink.text, "%y %5k %");
    format(&sink, "%n%d", 3);
    assert_string_equal(sink.text, "%n3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_string_is_not_read_beyond_precision),
        cmocka_unit_test(test_unknown_is_sent_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
