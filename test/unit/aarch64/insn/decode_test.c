/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Decoding of loads and stores, against what the GNU assembler makes of them.
 */
#include "aarch64/insn/decode.h"

#include <libvmm/util/util.h>

#include "unit.h"

#define NO   DECODE_NO_OFFSET
#define LOAD true, false
#define SIGN true, true
#define STOR false, false
#define E0   true
#define E1   false

struct example {
    uint32_t word;
    const char *text;
    struct load_store what;
};

/* clang-format off */
static const struct example examples[] = {
    /* load, signed, 64 bits, post, write-back, width, count, data, base, index, shift, bits, signed, offset, level */
    {0xa9400440, "ldp x0, x1, [x2]", {LOAD, true, false, false, 8, 2, {0, 1}, 2, NO, 0, 0, false, 0, E1}},
    {0x297f10a3, "ldp w3, w4, [x5, #-8]", {LOAD, false, false, false, 4, 2, {3, 4}, 5, NO, 0, 0, false, -8, E1}},
    {0xa9bf1fe6, "stp x6, x7, [sp, #-16]!", {STOR, true, false, true, 8, 2, {6, 7}, 31, NO, 0, 0, false, -16, E1}},
    {0x28817d28, "stp w8, wzr, [x9], #8", {STOR, false, true, true, 4, 2, {8, 31}, 9, NO, 0, 0, false, 8, E1}},
    {0x695fad8a, "ldpsw x10, x11, [x12, #252]",
     {SIGN, true, false, false, 4, 2, {10, 11}, 12, NO, 0, 0, false, 252, E1}},
    {0xa86039ed, "ldnp x13, x14, [x15, #-512]",
     {LOAD, true, false, false, 8, 2, {13, 14}, 15, NO, 0, 0, false, -512, E1}},
    {0xa99fc650, "stp x16, x17, [x18, #504]!", {STOR, true, false, true, 8, 2, {16, 17}, 18, NO, 0, 0, false, 504, E1}},
    {0xf8408420, "ldr x0, [x1], #8", {LOAD, true, true, true, 8, 1, {0}, 1, NO, 0, 0, false, 8, E1}},
    {0xb85fcc62, "ldr w2, [x3, #-4]!", {LOAD, false, false, true, 4, 1, {2}, 3, NO, 0, 0, false, -4, E1}},
    {0x385ff4a4, "ldrb w4, [x5], #-1", {LOAD, false, true, true, 1, 1, {4}, 5, NO, 0, 0, false, -1, E1}},
    {0x388ffce6, "ldrsb x6, [x7, #255]!", {SIGN, true, false, true, 1, 1, {6}, 7, NO, 0, 0, false, 255, E1}},
    {0x38d00528, "ldrsb w8, [x9], #-256", {SIGN, false, true, true, 1, 1, {8}, 9, NO, 0, 0, false, -256, E1}},
    {0x7880256a, "ldrsh x10, [x11], #2", {SIGN, true, true, true, 2, 1, {10}, 11, NO, 0, 0, false, 2, E1}},
    {0x78c02dac, "ldrsh w12, [x13, #2]!", {SIGN, false, false, true, 2, 1, {12}, 13, NO, 0, 0, false, 2, E1}},
    {0xb88045ee, "ldrsw x14, [x15], #4", {SIGN, true, true, true, 4, 1, {14}, 15, NO, 0, 0, false, 4, E1}},
    {0x38001e30, "strb w16, [x17, #1]!", {STOR, false, false, true, 1, 1, {16}, 17, NO, 0, 0, false, 1, E1}},
    {0x780027ff, "strh wzr, [sp], #2", {STOR, false, true, true, 2, 1, {31}, 31, NO, 0, 0, false, 2, E1}},
    {0xf8010e72, "str x18, [x19, #16]!", {STOR, true, false, true, 8, 1, {18}, 19, NO, 0, 0, false, 16, E1}},
    {0xf97ffeb4, "ldr x20, [x21, #32760]", {LOAD, true, false, false, 8, 1, {20}, 21, NO, 0, 0, false, 32760, E1}},
    {0x393ffef6, "strb w22, [x23, #4095]", {STOR, false, false, false, 1, 1, {22}, 23, NO, 0, 0, false, 4095, E1}},
    {0xb9800b38, "ldrsw x24, [x25, #8]", {SIGN, true, false, false, 4, 1, {24}, 25, NO, 0, 0, false, 8, E1}},
    {0xf85f837a, "ldur x26, [x27, #-8]", {LOAD, true, false, false, 8, 1, {26}, 27, NO, 0, 0, false, -8, E1}},
    {0xb8004bbc, "sttr w28, [x29, #4]", {STOR, false, false, false, 4, 1, {28}, 29, NO, 0, 0, false, 4, E0}},
    {0xf8626820, "ldr x0, [x1, x2]", {LOAD, true, false, false, 8, 1, {0}, 1, 2, 0, 64, false, 0, E1}},
    {0xb8655883, "ldr w3, [x4, w5, uxtw #2]", {LOAD, false, false, false, 4, 1, {3}, 4, 5, 2, 32, false, 0, E1}},
    {0x7868c8e6, "ldrh w6, [x7, w8, sxtw]", {LOAD, false, false, false, 2, 1, {6}, 7, 8, 0, 32, true, 0, E1}},
    {0xf82b7949, "str x9, [x10, x11, lsl #3]", {STOR, true, false, false, 8, 1, {9}, 10, 11, 3, 64, false, 0, E1}},
    {0x38eee9ac, "ldrsb w12, [x13, x14, sxtx]", {SIGN, false, false, false, 1, 1, {12}, 13, 14, 0, 64, true, 0, E1}},
    {0xc8dffc20, "ldar x0, [x1]", {LOAD, true, false, false, 8, 1, {0}, 1, NO, 0, 0, false, 0, E1}},
    {0x089ffc62, "stlrb w2, [x3]", {STOR, false, false, false, 1, 1, {2}, 3, NO, 0, 0, false, 0, E1}},
    {0x48dffca4, "ldarh w4, [x5]", {LOAD, false, false, false, 2, 1, {4}, 5, NO, 0, 0, false, 0, E1}},
};

