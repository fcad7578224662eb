/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * SGIs: filters and sources of the GICv2, affinity and groups of the GICv3.
 */
#include "vgic_fixture.h"

#define COUNT 4

/* The vCPUs that have an SGI in a list register. */
static uint32_t receivers(uint32_t irq)
{
    uint32_t set = 0;
    for (uint32_t id = 0; id < VM_VCPU_COUNT_MAX; id++) {
        set |= in_lr(id, irq) ? UINT32_C(1) << id : 0;
    }
    return set;
}

static uint32_t send_v2(uint32_t from, uint32_t value)
{
    struct fixture *f = fixture_booted(VGIC_V2, COUNT);
    memset(f->kicks, 0, sizeof f->kicks);
    write32(f, from, DIST + GICD_SGIR, value);
    const uint32_t set = receivers(value & 15);
    for (uint32_t id = 0; id < COUNT; id++) {
        assert_int_equal(f->kicks[id], set >> id & 1);
    }
    return set;
}

static void filters(void **state)
{
    (void)state;
    for (uint32_t irq = 0; irq < 16; irq++) {
        assert_int_equal(send_v2(1, 0u << 24 | 0xa5 << 16 | irq), 0x5);
        assert_int_equal(send_v2(1, 0u << 24 | irq), 0);
        assert_int_equal(send_v2(1, 1u << 24 | 0x02 << 16 | irq), 0xd);
        assert_int_equal(send_v2(1, 2u << 24 | 0x0d << 16 | irq), 0x2);
        assert_int_equal(send_v2(1, 3u << 24 | 0xff << 16 | irq), 0);
    }
}

static void one_source_after_the_other(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, COUNT);
    for (uint32_t from = 0; from < COUNT; from++) {
        write32(f, from, DIST + GICD_SGIR, 1 << 16 | 5);
    }
    assert_int_equal(fake_lr_used(0), 1);
    assert_int_equal(read32(f, 0, DIST + GICD_SPENDSGIR + 4), 0x0e00); /* the others wait */
    write32(f, 3, DIST + GICD_SGIR, 1 << 16 | 5);                      /* pending already from there */
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(in_lr(0, 5));
        end(f, 0, 5);
    }
    assert_false(in_lr(0, 5));
    assert_int_equal(f->eois[5], COUNT);
}

static void sources_can_be_set_and_cleared(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, COUNT);
    write32(f, 1, DIST + GICD_SPENDSGIR + 12, 0xff000300);
    assert_int_equal(read32(f, 1, DIST + GICD_SPENDSGIR + 12), 0x0f000300);
    assert_int_equal(read32(f, 1, DIST + GICD_CPENDSGIR + 12), 0x0f000300);
    assert_int_equal(read32(f, 0, DIST + GICD_SPENDSGIR + 12), 0);
    assert_int_equal(read32(f, 1, DIST + GICD_ISPENDR), 1u << 15 | 1 << 13);
    write32(f, 1, DIST + GICD_ICPENDR, UINT32_MAX); /* read-only for SGIs */
    write32(f, 1, DIST + GICD_ISPENDR, 1);
    assert_int_equal(read32(f, 1, DIST + GICD_ISPENDR), 1u << 15 | 1 << 13);
    write_width(f, 1, DIST + GICD_CPENDSGIR + 15, 1, 0x07);
    write_width(f, 1, DIST + GICD_CPENDSGIR + 13, 1, 0xff);
    assert_int_equal(read32(f, 1, DIST + GICD_SPENDSGIR + 12), 0x08000000);
    assert_int_equal(read32(f, 1, DIST + GICD_ISPENDR), 1u << 15);
    boot_guest(f);
    assert_int_equal(receivers(15), 2);
    assert_int_equal(receivers(13), 0);
}

/* Each byte of a word is an SGI's, and sources add up. */
static void sources_of_a_word(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, COUNT);
    write32(f, 1, DIST + GICD_SPENDSGIR + 8, 0x01020408);
    write32(f, 1, DIST + GICD_SPENDSGIR + 8, 0x02040801);
    assert_int_equal(read32(f, 1, DIST + GICD_SPENDSGIR + 8), 0x03060c09);
    assert_int_equal(read32(f, 1, DIST + GICD_SPENDSGIR + 4), 0);
    write32(f, 1, DIST + GICD_CPENDSGIR + 8, 0x01060408);
    assert_int_equal(read32(f, 1, DIST + GICD_SPENDSGIR + 8), 0x02000801);
    assert_int_equal(read32(f, 1, DIST + GICD_ISPENDR), 1u << 11 | 1u << 9 | 1u << 8);
    write32(f, 1, DIST + GICD_CPENDSGIR + 8, UINT32_MAX);
    assert_int_equal(read32(f, 1, DIST + GICD_ISPENDR), 0);
}

static void injected_by_the_vmm(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 2);
    inject(f, 1, 7);
    assert_int_equal(receivers(7), 2);
    end(f, 1, 7);
    assert_int_equal(receivers(7), 0);
}

static struct fixture *booted_v3(size_t count)
{
    struct fixture *f = fixture_booted(VGIC_V3, count);
    for (uint32_t id = 0; id < count; id++) {
        write32(f, id, frame_of(f, id, 0) + GICR_ISENABLER0, 0xffff);
        write32(f, id, frame_of(f, id, 0) + GICR_IGROUPR0, 0xff00); /* 8 to 15: Group 1 */
    }
    return f;
}

static uint32_t send_v3(enum vgic_sgi_reg reg, uint64_t value)
{
    struct fixture *f = booted_v3(COUNT);
    assert_int_equal(vgic_sgi_sysreg(&f->vgic, 1, reg, value), MMIO_HANDLED);
    return receivers(value >> 24 & 15);
}

