/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What only the GICv3's Distributor and Redistributors have, and their identification.
 */
#include "vgic_fixture.h"

#define SPI          40
#define RD(id)       (REDIST + (id)*0x20000u)
#define IROUTER(irq) (DIST + GICD_IROUTER + 8u * (irq))

static void identification(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V3, 3);
    assert_int_equal(read32(f, 0, DIST + GICD_TYPER), 1 << 26 | 9 << 19 | 31);
    assert_int_equal(read32(f, 0, DIST + GICD_IIDR), VGIC_IIDR);
    assert_int_equal(read32(f, 0, RD(1) + GICR_IIDR), VGIC_IIDR);
    const uint64_t frames[] = {DIST, RD(0), RD(2)};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read32(f, 0, frames[i] + 0xffe8), 0x3b);
        assert_int_equal(read32(f, 0, frames[i] + 0xfff0), 0x0d);
        assert_int_equal(read32(f, 0, frames[i] + 0xfffc), 0xb1);
    }
}

static void control(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V3, 1);
    assert_int_equal(read32(f, 0, DIST + GICD_CTLR), 0x50); /* DS, ARE; no write is ever pending */
    write32(f, 0, DIST + GICD_CTLR, UINT32_MAX);
    assert_int_equal(read32(f, 0, DIST + GICD_CTLR), 0x53);
    write32(f, 0, DIST + GICD_CTLR, 0);
    assert_int_equal(read32(f, 0, DIST + GICD_CTLR), 0x50);
    write32(f, 0, RD(0) + GICR_CTLR, UINT32_MAX);
    assert_int_equal(read32(f, 0, RD(0) + GICR_CTLR), 0);
}

static void redistributor_typer(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V3, 3);
    for (uint64_t id = 0; id < 3; id++) {
        const uint64_t typer = read_width(f, 0, RD((uint32_t)id) + GICR_TYPER, 8);
        assert_int_equal(typer, id << 32 | id << 8 | (id == 2 ? 0x10 : 0));
        assert_int_equal(read32(f, 1, RD((uint32_t)id) + GICR_TYPER), (uint32_t)typer);
        assert_int_equal(read32(f, 1, RD((uint32_t)id) + GICR_TYPER + 4), typer >> 32);
    }
}

/* With affinity routing the Distributor has nothing of interrupts 0 to 31. */
static void distributor_has_no_private_interrupts(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 2);
    const uint32_t banks[] = {GICD_IGROUPR,   GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,       GICD_ICPENDR,
                              GICD_ISACTIVER, GICD_ICACTIVER, GICD_ICFGR,     GICD_ICFGR + 4,     GICD_IPRIORITYR,
                              GICD_SGIR,      GICD_CPENDSGIR, GICD_SPENDSGIR, GICD_ITARGETSR + 40};
    struct vgic before = f->vgic;
    for (size_t i = 0; i < sizeof banks / sizeof banks[0]; i++) {
        write32(f, 0, DIST + banks[i], UINT32_MAX);
        assert_int_equal(read32(f, 0, DIST + banks[i]), 0);
    }
    memcpy(f->vgic.recent_rows, before.recent_rows, sizeof before.recent_rows);
    assert_memory_equal(&before, &f->vgic, sizeof before);
}

static void waker(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V3, 2);
    /* Awake at reset, as on machines whose firmware has woken them. */
    assert_int_equal(read32(f, 0, RD(1) + GICR_WAKER), 0);
    write32(f, 0, RD(1) + GICR_WAKER, 2);
    assert_int_equal(read32(f, 0, RD(1) + GICR_WAKER), 6);
    assert_int_equal(read32(f, 0, RD(0) + GICR_WAKER), 0);
    /* Asleep, it takes nothing, and nothing ends a WFI. */
    boot_guest(f);
    enable(f, 1, 27);
    inject(f, 1, 27);
    assert_false(in_lr(1, 27));
    assert_false(vgic_is_deliverable(&f->vgic, 1));
    write32(f, 0, RD(1) + GICR_WAKER, UINT32_MAX & ~2u);
    assert_int_equal(read32(f, 0, RD(1) + GICR_WAKER), 0);
    assert_true(in_lr(1, 27));
    assert_true(vgic_is_deliverable(&f->vgic, 1));
}

static void any_vcpu_may_use_any_redistributor(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 2);
    const unsigned kicks = f->kicks[1];
    write32(f, 0, RD(1) + 0x10000 + GICR_ISENABLER0, 1 << 27);
    write32(f, 0, RD(1) + 0x10000 + GICR_ISPENDR0, 1 << 27);
    assert_false(in_lr(0, 27));
    assert_true(in_lr(1, 27));
    assert_int_equal(f->kicks[1], kicks + 1);
}

static void sgis_can_be_disabled_and_set_pending(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 1);
    write_bit(f, 0, GICD_ISPENDR, 3);
    assert_false(in_lr(0, 3));
    enable(f, 0, 3);
    assert_true(in_lr(0, 3));
    write_bit(f, 0, GICD_ICENABLER, 3);
    assert_false(read_bit(f, 0, GICD_ISENABLER, 3));
}

static void routes_at_both_widths(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V3, 2);
    write_width(f, 0, IROUTER(SPI), 8, UINT64_MAX);
    assert_int_equal(read_width(f, 0, IROUTER(SPI), 8), 0x80ffffff); /* no affinity level 3 */
    assert_int_equal(read32(f, 0, IROUTER(SPI)), 0x80ffffff);
    assert_int_equal(read32(f, 0, IROUTER(SPI) + 4), 0);
    write32(f, 0, IROUTER(SPI), 1);
    write32(f, 0, IROUTER(SPI) + 4, UINT32_MAX);
    assert_int_equal(read_width(f, 0, IROUTER(SPI), 8), 1);
    write_width(f, 0, IROUTER(1019), 8, 1);
    assert_int_equal(read_width(f, 0, IROUTER(1019), 8), 1);
    write_width(f, 0, IROUTER(31), 8, 1); /* reserved */
    assert_int_equal(read_width(f, 0, IROUTER(31), 8), 0);
    assert_int_equal(read_width(f, 0, IROUTER(1020), 8), 0);
}

static void routes_choose_the_vcpu(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 3);
    enable(f, 0, SPI);
    inject(f, 0, SPI);
    assert_true(in_lr(0, SPI)); /* reset value: 0.0.0.0 */
    write_width(f, 0, IROUTER(SPI), 8, 2);
    end(f, 0, SPI);
    inject(f, 0, SPI);
    assert_true(in_lr(2, SPI));
    end(f, 2, SPI);
    const uint64_t nobody[] = {3, 0x100, 0x10000, 0x010002};
    for (size_t i = 0; i < 4; i++) {
        write_width(f, 0, IROUTER(SPI), 8, nobody[i]);
        inject(f, 0, SPI);
        assert_int_equal(fake_lr_used(0) + fake_lr_used(1) + fake_lr_used(2), 0);
    }
    vgic_set_vcpu_on(&f->vgic, 0, false);
    write_width(f, 0, IROUTER(SPI), 8, 0x80000000); /* any: one that is on */
    assert_true(in_lr(1, SPI));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identification),
        cmocka_unit_test(control),
        cmocka_unit_test(redistributor_typer),
        cmocka_unit_test(distributor_has_no_private_interrupts),
        cmocka_unit_test(waker),
        cmocka_unit_test(any_vcpu_may_use_any_redistributor),
        cmocka_unit_test(sgis_can_be_disabled_and_set_pending),
        cmocka_unit_test(routes_at_both_widths),
        cmocka_unit_test(routes_choose_the_vcpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
