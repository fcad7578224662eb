/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The vGIC as a whole: pending latches, levels and edges, reset, and what init refuses.
 */
#include "vgic_fixture.h"

#define SPI  40
#define PPI  27
#define EDGE 41

static void init_refuses(void **state)
{
    (void)state;
    static struct vgic vgic;
    struct vgic_config config = fixture_config(VGIC_V2, 1);
    assert_int_equal(vgic_init(&vgic, &config, 0, &fixture_ops, NULL), RESULT_RANGE);
    assert_int_equal(vgic_init(&vgic, &config, VM_VCPU_COUNT_MAX + 1, &fixture_ops, NULL), RESULT_RANGE);
    config.version = VGIC_NONE;
    assert_int_equal(vgic_init(&vgic, &config, 1, &fixture_ops, NULL), RESULT_INVALID);
    config.version = VGIC_V2;
    config.dist_size_bytes = 0xfff;
    assert_int_equal(vgic_init(&vgic, &config, 1, &fixture_ops, NULL), RESULT_RANGE);
    config.dist_size_bytes = 0x1000;
    assert_int_equal(vgic_init(&vgic, &config, 8, &fixture_ops, NULL), RESULT_OK);
    assert_int_equal(vgic_init(&vgic, &config, 9, &fixture_ops, NULL), RESULT_RANGE);
    config = fixture_config(VGIC_V3, 16);
    assert_int_equal(vgic_init(&vgic, &config, 16, &fixture_ops, NULL), RESULT_OK);
    config = fixture_config(VGIC_V3, 2);
    assert_int_equal(vgic_init(&vgic, &config, 3, &fixture_ops, NULL), RESULT_RANGE);
    config.dist_size_bytes = 0xffff;
    assert_int_equal(vgic_init(&vgic, &config, 2, &fixture_ops, NULL), RESULT_RANGE);
}

static void arguments_out_of_range(void **state)
{
    (void)state;
    static struct vgic unused;
    assert_int_equal(vgic_inject(&unused, 0, SPI), RESULT_RANGE);
    vgic_reset(&unused);
    struct fixture *f = fixture_booted(VGIC_V2, 2);
    assert_int_equal(vgic_inject(&f->vgic, 2, SPI), RESULT_RANGE);
    assert_int_equal(vgic_inject(&f->vgic, 0, 1020), RESULT_RANGE);
    assert_int_equal(vgic_set_level(&f->vgic, 2, SPI, true), RESULT_RANGE);
    assert_int_equal(vgic_set_level(&f->vgic, 0, 1020, true), RESULT_RANGE);
    assert_int_equal(vgic_set_level(&f->vgic, 0, 15, true), RESULT_RANGE);
    assert_false(vgic_is_deliverable(&f->vgic, 2));
    vgic_set_vcpu_on(&f->vgic, 2, false);
    vgic_maintenance(&f->vgic, 2, 0);
}

static void regions(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 1);
    uint64_t value = 0;
    assert_int_equal(f->bus.region_count, 1);
    assert_int_equal(fixture_access(f, 0, DIST + 0xffc, 4, false, &value), MMIO_HANDLED);
    assert_int_equal(fixture_access(f, 0, DIST + 0x1000, 4, false, &value), MMIO_UNHANDLED);
    f = fixture_new(VGIC_V3, 2);
    assert_int_equal(f->bus.region_count, 2);
    assert_int_equal(fixture_access(f, 0, REDIST + 0x3fffc, 4, false, &value), MMIO_HANDLED);
    assert_int_equal(fixture_access(f, 0, REDIST + 0x40000, 4, false, &value), MMIO_UNHANDLED);
}