static void affinity(void **state)
{
    (void)state;
    for (uint64_t irq = 0; irq < 16; irq++) {
        const uint64_t sgi = irq << 24;
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 0xffff), 0xf);
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 0x0005), 0x5);
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 0xfff0), 0);
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 1ull << 40), 0xd); /* all but self */
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 1ull << 16 | 0xf), 0);
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 1ull << 32 | 0xf), 0);
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 1ull << 48 | 0xf), 0);
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 1ull << 44 | 0xf), 0); /* vCPUs 16 to 19 */
        assert_int_equal(send_v3(VGIC_SGI_REG_SGI1R, sgi | 15ull << 44 | 0xf), 0);
    }
}

static void groups(void **state)
{
    (void)state;
    const enum vgic_sgi_reg group0_only[] = {VGIC_SGI_REG_SGI0R, VGIC_SGI_REG_ASGI1R};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(send_v3(group0_only[i], 3ull << 24 | 3), 3);
        assert_int_equal(send_v3(group0_only[i], 9ull << 24 | 3), 0);
    }
}

static void disabled_and_asleep(void **state)
{
    (void)state;
    struct fixture *f = booted_v3(2);
    write_bit(f, 0, GICD_ICENABLER, 9);
    write32(f, 1, REDIST + 0x20000 + GICR_WAKER, 2);
    assert_int_equal(vgic_sgi_sysreg(&f->vgic, 0, VGIC_SGI_REG_SGI1R, 9ull << 24 | 3), MMIO_HANDLED);
    assert_int_equal(receivers(9), 0);
    assert_true(read_bit(f, 0, GICD_ISPENDR, 9));
    write_bit(f, 0, GICD_ISENABLER, 9);
    write32(f, 1, REDIST + 0x20000 + GICR_WAKER, 0);
    assert_int_equal(receivers(9), 3);
}

static void repeated_on_v3(void **state)
{
    (void)state;
    struct fixture *f = booted_v3(2);
    for (uint32_t from = 0; from < 2; from++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(vgic_sgi_sysreg(&f->vgic, from, VGIC_SGI_REG_SGI1R, 9ull << 24 | 1), MMIO_HANDLED);
        }
    }
    end(f, 0, 9);
    assert_true(in_lr(0, 9)); /* the others, as one: no sources here */
    end(f, 0, 9);
    assert_false(in_lr(0, 9));
}

static void only_on_v3_and_for_vcpus_that_exist(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 2);
    assert_int_equal(vgic_sgi_sysreg(&f->vgic, 0, VGIC_SGI_REG_SGI1R, 1), MMIO_UNHANDLED);
    f = fixture_booted(VGIC_V3, 2);
    assert_int_equal(vgic_sgi_sysreg(&f->vgic, 2, VGIC_SGI_REG_SGI1R, 1), MMIO_UNHANDLED);
}

/* vCPUs whose affinities are not their numbers, as boards have them. */
static void targets_by_affinity_of_clusters(void **state)
{
    (void)state;
    static const uint32_t affinity[] = {0x1, 0x100, 0x10200, 0x1020f};
    struct fixture *f = fixture_booted(VGIC_V3, 4);
    vgic_set_affinities(&f->vgic, affinity);
    const struct {
        uint64_t value;
        uint32_t vcpus;
    } cases[] = {
        {0xffff, 1},
        {0x0001, 0},
        {0x0002, 1},
        {UINT64_C(1) << 16 | 0xffff, 2},
        {UINT64_C(1) << 32 | UINT64_C(2) << 16 | 0xffff, 4 | 8},
        {UINT64_C(1) << 32 | UINT64_C(2) << 16 | 0x8000, 8},
        {UINT64_C(1) << 48 | 0xffff, 0},
        {UINT64_C(1) << 44 | 0xffff, 0},
        {UINT64_C(1) << 40, 1 | 4 | 8}, /* all but vCPU 1, which sends */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t id = 0; id < 4; id++) {
            enable(f, id, 3);
        }
        assert_int_equal(vgic_sgi_sysreg(&f->vgic, 1, VGIC_SGI_REG_SGI1R, UINT64_C(3) << 24 | cases[i].value),
                         MMIO_HANDLED);
        for (uint32_t id = 0; id < 4; id++) {
            assert_int_equal(in_lr(id, 3), cases[i].vcpus >> id & 1);
            if (in_lr(id, 3)) {
                end(f, id, 3);
            }
        }
    }
    assert_int_equal(read_width(f, 0, REDIST + 2 * 0x20000 + GICR_TYPER, 8) >> 32, 0x10200);
    enable(f, 0, 40);
    write_width(f, 0, DIST + GICD_IROUTER + 8 * 40, 8, 0x1020f);
    inject(f, 0, 40);
    assert_true(in_lr(3, 40));
    write_width(f, 0, DIST + GICD_IROUTER + 8 * 41, 8, 2);
    enable(f, 0, 41);
    inject(f, 0, 41);
    assert_false(in_lr(2, 41));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_by_affinity_of_clusters),
        cmocka_unit_test(filters),
        cmocka_unit_test(one_source_after_the_other),
        cmocka_unit_test(sources_can_be_set_and_cleared),
        cmocka_unit_test(sources_of_a_word),
        cmocka_unit_test(injected_by_the_vmm),
        cmocka_unit_test(affinity),
        cmocka_unit_test(groups),
        cmocka_unit_test(disabled_and_asleep),
        cmocka_unit_test(repeated_on_v3),
        cmocka_unit_test(only_on_v3_and_for_vcpus_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
