/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Every line that holds a byte of the range is cleaned, then invalidated for instructions; the fake checks the order.
 */
#include "aarch64/vcpu/cache.h"

#include "fake_microkit.h"
#include "unit.h"

static _Alignas(64) uint8_t memory[1024];

static void test_lines(void **state)
{
    (void)state;
    const struct {
        size_t from, size, lines, last;
    } cases[] = {
        {0, 0, 0, 0}, {0, 1, 1, 0}, {0, 64, 1, 0}, {0, 65, 2, 64}, {63, 1, 1, 0}, {63, 2, 2, 64}, {5, 1000, 16, 960},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_microkit_reset();
        fake.cache_cleaned_last = fake.cache_invalidated_last = (uintptr_t)memory;
        cache_sync(memory + cases[i].from, cases[i].size);
        assert_int_equal(fake.cache_cleaned_bytes, 64 * cases[i].lines);
        assert_int_equal(fake.cache_invalidated_bytes, 64 * cases[i].lines);
        assert_int_equal(fake.cache_cleaned_last, (uintptr_t)memory + cases[i].last);
        assert_int_equal(fake.cache_invalidated_last, (uintptr_t)memory + cases[i].last);
        assert_int_equal(fake.cache_syncs, 1);
        assert_true(fake.cache_is_refetched);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