static const struct {
    uint32_t word;
    const char *text;
} others[] = {
    {0xad400440, "ldp q0, q1, [x2]"}, {0x3dc00020, "ldr q0, [x1]"}, {0xfc408420, "ldr d0, [x1], #8"},
    {0xbc004c20, "str s0, [x1, #4]!"}, {0xc85f7c20, "ldxr x0, [x1]"}, {0xc800fc41, "stlxr w0, x1, [x2]"},
    {0xf8e00041, "ldaddal x0, x1, [x2]"}, {0xc8a07c41, "cas x0, x1, [x2]"}, {0xf9800000, "prfm [x0]"},
    {0xf89f8000, "prfum [x0, #-8]"}, {0x58000000, "ldr x0, ."}, {0xd503201f, "nop"}, {0x8b020020, "add x0, x1, x2"},
    {0xd50b7420, "dc zva, x0"}, {0x4c407000, "ld1 {v0.16b}, [x0]"}, {0xc87f0440, "ldxp x0, x1, [x2]"},
    {0x00000000, "udf #0"}, {0xffffffff, "all ones"},
    {0xe9400440, "a pair of no size"}, {0x69000440, "a store of signed words"},
    {0x68400440, "non-temporal signed words"},
    {0xf8c00420, "a signed double word"}, {0xb8c00420, "a signed word to 32 bits"}, {0xf8620820, "option 0"},
};
/* clang-format on */

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
        const struct load_store *want = &examples[i].what;
        struct load_store got;
        if (!decode_load_store(examples[i].word, &got)) {
            fail_msg("%s is not decoded", examples[i].text);
        }
        const bool same = got.is_load == want->is_load && got.is_signed == want->is_signed &&
                          got.is_64 == want->is_64 && got.is_post == want->is_post &&
                          got.writes_back == want->writes_back && got.width_bytes == want->width_bytes &&
                          got.count == want->count && got.data[0] == want->data[0] && got.data[1] == want->data[1] &&
                          got.base == want->base && got.index == want->index && got.index_shift == want->index_shift &&
                          got.offset == want->offset && got.is_unprivileged == want->is_unprivileged;
        const bool same_index =
            got.index == NO || (got.index_bits == want->index_bits && got.index_is_signed == want->index_is_signed);
        if (!same || !same_index) {
            fail_msg("%s is decoded as another", examples[i].text);
        }
    }
}

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        struct load_store got;
        if (decode_load_store(others[i].word, &got)) {
            fail_msg("%s is decoded", others[i].text);
        }
    }
}

/* Whatever the word: what comes out is within bounds. */
static void test_bounds(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < 1000000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        struct load_store got;
        if (!decode_load_store((uint32_t)(seed >> 32), &got)) {
            continue;
        }
        assert_true(got.width_bytes == 1 || got.width_bytes == 2 || got.width_bytes == 4 || got.width_bytes == 8);
        assert_in_range(got.count, 1, 2);
        assert_in_range(got.base, 0, 31);
        assert_in_range(got.data[0], 0, 31);
        assert_in_range(got.data[1], 0, 31);
        assert_true(got.index <= 31 || got.index == DECODE_NO_OFFSET);
        assert_true(got.index == DECODE_NO_OFFSET || got.index_bits == 32 || got.index_bits == 64);
        assert_in_range(got.index_shift, 0, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
