/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What only the GICv2's Distributor has, and its identification.
 */
#include "vgic_fixture.h"

#define SPI 40

static void identification(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 3);
    assert_int_equal(read32(f, 0, DIST + GICD_CTLR), 0);
    assert_int_equal(read32(f, 0, DIST + GICD_TYPER), 2 << 5 | 31);
    assert_int_equal(read32(f, 0, DIST + GICD_IIDR), VGIC_IIDR);
    assert_int_equal(read32(f, 0, DIST + 0xfe8) & 0xf0, 0x20);
    const uint32_t cidr[] = {0x0d, 0xf0, 0x05, 0xb1};
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(read32(f, 0, DIST + 0xff0 + 4 * i), cidr[i]);
    }
    write32(f, 0, DIST + GICD_TYPER, 0);
    write32(f, 0, DIST + 0xfe8, 0);
    assert_int_equal(read32(f, 0, DIST + GICD_TYPER), 2 << 5 | 31);
    assert_int_equal(read32(f, 0, DIST + 0xfe8), 0x2b);
}

static void control(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 1);
    write32(f, 0, DIST + GICD_CTLR, UINT32_MAX);
    assert_int_equal(read32(f, 0, DIST + GICD_CTLR), 3);
}

static void sgis_are_always_enabled(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 1);
    assert_int_equal(read32(f, 0, DIST + GICD_ISENABLER), 0xffff);
    write32(f, 0, DIST + GICD_ICENABLER, UINT32_MAX);
    assert_int_equal(read32(f, 0, DIST + GICD_ISENABLER), 0xffff);
}

static void targets_of_a_uniprocessor(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    write32(f, 0, DIST + GICD_ITARGETSR + SPI, UINT32_MAX);
    assert_int_equal(read32(f, 0, DIST + GICD_ITARGETSR + SPI), 0);
    assert_int_equal(read32(f, 0, DIST + GICD_ITARGETSR), 0);
    enable(f, 0, SPI);
    inject(f, 0, SPI);
    assert_true(in_lr(0, SPI));
}

static void targets_tell_who_reads(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 8);
    for (uint32_t id = 0; id < 8; id++) {
        for (uint32_t offset = 0; offset < 32; offset += 4) {
            assert_int_equal(read32(f, id, DIST + GICD_ITARGETSR + offset), 0x01010101u << id);
        }
    }
    write32(f, 1, DIST + GICD_ITARGETSR + 4, UINT32_MAX);
    assert_int_equal(read32(f, 1, DIST + GICD_ITARGETSR + 4), 0x02020202);
}

static void targets_choose_the_vcpu(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 3);
    enable(f, 0, SPI);
    inject(f, 0, SPI); /* no target: waits */
    assert_int_equal(fake_lr_used(0) + fake_lr_used(1) + fake_lr_used(2), 0);
    write_width(f, 0, DIST + GICD_ITARGETSR + SPI, 1, 0xff);
    assert_int_equal(read32(f, 0, DIST + GICD_ITARGETSR + SPI), 0x07); /* of vCPUs that exist */
    assert_true(in_lr(0, SPI));
    write32(f, 0, DIST + GICD_ITARGETSR + SPI, 0x06);
    inject(f, 0, SPI); /* moved while in service: the next goes to the new target, not before this one ends */
    assert_int_equal(fake_lr_used(1), 0);
    end(f, 0, SPI);
    assert_true(in_lr(1, SPI));
    end(f, 1, SPI);
    vgic_set_vcpu_on(&f->vgic, 1, false); /* 1-of-N: another one */
    inject(f, 0, SPI);
    assert_true(in_lr(2, SPI));
    end(f, 2, SPI);
    vgic_set_vcpu_on(&f->vgic, 2, false); /* none left: waits for either */
    inject(f, 0, SPI);
    assert_int_equal(fake_lr_used(0) + fake_lr_used(1) + fake_lr_used(2), 0);
    vgic_set_vcpu_on(&f->vgic, 2, true);
    assert_true(in_lr(2, SPI));
}

/* A word has the targets of four interrupts. Those of private ones, and all of a uniprocessor, stay as they are. */
static void targets_of_a_word(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 4);
    write32(f, 0, DIST + GICD_ITARGETSR + SPI, 0x08040201);
    assert_int_equal(read32(f, 0, DIST + GICD_ITARGETSR + SPI), 0x08040201);
    assert_int_equal(read32(f, 0, DIST + GICD_ITARGETSR + SPI - 4), 0);
    for (uint32_t i = 0; i < 4; i++) {
        enable(f, 0, SPI + i);
        inject(f, 0, SPI + i);
        assert_true(in_lr(i, SPI + i));
    }
    write32(f, 1, DIST + GICD_ITARGETSR + 28, UINT32_MAX);
    for (uint32_t irq = 0; irq < VGIC_PRIVATE_COUNT; irq++) {
        assert_int_equal(f->vgic.route[irq], 0);
    }
    f = fixture_booted(VGIC_V2, 1);
    write32(f, 0, DIST + GICD_ITARGETSR + SPI, UINT32_MAX);
    assert_int_equal(f->vgic.route[SPI], 0);
}

/* What waits for a busy vCPU moves with its route. */
static void waiting_moves_with_the_target(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 2);
    fake.lr_count = 1;
    for (uint32_t irq = SPI; irq < SPI + 3; irq++) {
        write_width(f, 0, DIST + GICD_ITARGETSR + irq, 1, 1);
        enable(f, 0, irq);
        inject(f, 0, irq);
    }
    assert_true(in_lr(0, SPI));
    const unsigned kicks = f->kicks[1];
    write_width(f, 0, DIST + GICD_ITARGETSR + SPI + 1, 1, 2);
    assert_true(in_lr(1, SPI + 1));
    assert_int_equal(f->kicks[1], kicks + 1);
    write_width(f, 0, DIST + GICD_ITARGETSR + SPI + 2, 1, 0);
    end(f, 0, SPI);
    assert_int_equal(fake_lr_used(0), 0);
    assert_false(vgic_is_deliverable(&f->vgic, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identification),          cmocka_unit_test(control),
        cmocka_unit_test(sgis_are_always_enabled), cmocka_unit_test(targets_of_a_uniprocessor),
        cmocka_unit_test(targets_tell_who_reads),  cmocka_unit_test(targets_choose_the_vcpu),
        cmocka_unit_test(targets_of_a_word),       cmocka_unit_test(waiting_moves_with_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