/* What arrives too early is delivered once it may be, whatever it waits for. */
static void pending_is_a_latch(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        const uint32_t irqs[] = {PPI, SPI, 1019};
        for (size_t i = 0; i < 3; i++) {
            struct fixture *f = fixture_new(version, 1);
            const uint32_t irq = irqs[i];
            inject(f, 0, irq);
            assert_true(read_bit(f, 0, GICD_ISPENDR, irq));
            assert_true(read_bit(f, 0, GICD_ICPENDR, irq));
            enable(f, 0, irq);
            assert_false(in_lr(0, irq));
            assert_false(vgic_is_deliverable(&f->vgic, 0));
            boot_guest(f);
            assert_true(in_lr(0, irq));
            assert_true(vgic_is_deliverable(&f->vgic, 0));
            end(f, 0, irq);
            assert_false(in_lr(0, irq));
            assert_false(vgic_is_deliverable(&f->vgic, 0));
            assert_false(read_bit(f, 0, GICD_ISPENDR, irq));
            assert_int_equal(f->eois[irq], 1);
        }
    }
}

static void each_group_has_its_enable(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        write32(f, 0, DIST + GICD_CTLR, 0);
        set_group1(f, 0, SPI);
        enable(f, 0, SPI);
        enable(f, 0, EDGE);
        inject(f, 0, SPI);
        inject(f, 0, EDGE);
        write32(f, 0, DIST + GICD_CTLR, 1);
        assert_false(in_lr(0, SPI));
        assert_true(in_lr(0, EDGE));
        write32(f, 0, DIST + GICD_CTLR, 2);
        assert_true(in_lr(0, SPI));
        assert_int_equal(fake.vcpus[0].lrs[fake_lr_of(0, SPI)].group, 1);
        assert_int_equal(fake.vcpus[0].lrs[fake_lr_of(0, EDGE)].group, 0);
    }
}

static void repeated_edges(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(VGIC_V2, 1);
    inject(f, 0, SPI);
    inject(f, 0, SPI);
    enable(f, 0, SPI);
    boot_guest(f);
    end(f, 0, SPI);
    assert_false(in_lr(0, SPI)); /* pending twice is pending */
    inject(f, 0, SPI);
    inject(f, 0, SPI); /* in service: once more afterwards */
    assert_int_equal(fake_lr_used(0), 1);
    end(f, 0, SPI);
    assert_true(in_lr(0, SPI));
    end(f, 0, SPI);
    assert_false(in_lr(0, SPI));
    assert_int_equal(f->eois[SPI], 3);
}

static void level_comes_again_while_high(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        enable(f, 0, SPI);
        set_level(f, 0, SPI, true);
        set_level(f, 0, SPI, true);
        assert_true(in_lr(0, SPI));
        end(f, 0, SPI);
        assert_true(in_lr(0, SPI));
        set_level(f, 0, SPI, false);
        end(f, 0, SPI);
        assert_false(in_lr(0, SPI));
        assert_false(read_bit(f, 0, GICD_ISPENDR, SPI));
    }
}

static void level_that_falls_in_time_is_not_pending(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    set_level(f, 0, SPI, true);
    assert_true(read_bit(f, 0, GICD_ISPENDR, SPI));
    write_bit(f, 0, GICD_ICPENDR, SPI); /* of no effect on a level */
    assert_true(read_bit(f, 0, GICD_ISPENDR, SPI));
    set_level(f, 0, SPI, false);
    assert_false(read_bit(f, 0, GICD_ISPENDR, SPI));
    enable(f, 0, SPI);
    assert_false(in_lr(0, SPI));
    assert_int_equal(f->eoi_count, 0);
}

static void edge_latches_when_the_input_rises(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 1);
    set_edge(f, 0, EDGE, true);
    set_level(f, 0, EDGE, true);
    set_level(f, 0, EDGE, false);
    enable(f, 0, EDGE);
    assert_true(in_lr(0, EDGE));
    set_level(f, 0, EDGE, true); /* during service */
    set_level(f, 0, EDGE, true); /* no edge */
    end(f, 0, EDGE);
    assert_true(in_lr(0, EDGE));
    end(f, 0, EDGE);
    assert_false(in_lr(0, EDGE));
}

