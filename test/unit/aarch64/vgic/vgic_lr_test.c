/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: how many there are, their order, maintenance, and what a reset leaves in them.
 */
#include "vgic_fixture.h"

#define FIRST 40

static void pend_many(struct fixture *f, uint32_t first, uint32_t count)
{
    for (uint32_t irq = first; irq < first + count; irq++) {
        enable(f, 0, irq);
        inject(f, 0, irq);
    }
}

static void learns_their_number(void **state)
{
    (void)state;
    const unsigned counts[] = {1, 2, 4, 16, 64};
    for (size_t i = 0; i < 5; i++) {
        struct fixture *f = fixture_booted(VGIC_V2, 1);
        fake.lr_count = counts[i];
        pend_many(f, FIRST, 100);
        assert_int_equal(fake_lr_used(0), counts[i]);
        assert_true(fake.inject_calls <= counts[i] + 1); /* one too many tells */
        const unsigned calls = fake.inject_calls;
        inject(f, 0, 999); /* not enabled; and then no room: the kernel is not asked in vain */
        enable(f, 0, 999);
        assert_int_equal(fake.inject_calls, calls);
        for (uint32_t irq = FIRST; irq < FIRST + 100; irq++) {
            end(f, 0, irq);
        }
        end(f, 0, 999);
        assert_int_equal(fake_lr_used(0), 0);
        assert_int_equal(f->eoi_count, 101);
    }
}

static void none_at_all(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    fake.lr_count = 0;
    pend_many(f, FIRST, 10);
    assert_int_equal(fake_log_count("ERROR"), 1);
    assert_true(vgic_is_deliverable(&f->vgic, 0));
}

static void urgent_ones_first(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        fake.lr_count = 1;
        const uint8_t priorities[] = {0xa0, 0x80, 0xf8, 0x00, 0x80};
        const uint32_t irqs[] = {33, 27, 1019, 500, 29};
        const uint32_t order[] = {500, 27, 29, 33, 1019};
        write32(f, 0, DIST + GICD_CTLR, 0);
        for (size_t i = 0; i < 5; i++) {
            set_priority(f, 0, irqs[i], priorities[i]);
            enable(f, 0, irqs[i]);
            inject(f, 0, irqs[i]);
        }
        write32(f, 0, DIST + GICD_CTLR, 3);
        for (size_t i = 0; i < 5; i++) {
            assert_int_equal(fake.vcpus[0].lrs[0].virq, order[i]);
            assert_int_equal(fake.vcpus[0].lrs[0].priority, *vgic_irq_priority(&f->vgic, 0, order[i]) >> 3);
            end(f, 0, order[i]);
        }
        assert_int_equal(fake_lr_used(0), 0);
    }
}

/* All that the guest leaves at its reset value, and the number 0. */
static void at_the_reset_priority(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        for (unsigned group = 0; group < 2; group++) {
            struct fixture *f = fixture_booted(version, 1);
            const uint32_t irqs[] = {0, 16, 32};
            for (size_t i = 0; i < 3; i++) {
                enable(f, 0, irqs[i]);
                if (group == 1) {
                    set_group1(f, 0, irqs[i]);
                }
                for (unsigned round = 0; round < 10; round++) {
                    inject(f, 0, irqs[i]);
                    const int index = fake_lr_of(0, (uint16_t)irqs[i]);
                    assert_true(index >= 0);
                    assert_int_equal(fake.vcpus[0].lrs[index].priority, 0);
                    assert_int_equal(fake.vcpus[0].lrs[index].group, group);
                    inject(f, 0, irqs[i]); /* again, before the guest takes it */
                    end(f, 0, irqs[i]);
                    end(f, 0, irqs[i]);
                    assert_false(vgic_is_deliverable(&f->vgic, 0));
                }
                assert_int_equal(f->eois[irqs[i]], 20);
            }
        }
    }
}

/* The priority that counts is the one when a register becomes free. */
static void priority_changes_while_waiting(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    fake.lr_count = 1;
    pend_many(f, FIRST, 3);
    set_priority(f, 0, FIRST + 1, 0x80);
    end(f, 0, FIRST);
    assert_true(in_lr(0, FIRST + 2));
}

static void at_most_one_each(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    for (int i = 0; i < 10; i++) {
        pend_many(f, FIRST, 1);
        write_bit(f, 0, GICD_ISPENDR, FIRST);
        write_bit(f, 0, GICD_ICENABLER, FIRST);
        set_level(f, 0, FIRST, i % 2 == 0);
        assert_int_equal(fake_lr_used(0), 1);
    }
}

