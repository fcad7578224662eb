/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Where instructions lead, against what the GNU assembler makes of them.
 */
#include "aarch64/insn/next.h"

#include <libvmm/util/util.h>

#include "unit.h"

#define PC UINT64_C(0xffff800008001000)
#define N  (UINT64_C(1) << 31)
#define Z  (UINT64_C(1) << 30)
#define C  (UINT64_C(1) << 29)
#define V  (UINT64_C(1) << 28)

static uint64_t next(uint32_t instruction, uint64_t pstate)
{
    struct next_registers registers = {.pstate = pstate, .va_bits = 48};
    for (unsigned n = 0; n < 31; n++) {
        registers.x[n] = UINT64_C(0x100000000) * n;
    }
    registers.x[8] = UINT64_C(0x0012800000004000);
    registers.x[9] = UINT64_C(0x12ff800000008000);
    registers.x[30] = UINT64_C(0x00ab800000003000);
    return next_pc(instruction, PC, &registers);
}

static void test_branches(void **state)
{
    (void)state;
    static const struct {
        uint32_t instruction;
        const char *text;
        int64_t offset;
    } cases[] = {
        {0x14000040, "b +0x100", 0x100},
        {0x17fffffe, "b -8", -8},
        {0x95ffffff, "bl +0x7fffffc", 0x7fffffc},
        {0x96000000, "bl -0x8000000", -0x8000000},
        {0x34000081, "cbz w1, 16: only the low word counts", 16},
        {0xb5ffff81, "cbnz x1, -16", -16},
        {0xb47fffe0, "cbz x0, 0xffffc", 0xffffc},
        {0xb47fffe2, "cbz x2: not zero", 4},
        {0x3500003f, "cbnz wzr", 4},
        {0x36280063, "tbz w3, #5, 12", 12},
        {0xb7ffffa4, "tbnz x4, #63", 4},
        {0xb643ffe4, "tbz x4, #40, 0x7ffc", 0x7ffc},
        {0xb7103fe4, "tbnz x4, #34, 0x7fc", 0x7fc},
        {0xd503201f, "nop", 4},
        {0xd4001b63, "smc #0xdb", 4},
        {0xd69f03e0, "eret", 4},
        {0xf8200041, "ldadd x0, x1, [x2]", 4},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (next(cases[i].instruction, 0) != PC + (uint64_t)cases[i].offset) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void test_branches_to_registers(void **state)
{
    (void)state;
    assert_int_equal(next(0xd61f00a0, 0), UINT64_C(0x500000000));        /* br x5 */
    assert_int_equal(next(0xd63f00c0, 0), UINT64_C(0x600000000));        /* blr x6 */
    assert_int_equal(next(0xd65f00e0, 0), UINT64_C(0x700000000));        /* ret x7 */
    assert_int_equal(next(0xd65f03c0, 0), UINT64_C(0x00ab800000003000)); /* ret */
    assert_int_equal(next(0xd61f091f, 0), UINT64_C(0x0000800000004000)); /* braaz x8 */
    assert_int_equal(next(0xd71f092a, 0), UINT64_C(0xffff800000008000)); /* braa x9, x10 */
    assert_int_equal(next(0xd73f093f, 0), UINT64_C(0xffff800000008000)); /* blraa x9, sp */
    assert_int_equal(next(0xd65f0bff, 0), UINT64_C(0xffff800000003000)); /* retaa */
    assert_int_equal(next(0xd65f0fff, 0), UINT64_C(0xffff800000003000)); /* retab */
}

/* Each condition against its meaning, for all flags. */
static void test_conditions(void **state)
{
    (void)state;
    for (uint64_t flags = 0; flags < 16; flags++) {
        const uint64_t pstate = flags << 28;
        const bool n = (pstate & N) != 0, z = (pstate & Z) != 0, c = (pstate & C) != 0, v = (pstate & V) != 0;
        const bool holds[16] = {z,       !z,     c,      !c,           n,           !n,   v,   !v, c && !z,
                                !c || z, n == v, n != v, !z && n == v, z || n != v, true, true};
        for (uint32_t code = 0; code < 16; code++) {
            assert_int_equal(next(0x54000100 | code, pstate), PC + (holds[code] ? 0x20 : 4));
            assert_int_equal(next(0x54000110 | code, pstate), PC + (holds[code] ? 0x20 : 4)); /* BC.cond */
        }
    }
}

static void test_kinds(void **state)
{
    (void)state;
    static const uint32_t loads[] = {0xc85f7c20, 0x885ffc20, 0xc87f0440, 0x887f8440, 0x085ffc20};
    static const uint32_t stores[] = {0xc8007c41, 0x8800fc41, 0xc8200861, 0x4800fc41};
    static const uint32_t others[] = {0x48207c82, 0x0860fc82, 0xc8a07c41, 0xc8dffc20, 0xc89ffc20, 0xf8200041};
    static const uint32_t jumps[] = {0x14000040, 0x95ffffff, 0xd61f00a0, 0xd65f03c0, 0xd69f03e0, 0xd73f093f};
    uint64_t target = 0;
    for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
        assert_true(next_is_load_exclusive(loads[i]) && !next_is_store_exclusive(loads[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
        assert_true(!next_is_load_exclusive(stores[i]) && next_is_store_exclusive(stores[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_false(next_is_load_exclusive(others[i]) || next_is_store_exclusive(others[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
        assert_true(next_is_unconditional(jumps[i]) && !next_is_conditional(jumps[i], PC, &target));
    }
    assert_true(next_is_conditional(0x54ffff01, PC, &target) && target == PC - 0x20);
    assert_true(next_is_conditional(0xb7ffffa4, PC, &target) && target == PC - 12);
    assert_false(next_is_conditional(0xd503201f, PC, &target) || next_is_unconditional(0xd503201f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_branches_to_registers),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