/* A level that an ack function lowers does not come again; one that it raises anew does. */
static void lower_at_eoi(struct fixture *f, size_t vcpu_id, uint32_t irq)
{
    set_level(f, vcpu_id, irq, false);
}

static void inject_at_eoi(struct fixture *f, size_t vcpu_id, uint32_t irq)
{
    if (f->eoi_count == 1) {
        inject(f, vcpu_id, irq);
    }
}

static void ack_functions_may_raise_and_lower(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    enable(f, 0, SPI);
    f->at_eoi = lower_at_eoi;
    set_level(f, 0, SPI, true);
    end(f, 0, SPI);
    assert_false(in_lr(0, SPI));
    f = fixture_booted(VGIC_V2, 1);
    enable(f, 0, SPI);
    f->at_eoi = inject_at_eoi;
    inject(f, 0, SPI);
    end(f, 0, SPI);
    assert_true(in_lr(0, SPI));
    assert_int_equal(fake_lr_used(0), 1);
    end(f, 0, SPI);
    assert_int_equal(fake_lr_used(0), 0);
}

static void withdrawing_what_waits(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        inject(f, 0, SPI);
        inject(f, 0, PPI);
        write_bit(f, 0, GICD_ICPENDR, SPI);
        write_bit(f, 0, GICD_ICPENDR, PPI);
        assert_int_equal(f->eois[SPI], 1); /* the source must hear of it, or it never raises again */
        assert_int_equal(f->eois[PPI], 1);
        enable(f, 0, SPI);
        enable(f, 0, PPI);
        assert_int_equal(fake_lr_used(0), 0);
        write_bit(f, 0, GICD_ICPENDR, SPI); /* not pending: nothing ends */
        assert_int_equal(f->eois[SPI], 1);
        inject(f, 0, SPI); /* in a list register: too late, and the end comes once */
        inject(f, 0, SPI);
        write_bit(f, 0, GICD_ICPENDR, SPI);
        write_bit(f, 0, GICD_ICENABLER, SPI);
        assert_int_equal(f->eois[SPI], 1);
        end(f, 0, SPI);
        assert_int_equal(f->eois[SPI], 2);
        assert_int_equal(fake_lr_used(0), 0);
        inject(f, 0, SPI); /* disabled: stays */
        assert_int_equal(fake_lr_used(0), 0);
        enable(f, 0, SPI);
        assert_true(in_lr(0, SPI));
    }
}

static void software_sets_pending_and_active(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    enable(f, 0, SPI);
    write_bit(f, 0, GICD_ISACTIVER, SPI);
    assert_true(read_bit(f, 0, GICD_ISACTIVER, SPI));
    write_bit(f, 0, GICD_ISPENDR, SPI);
    assert_false(in_lr(0, SPI)); /* active: not again before it ends */
    write_bit(f, 0, GICD_ICACTIVER, SPI);
    assert_true(in_lr(0, SPI));
    assert_true(read_bit(f, 0, GICD_ICACTIVER, SPI)); /* it may be in service by now */
    write_bit(f, 0, GICD_ISACTIVER, SPI);
    end(f, 0, SPI);
    assert_false(read_bit(f, 0, GICD_ISACTIVER, SPI));
}

static void kicks_whoever_gets_something(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 3);
    memset(f->kicks, 0, sizeof f->kicks);
    enable(f, 2, PPI);
    inject(f, 2, PPI);
    assert_int_equal(f->kicks[0] + f->kicks[1], 0);
    assert_int_equal(f->kicks[2], 1);
    inject(f, 1, PPI); /* not enabled there */
    assert_int_equal(f->kicks[1], 0);
}