static void maintenance_without_an_end(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    pend_many(f, FIRST, 1);
    vgic_maintenance(&f->vgic, 0, -1);
    vgic_maintenance(&f->vgic, 0, 1);  /* free */
    vgic_maintenance(&f->vgic, 0, 63); /* does not exist */
    vgic_maintenance(&f->vgic, 0, 64);
    vgic_maintenance(&f->vgic, 0, INT32_MAX);
    vgic_maintenance(&f->vgic, 0, INT32_MIN);
    assert_int_equal(f->eoi_count, 0);
    end(f, 0, FIRST);
    vgic_maintenance(&f->vgic, 0, 0); /* twice */
    assert_int_equal(f->eoi_count, 1);
}

/* The kernel says "in use" for one that was thought free: others are used, and that one when it becomes free. */
static void occupied_without_reason(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    fake.vcpus[0].lrs[0].used = true;
    fake.vcpus[0].lrs[0].virq = 7;
    fake.vcpus[0].lrs[2].used = true;
    fake.vcpus[0].lrs[2].virq = 8;
    pend_many(f, FIRST, 4);
    assert_true(in_lr(0, FIRST));
    assert_true(in_lr(0, FIRST + 1));
    assert_int_equal(fake_lr_used(0), 4);
    end(f, 0, 7);
    assert_int_equal(f->eoi_count, 0);
    assert_true(in_lr(0, FIRST + 2));
    fake.vcpus[0].lrs[2].used = false; /* without an event: found free when a register is needed */
    vgic_maintenance(&f->vgic, 0, -1);
    assert_true(in_lr(0, FIRST + 3));
}

static void wait_for_power_and_wakefulness(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 1);
    write32(f, 0, REDIST + GICR_WAKER, 2);
    pend_many(f, FIRST, 1);
    assert_false(in_lr(0, FIRST));
    assert_false(vgic_is_deliverable(&f->vgic, 0));
    write32(f, 0, REDIST + GICR_WAKER, 0);
    assert_true(in_lr(0, FIRST));
}

static struct fixture *restarted(uint32_t irq)
{
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    pend_many(f, irq, 1);
    assert_true(in_lr(0, irq));
    vgic_reset(&f->vgic);
    assert_int_equal(f->eois[irq], 1);
    boot_guest(f);
    return f;
}

/* The new life takes an interrupt of the old one: nothing is acknowledged, and the register is free. */
static void stale_and_taken(void **state)
{
    (void)state;
    struct fixture *f = restarted(FIRST);
    assert_false(vgic_is_deliverable(&f->vgic, 0));
    assert_false(read_bit(f, 0, GICD_ISPENDR, FIRST));
    end(f, 0, FIRST);
    assert_int_equal(f->eois[FIRST], 1);
    pend_many(f, FIRST, 4);
    assert_int_equal(fake_lr_used(0), 4);
}

/* The kernel has cleared the register meanwhile. */
static void stale_and_cleared(void **state)
{
    (void)state;
    struct fixture *f = restarted(FIRST);
    fake.vcpus[0].lrs[0].used = false;
    pend_many(f, FIRST, 4);
    assert_int_equal(fake_lr_of(0, FIRST), 0);
    assert_int_equal(fake_lr_used(0), 4);
    end(f, 0, FIRST);
    assert_int_equal(f->eois[FIRST], 2);
    assert_int_equal(f->vgic.vcpus[0].lr_stale, 0);
}

/* In service when the old life ended, so it never ends by itself; the same interrupt must get through all the same. */
static void stale_and_in_service(void **state)
{
    (void)state;
    struct fixture *f = restarted(FIRST);
    pend_many(f, FIRST, 1);
    assert_true(fake.vcpus[0].lrs[0].used && fake.vcpus[0].lrs[1].used);
    for (unsigned round = 2; round < 6; round++) {
        /* The hardware ends the first of the two that it finds. */
        vgic_maintenance(&f->vgic, 0, (fake_eoi_irq(0, FIRST), (int)fake.mrs[seL4_VGICMaintenance_IDX]));
        assert_int_equal(f->eois[FIRST], round);
        assert_false(read_bit(f, 0, GICD_ISPENDR, FIRST));
        inject(f, 0, FIRST);
        assert_int_equal(fake_lr_used(0), 2);
    }
    assert_int_equal(__builtin_popcountll(f->vgic.vcpus[0].lr_stale), 1);
}

/* Two registers with the same interrupt are to be avoided: its own is tried before any other. */
static void stale_goes_to_its_own_register(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    pend_many(f, FIRST, 3);
    vgic_reset(&f->vgic);
    boot_guest(f);
    memset(fake.vcpus[0].lrs, 0, sizeof fake.vcpus[0].lrs);
    pend_many(f, FIRST + 2, 1);
    assert_int_equal(fake_lr_of(0, FIRST + 2), 2);
    pend_many(f, FIRST + 1, 1);
    assert_int_equal(fake_lr_of(0, FIRST + 1), 1);
}

/* Where a pending register may be written again: what the old life left cannot reach the new one, by its priority and,
 * where the mask does not hold that back, by its group. */
