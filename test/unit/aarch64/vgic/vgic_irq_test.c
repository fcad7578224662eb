/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Ready bitmaps: who is told of what, and the order in which they are emptied.
 */
#include "vgic_fixture.h"

/* vCPUs that are off take nothing, so what is ready stays in the bitmaps. */
static struct fixture *with_vcpus_off(size_t vcpu_count)
{
    struct fixture *f = fixture_booted(VGIC_V3, vcpu_count);
    for (size_t id = 0; id < vcpu_count; id++) {
        vgic_set_vcpu_on(&f->vgic, id, false);
    }
    return f;
}

static void pend(struct fixture *f, uint32_t irq, uint8_t priority)
{
    set_priority(f, 0, irq, priority);
    enable(f, 0, irq);
    inject(f, 0, irq);
}

static void refresh_says_who_got_something(void **state)
{
    (void)state;
    struct fixture *f = with_vcpus_off(3);
    struct vgic_word *word = vgic_word(&f->vgic, 0, 1);
    word->enabled = word->latched = 3;
    f->vgic.owner[32] = 1;
    f->vgic.owner[33] = 2;
    assert_int_equal(vgic_irq_refresh(&f->vgic, 0, 1), 6);
    assert_int_equal(vgic_irq_refresh(&f->vgic, 0, 1), 0); /* not again */
    word->latched = 0;
    assert_int_equal(vgic_irq_refresh(&f->vgic, 0, 1), 0); /* got less */
    for (size_t id = 0; id < 3; id++) {
        assert_int_equal(f->vgic.vcpus[id].ready_words, 0);
    }
}

static void without_owner_nobody_is_told(void **state)
{
    (void)state;
    struct fixture *f = with_vcpus_off(2);
    write_width(f, 0, DIST + GICD_IROUTER + 8 * 50, 8, 7);
    pend(f, 50, 0);
    assert_int_equal(f->vgic.owner[50], VGIC_OWNER_NONE);
    assert_int_equal(f->vgic.vcpus[0].ready_words | f->vgic.vcpus[1].ready_words, 0);
    f->vgic.route[50] = 1;
    assert_int_equal(vgic_irq_reroute(&f->vgic, 50), 2);
    assert_int_equal(f->vgic.vcpus[1].ready[1], 1 << 18);
    assert_int_equal(vgic_irq_reroute(&f->vgic, 50), 0);
}

static void order(void **state)
{
    (void)state;
    struct fixture *f = with_vcpus_off(1);
    const uint32_t expected[] = {600, 20, 33, 900, 901, 1019};
    pend(f, 901, 0x80);
    pend(f, 1019, 0xf8);
    pend(f, 600, 0x00);
    pend(f, 900, 0x80);
    pend(f, 20, 0x08);
    pend(f, 33, 0x08);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(vgic_irq_most_urgent(&f->vgic, 0), expected[i]);
        vgic_irq_hand_over(&f->vgic, 0, expected[i]);
    }
    assert_int_equal(f->vgic.vcpus[0].ready_words, 0);
}

static void every_interrupt_can_be_ready(void **state)
{
    (void)state;
    struct fixture *f = with_vcpus_off(1);
    for (uint32_t irq = 0; irq < VGIC_IRQ_COUNT; irq++) {
        pend(f, irq, 0);
    }
    assert_int_equal(f->vgic.vcpus[0].ready_words, UINT32_MAX);
    for (uint32_t irq = 0; irq < VGIC_IRQ_COUNT; irq++) {
        assert_int_equal(vgic_irq_most_urgent(&f->vgic, 0), irq);
        vgic_irq_hand_over(&f->vgic, 0, irq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refresh_says_who_got_something),
        cmocka_unit_test(without_owner_nobody_is_told),
        cmocka_unit_test(order),
        cmocka_unit_test(every_interrupt_can_be_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