static void off_vcpus_take_nothing(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 2);
        enable(f, 1, PPI);
        vgic_set_vcpu_on(&f->vgic, 1, false);
        inject(f, 1, PPI);
        assert_false(in_lr(1, PPI));
        vgic_set_vcpu_on(&f->vgic, 1, true);
        assert_true(in_lr(1, PPI));
    }
}

static void reset_forgets(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 2);
        static struct vgic fresh;
        fresh = fixture_new(version, 2)->vgic;
        boot_guest(f);
        for (uint32_t irq = version == VGIC_V2 ? 16 : 0; irq < VGIC_IRQ_COUNT; irq++) {
            set_priority(f, 0, irq, 0x80);
            set_edge(f, 0, irq, true);
            set_group1(f, 0, irq);
            enable(f, 0, irq);
        }
        write_bit(f, 0, GICD_ISACTIVER, 100);
        inject(f, 0, 101); /* reaches a list register of vCPU 0 unless it has no target yet */
        inject(f, 0, PPI);
        inject(f, 1, PPI); /* waits */
        set_level(f, 0, 102, true);
        vgic_set_vcpu_on(&f->vgic, 1, false);
        assert_true(in_lr(0, PPI));
        vgic_reset(&f->vgic);
        assert_int_equal(f->eois[101], 1);
        assert_int_equal(f->eois[PPI], 2);
        assert_int_equal(f->eois[100], 0);
        assert_false(f->vgic.vcpus[1].on);
        vgic_set_vcpu_on(&f->vgic, 1, true);
        for (uint32_t id = 0; id < 2; id++) { /* the list registers are the hardware's */
            f->vgic.vcpus[id].lr_free = fresh.vcpus[id].lr_free;
            f->vgic.vcpus[id].lr_stale = 0;
            memset(f->vgic.vcpus[id].lr_irq, 0, sizeof f->vgic.vcpus[id].lr_irq);
        }
        memcpy(f->vgic.recent_rows, fresh.recent_rows, sizeof fresh.recent_rows);
        assert_memory_equal(&f->vgic, &fresh, sizeof fresh);
    }
}

static void inject_again_at_eoi(struct fixture *f, size_t vcpu_id, uint32_t irq)
{
    inject(f, vcpu_id, irq);
}

/* A source that raises again as soon as it is acknowledged: that belongs to the new life. */
static void ack_functions_may_raise_in_a_reset(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    inject(f, 0, SPI);
    f->at_eoi = inject_again_at_eoi;
    vgic_reset(&f->vgic);
    f->at_eoi = NULL;
    assert_int_equal(f->eois[SPI], 1);
    assert_true(read_bit(f, 0, GICD_ISPENDR, SPI));
    boot_guest(f);
    enable(f, 0, SPI);
    assert_true(in_lr(0, SPI));
}

static void says_what_is_wrong_with_a_configuration(void **state)
{
    (void)state;
    fake_microkit_reset();
    struct vgic_config config = fixture_config(VGIC_V2, 1);
    config.dist_size_bytes = 0x800;
    vgic_log_config("here", &config, 1);
    config.version = VGIC_V3;
    vgic_log_config("here", &config, 3);
    config.version = VGIC_NONE;
    vgic_log_config("here", &config, 3);
    assert_int_equal(fake_log_count("0x800"), 2);
    assert_int_equal(fake_log_count("here"), 3);
}