static void stale_is_held_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    fake.lr_pending_yields = true;
    set_priority(f, 0, FIRST, 0xa0);
    set_group1(f, 0, FIRST);
    pend_many(f, FIRST, 1);
    assert_int_equal(fake.vcpus[0].lrs[0].priority, 0xa0 >> 3);
    assert_int_equal(fake.vcpus[0].lrs[0].group, 1);
    vgic_reset(&f->vgic);
    assert_int_equal(fake.vcpus[0].lrs[0].priority, 31);
    assert_int_equal(fake.vcpus[0].lrs[0].group, 0);
    boot_guest(f);
    set_priority(f, 0, FIRST, 0x80);
    pend_many(f, FIRST, 4);
    assert_int_equal(fake_lr_of(0, FIRST), 0);
    assert_int_equal(fake.vcpus[0].lrs[0].priority, 0x80 >> 3);
    assert_int_equal(f->vgic.vcpus[0].lr_stale, 0);
}

static void withdrawn_is_held_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 1);
    fake.lr_pending_yields = true;
    set_group1(f, 0, FIRST);
    pend_many(f, FIRST, 1);
    assert_int_equal(fake.vcpus[0].lrs[0].group, 1);
    assert_true(vgic_lr_withdraw(&f->vgic, 0, FIRST));
    assert_int_equal(fake.vcpus[0].lrs[0].priority, 31);
    assert_int_equal(fake.vcpus[0].lrs[0].group, 0);
    inject(f, 0, FIRST);
    assert_int_equal(fake.vcpus[0].lrs[0].group, 1);
}

static void stale_do_not_block_others(void **state)
{
    (void)state;
    struct fixture *f = restarted(FIRST);
    pend_many(f, FIRST + 1, 5);
    assert_int_equal(fake_lr_used(0), 4);
    for (uint32_t irq = FIRST + 1; irq < FIRST + 6; irq++) {
        end(f, 0, irq);
    }
    assert_int_equal(fake_lr_used(0), 1);
    vgic_reset(&f->vgic); /* stays stale, and is not reported again */
    assert_int_equal(f->eois[FIRST], 1);
}

/* Raised again while the guest has not taken it: the kernel lets the register be written again, and there is one end.
 */
static void absorbs_what_is_still_pending(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 2);
        fake.lr_pending_yields = true;
        write_width(f, 0, version == VGIC_V2 ? DIST + GICD_ITARGETSR + FIRST : DIST + GICD_IROUTER + 8 * FIRST,
                    version == VGIC_V2 ? 1 : 8, version == VGIC_V2 ? 2 : 1);
        enable(f, 1, FIRST);
        inject(f, 0, FIRST);
        inject(f, 0, FIRST);
        write_bit(f, 0, GICD_ISPENDR, FIRST);
        assert_int_equal(fake_lr_used(1), 1);
        end(f, 1, FIRST);
        assert_int_equal(fake_lr_used(1), 0);
        assert_int_equal(f->eois[FIRST], 1);
        assert_false(read_bit(f, 0, GICD_ISPENDR, FIRST));
    }
}

static void latches_what_is_in_service(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 1);
    pend_many(f, FIRST, 1);
    write_bit(f, 0, GICD_ISPENDR, FIRST);
    end(f, 0, FIRST);
    assert_true(in_lr(0, FIRST));
    end(f, 0, FIRST);
    assert_false(in_lr(0, FIRST));
}

static void absorbs_sgis_of_one_source(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 2);
        const unsigned ends = version == VGIC_V2 ? 2 : 1; /* a GICv2's are one for each source */
        fake.lr_pending_yields = true;
        enable(f, 1, 3);
        vgic_deliver(&f->vgic, vgic_sgi_raise(&f->vgic, 1, 3, 0));
        vgic_deliver(&f->vgic, vgic_sgi_raise(&f->vgic, 1, 3, 1));
        for (unsigned i = 0; i < ends; i++) {
            assert_true(in_lr(1, 3));
            end(f, 1, 3);
        }
        assert_false(in_lr(1, 3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_their_number),
        cmocka_unit_test(none_at_all),
        cmocka_unit_test(urgent_ones_first),
        cmocka_unit_test(at_the_reset_priority),
        cmocka_unit_test(priority_changes_while_waiting),
        cmocka_unit_test(at_most_one_each),
        cmocka_unit_test(maintenance_without_an_end),
        cmocka_unit_test(occupied_without_reason),
        cmocka_unit_test(wait_for_power_and_wakefulness),
        cmocka_unit_test(stale_and_taken),
        cmocka_unit_test(stale_and_cleared),
        cmocka_unit_test(stale_and_in_service),
        cmocka_unit_test(stale_goes_to_its_own_register),
        cmocka_unit_test(stale_is_held_back),
        cmocka_unit_test(withdrawn_is_held_back),
        cmocka_unit_test(stale_do_not_block_others),
        cmocka_unit_test(absorbs_what_is_still_pending),
        cmocka_unit_test(latches_what_is_in_service),
        cmocka_unit_test(absorbs_sgis_of_one_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
