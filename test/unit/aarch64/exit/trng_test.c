/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The TRNG interface, with a source that counts: every length, refusals, and no source at all.
 */
#include "aarch64/exit/trng.h"

#include <libvmm/arch/aarch64/smc.h>

#include "fixture.h"

static const uint8_t uuid[SMC_UUID_BYTES] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                             0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0xff};
static size_t asked;
static bool has_entropy;

static bool source(uint8_t *bytes, size_t size_bytes, void *cookie)
{
    assert_ptr_equal(cookie, &asked);
    asked = size_bytes;
    memset(bytes, 0xff, size_bytes);
    return has_entropy;
}

static uint64_t call(uint64_t function, uint64_t x1)
{
    *fake_x(0, 0) = function;
    *fake_x(0, 1) = x1;
    assert_true(fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SMC64, 0))));
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    return *fake_x(0, 0);
}

static int setup(void **state)
{
    fixture_setup(state);
    has_entropy = true;
    asked = 0;
    assert_true(smc_register_trng(uuid, source, &asked));
    return 0;
}

static void test_without_a_source(void **state)
{
    (void)state;
    for (uint64_t function = TRNG_VERSION; function < TRNG_VERSION + 0x10; function++) {
        assert_int_equal(call(function, 1), UINT64_MAX);
        assert_int_equal(call(function | SMCCC_64, 1), UINT64_MAX);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const uint8_t none[SMC_UUID_BYTES] = {0xff, 0xff, 0xff, 0xff, 1};
    assert_false(smc_register_trng(NULL, source, NULL));
    assert_false(smc_register_trng(uuid, NULL, NULL));
    assert_false(smc_register_trng(none, source, NULL));
    assert_int_equal(fake_log_count("smc_register_trng"), 3);
    assert_int_equal(call(TRNG_VERSION, 0), UINT64_MAX);
}

static void test_identification(void **state)
{
    (void)state;
    assert_int_equal(call(TRNG_VERSION, 0), 0x10000);
    assert_int_equal(call(TRNG_GET_UUID, 0), 0x13121110);
    assert_int_equal(*fake_x(0, 1), 0x17161514);
    assert_int_equal(*fake_x(0, 2), 0x1b1a1918);
    assert_int_equal(*fake_x(0, 3), 0xff1e1d1c);
    assert_int_equal(*fake_x(0, 4), fixture_x(4));
}

static void test_features(void **state)
{
    (void)state;
    const uint64_t there[] = {TRNG_VERSION, TRNG_FEATURES, TRNG_GET_UUID, TRNG_RND_32, TRNG_RND_64};
    const uint64_t missing[] = {0x84000054, 0xc4000050, 0xc4000052, 0x84000000, 0};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(call(TRNG_FEATURES, there[i]), 0);
        assert_int_equal(call(TRNG_FEATURES, missing[i]), UINT64_MAX);
    }
    for (uint64_t number = 4; number < 0x10; number++) {
        assert_int_equal(call(TRNG_VERSION + number, 1), UINT64_MAX);
    }
    assert_int_equal(call(TRNG_VERSION | SMCCC_64, 0), UINT64_MAX);
}

/* The lowest `bits` of a number of three words, which lie in x3, x2 and x1. */
static void assert_bits(uint64_t bits, unsigned word_bits)
{
    for (unsigned i = 0; i < 3; i++) {
        const uint64_t before = (uint64_t)i * word_bits;
        const uint64_t in_word = bits <= before ? 0 : bits - before > word_bits ? word_bits : bits - before;
        const uint64_t want = in_word == 64 ? UINT64_MAX : (UINT64_C(1) << in_word) - 1;
        assert_int_equal(*fake_x(0, 3 - i), want);
    }
}

static void test_every_length(void **state)
{
    (void)state;
    for (uint64_t bits = 1; bits <= 192; bits++) {
        assert_int_equal(call(TRNG_RND_64, bits), 0);
        assert_int_equal(asked, (bits + 7) / 8);
        assert_bits(bits, 64);
        if (bits <= 96) {
            assert_int_equal(call(TRNG_RND_32, UINT64_C(0xab00000000) | bits), 0);
            assert_bits(bits, 32);
        }
    }
}

static void test_lengths_that_are_none(void **state)
{
    (void)state;
    const uint64_t bits[] = {0, 193, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal((int64_t)call(TRNG_RND_64, bits[i]), TRNG_INVALID_PARAMETERS);
        assert_bits(0, 64);
    }
    assert_int_equal((int64_t)call(TRNG_RND_32, 97), TRNG_INVALID_PARAMETERS);
    assert_int_equal(asked, 0);
}

static void test_no_entropy(void **state)
{
    (void)state;
    has_entropy = false;
    assert_int_equal((int64_t)call(TRNG_RND_64, 192), TRNG_NO_ENTROPY);
    assert_bits(0, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_without_a_source, fixture_setup),
        cmocka_unit_test_setup(test_refused, fixture_setup),
        cmocka_unit_test_setup(test_identification, setup),
        cmocka_unit_test_setup(test_features, setup),
        cmocka_unit_test_setup(test_every_length, setup),
        cmocka_unit_test_setup(test_lengths_that_are_none, setup),
        cmocka_unit_test_setup(test_no_entropy, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