/* A vCPU that switches itself off leaves nothing behind that others are to take. */
static void what_an_off_vcpu_held_goes_to_others(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 2);
        fake.lr_pending_yields = true;
        const uint64_t route_at = DIST + (version == VGIC_V3 ? GICD_IROUTER + 8 * SPI : GICD_ITARGETSR + SPI);
        const uint8_t width = version == VGIC_V3 ? 8 : 1;
        enable(f, 0, SPI);
        enable(f, 0, EDGE);
        enable(f, 0, PPI);
        set_edge(f, 0, EDGE, true);
        write_width(f, 0, route_at, width, version == VGIC_V3 ? 0 : 1);
        write_width(f, 0, route_at + width, width, version == VGIC_V3 ? BIT(31) : 3);
        set_level(f, 0, SPI, true);
        inject(f, 0, EDGE);
        inject(f, 0, PPI);
        assert_true(in_lr(0, SPI) && in_lr(0, EDGE) && in_lr(0, PPI));
        vgic_set_vcpu_on(&f->vgic, 0, false);
        vgic_take_back(&f->vgic, 0);
        /* One that may go to either vCPU does; one that may not waits for its route. */
        assert_true(in_lr(1, EDGE));
        assert_false(in_lr(1, SPI));
        write_width(f, 1, route_at, width, version == VGIC_V3 ? 1 : 2);
        assert_true(in_lr(1, SPI));
        assert_int_equal(f->eoi_count, 0);
        end(f, 1, EDGE);
        end(f, 1, SPI); /* its input is high */
        assert_true(in_lr(1, SPI));
        set_level(f, 0, SPI, false);
        end(f, 1, SPI);
        assert_false(in_lr(1, SPI));
        /* Its own wait for it, with the priority that they have. */
        vgic_set_vcpu_on(&f->vgic, 0, true);
        const int index = fake_lr_of(0, PPI);
        assert_true(index >= 0 && fake.vcpus[0].lrs[index].priority == 0);
        end(f, 0, PPI);
        assert_int_equal(f->eois[PPI], 1);
        assert_int_equal(f->eois[EDGE], 1);
        assert_int_equal(f->eois[SPI], 2);
    }
}

/* In service it is not pending; that is the guest's to end. */
static void what_an_off_vcpu_serves_stays(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V3, 2);
    fake.lr_pending_yields = true;
    enable(f, 0, EDGE);
    set_edge(f, 0, EDGE, true);
    write_width(f, 0, DIST + GICD_IROUTER + 8 * EDGE, 8, BIT(31));
    inject(f, 0, EDGE);
    fake.vcpus[0].lrs[fake_lr_of(0, EDGE)].taken = true;
    vgic_set_vcpu_on(&f->vgic, 0, false);
    vgic_take_back(&f->vgic, 0);
    assert_false(in_lr(1, EDGE));
    assert_true(read_bit(f, 1, GICD_ISACTIVER, EDGE));
}

/* A source that cannot say when its input falls is asked. */
static void falls_when_asked(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        fake.lr_pending_yields = true;
        enable(f, 0, PPI);
        assert_int_equal(vgic_inject_sampled(&f->vgic, 0, PPI), RESULT_OK);
        assert_true(in_lr(0, PPI));
        assert_true(read_bit(f, 0, GICD_ISPENDR, PPI));
        assert_int_equal(f->samples, 1);
        f->fallen_irq = PPI;
        assert_false(read_bit(f, 0, GICD_ISPENDR, PPI));
        assert_false(vgic_is_deliverable(&f->vgic, 0));
        assert_int_equal(fake.vcpus[0].lrs[fake_lr_of(0, PPI)].priority, 31);
        assert_false(read_bit(f, 0, GICD_ISPENDR, PPI));
        assert_int_equal(f->samples, 2);
        assert_int_equal(vgic_inject_sampled(&f->vgic, 0, PPI), RESULT_OK);
        assert_int_equal(fake_lr_used(0), 1);
        assert_int_equal(fake.vcpus[0].lrs[fake_lr_of(0, PPI)].priority, 0);
        end(f, 0, PPI);
        assert_int_equal(f->eois[PPI], 1);
    }
}

/* The list register of what has fallen is there for another one that waits. */
static void what_falls_makes_room(void **state)
{
    (void)state;
    FOR_BOTH(version)
    {
        struct fixture *f = fixture_booted(version, 1);
        fake.lr_pending_yields = true;
        fake.lr_count = 1;
        enable(f, 0, PPI);
        enable(f, 0, SPI);
        write_width(f, 0, DIST + GICD_ITARGETSR + SPI, 1, 1);
        assert_int_equal(vgic_inject_sampled(&f->vgic, 0, PPI), RESULT_OK);
        inject(f, 0, SPI);
        assert_true(in_lr(0, PPI));
        assert_false(in_lr(0, SPI));
        vgic_fall(&f->vgic, 0, PPI);
        assert_true(in_lr(0, SPI));
        /* Of a vCPU that does not exist: nothing. */
        vgic_fall(&f->vgic, 1, PPI);
        assert_true(in_lr(0, SPI));
    }
}

static void inject_sampled(struct fixture *f, uint32_t irq)
{
    assert_int_equal(vgic_inject_sampled(&f->vgic, 0, irq), RESULT_OK);
}

/* What a device asked for while disabled it is to ask for again, if it still wants to. */
static void samples_levels_again_when_enabled(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    inject_sampled(f, 40);
    assert_true(read_bit(f, 0, GICD_ISPENDR, 40));
    enable(f, 0, 40);
    assert_int_equal(f->eois[40], 1);
    assert_false(in_lr(0, 40));
    assert_false(read_bit(f, 0, GICD_ISPENDR, 40));
    inject_sampled(f, 40);
    assert_true(in_lr(0, 40));
    enable(f, 0, 40); /* is so already */
    assert_int_equal(f->eois[40], 1);
    end(f, 0, 40);
    assert_int_equal(f->eois[40], 2);
    assert_int_equal(vgic_inject_sampled(&f->vgic, 0, VGIC_IRQ_COUNT), RESULT_RANGE);
}

static void samples_nothing_else_again(void **state)
{
    (void)state;
    struct fixture *f = fixture_booted(VGIC_V2, 1);
    set_edge(f, 0, 40, true);
    inject_sampled(f, 40); /* an edge leaves nothing to look at */
    enable(f, 0, 40);
    assert_true(in_lr(0, 40));
    inject(f, 0, 41); /* the VMM's own */
    enable(f, 0, 41);
    assert_true(in_lr(0, 41));
    inject_sampled(f, 42);
    write_bit(f, 0, GICD_ISPENDR, 42); /* the guest's own */
    enable(f, 0, 42);
    assert_true(in_lr(0, 42));
    inject_sampled(f, 43); /* before and after the VMM's own */
    inject(f, 0, 43);
    inject_sampled(f, 43);
    enable(f, 0, 43);
    assert_true(in_lr(0, 43));
    assert_int_equal(f->eoi_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_refuses),
        cmocka_unit_test(arguments_out_of_range),
        cmocka_unit_test(regions),
        cmocka_unit_test(pending_is_a_latch),
        cmocka_unit_test(each_group_has_its_enable),
        cmocka_unit_test(repeated_edges),
        cmocka_unit_test(level_comes_again_while_high),
        cmocka_unit_test(level_that_falls_in_time_is_not_pending),
        cmocka_unit_test(edge_latches_when_the_input_rises),
        cmocka_unit_test(ack_functions_may_raise_and_lower),
        cmocka_unit_test(withdrawing_what_waits),
        cmocka_unit_test(software_sets_pending_and_active),
        cmocka_unit_test(kicks_whoever_gets_something),
        cmocka_unit_test(off_vcpus_take_nothing),
        cmocka_unit_test(reset_forgets),
        cmocka_unit_test(ack_functions_may_raise_in_a_reset),
        cmocka_unit_test(what_an_off_vcpu_held_goes_to_others),
        cmocka_unit_test(what_an_off_vcpu_serves_stays),
        cmocka_unit_test(falls_when_asked),
        cmocka_unit_test(what_falls_makes_room),
        cmocka_unit_test(samples_levels_again_when_enabled),
        cmocka_unit_test(samples_nothing_else_again),
        cmocka_unit_test(says_what_is_wrong_with_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
