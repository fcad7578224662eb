/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The vGIC against a model that is slow and obviously right: an array of interrupts for each vCPU, each with its
 * properties, no bitmaps, everything looked for by looking at everything. Random operations on both; after each, list
 * registers, with priority and group, and what the registers say must agree. Both versions, one to eight vCPUs, one to
 * five list registers, on a kernel that lets a pending one be written again and on one that does not.
 *
 * LIBVMM_MODEL_STEPS in the environment sets the number of operations.
 */
#include <stdlib.h>

#include "vgic_fixture.h"

#define STEP_COUNT_DEFAULT 2000000
#define ROUND_STEP_COUNT   2000 /* then a new machine */
#define VCPU_COUNT         8

struct model_irq {
    bool enabled, latched, line, edge, group1, active, in_lr;
    bool sampled; /* the line is high by vgic_inject_sampled */
    uint8_t priority;
    uint8_t sources; /* GICv2 SGIs */
};

/* What the hardware holds. */
struct model_lr {
    uint32_t irq;
    uint8_t priority; /* five bits */
    bool group1;
    bool taken; /* in service; otherwise pending */
};

struct model {
    enum vgic_version version;
    uint32_t vcpu_count;
    uint32_t lr_count;
    bool group_enabled[2];
    bool on[VCPU_COUNT];
    bool asleep[VCPU_COUNT];
    struct model_irq private_irqs[VCPU_COUNT][VGIC_PRIVATE_COUNT];
    struct model_irq shared_irqs[VGIC_IRQ_COUNT];
    uint32_t route[VGIC_IRQ_COUNT];
    bool rewritable;                    /* the kernel lets a pending list register be written again */
    struct model_lr lrs[VCPU_COUNT][8]; /* in no order; the first lr_used are valid */
    uint32_t lr_used[VCPU_COUNT];
    unsigned eoi_count;
};

static struct model model;
static uint64_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static uint32_t any_bits(void)
{
    return any(1 << 16) << 16 | any(1 << 16);
}

/* Few bits, mostly. */
static uint32_t any_mask(void)
{
    return any(4) == 0 ? any_bits() : UINT32_C(1) << any(32);
}

/* Of three words, the last among them. */
static uint32_t any_word(void)
{
    return (const uint32_t[]){0, 1, 31}[any(3)];
}

/* All interrupts that are ever touched, one after another; VGIC_IRQ_COUNT behind the last. */
static uint32_t next_irq(uint32_t irq)
{
    return irq == 63 ? 31 * 32 : irq + 1;
}

static uint32_t any_irq(void)
{
    const uint32_t irq = any_word() * 32 + any(32);
    return irq < VGIC_IRQ_COUNT ? irq : VGIC_IRQ_COUNT - 1;
}

static struct model_irq *irq_at(uint32_t vcpu_id, uint32_t irq)
{
    return irq < VGIC_PRIVATE_COUNT ? &model.private_irqs[vcpu_id][irq] : &model.shared_irqs[irq];
}

static void model_reset(void)
{
    memset(model.private_irqs, 0, sizeof model.private_irqs);
    memset(model.shared_irqs, 0, sizeof model.shared_irqs);
    memset(model.route, 0, sizeof model.route);
    memset(model.lr_used, 0, sizeof model.lr_used);
    model.group_enabled[0] = model.group_enabled[1] = false;
    for (uint32_t id = 0; id < VCPU_COUNT; id++) {
        model.asleep[id] = false;
        for (uint32_t irq = 0; irq < VGIC_SGI_COUNT; irq++) {
            model.private_irqs[id][irq].edge = true;
            model.private_irqs[id][irq].enabled = model.version == VGIC_V2;
        }
    }
}

/* The lowest-numbered vCPU of a set that is on, or else the lowest of all. */
static bool is_choice(uint32_t set, uint32_t vcpu_id)
{
    for (uint32_t id = 0; id < model.vcpu_count; id++) {
        if ((set >> id & 1) != 0 && model.on[id]) {
            return id == vcpu_id;
        }
    }
    return set != 0 && (uint32_t)__builtin_ctz(set) == vcpu_id;
}

static bool goes_to(uint32_t vcpu_id, uint32_t irq)
{
    const uint32_t all = (1u << model.vcpu_count) - 1;
    if (irq < VGIC_PRIVATE_COUNT) {
        return true;
    }
    if (model.version == VGIC_V2) {
        return model.vcpu_count == 1 || is_choice(model.route[irq], vcpu_id);
    }
    return model.route[irq] >> 31 != 0 ? is_choice(all, vcpu_id) : model.route[irq] == vcpu_id;
}

static bool is_ready(uint32_t vcpu_id, uint32_t irq)
{
    const struct model_irq *i = irq_at(vcpu_id, irq);
    const bool pending = i->latched || ((i->line || i->sampled) && !i->edge);
    return pending && i->enabled && model.group_enabled[i->group1] && !i->active && !i->in_lr && goes_to(vcpu_id, irq);
}

/* The most urgent ready interrupt of a vCPU, or VGIC_IRQ_COUNT. */
static uint32_t most_urgent(uint32_t vcpu_id)
{
    uint32_t best = VGIC_IRQ_COUNT;
    for (uint32_t irq = 0; irq < VGIC_IRQ_COUNT; irq = next_irq(irq)) {
        if (is_ready(vcpu_id, irq) &&
            (best == VGIC_IRQ_COUNT || irq_at(vcpu_id, irq)->priority < irq_at(vcpu_id, best)->priority)) {
            best = irq;
        }
    }
    return best;
}

static void model_deliver(void)
{
    for (uint32_t id = 0; id < model.vcpu_count; id++) {
        uint32_t irq;
        while (model.on[id] && !model.asleep[id] && model.lr_used[id] < model.lr_count &&
               (irq = most_urgent(id)) < VGIC_IRQ_COUNT) {
            struct model_irq *i = irq_at(id, irq);
            i->in_lr = true;
            i->sampled = false;
            i->sources &= (uint8_t)(i->sources - 1);
            i->latched = i->sources != 0;
            model.lrs[id][model.lr_used[id]++] =
                (struct model_lr){.irq = irq, .priority = i->priority >> 3, .group1 = i->group1};
        }
    }
}

/* An interrupt that is pending in a list register is raised again: is it one? Then it has its present properties. */
static bool is_absorbed(uint32_t vcpu_id, uint32_t irq)
{
    for (uint32_t id = 0; id < model.vcpu_count; id++) {
        for (uint32_t at = 0; at < model.lr_used[id]; at++) {
            struct model_lr *lr = &model.lrs[id][at];
            if (lr->irq == irq && (irq >= VGIC_PRIVATE_COUNT || id == vcpu_id)) {
                const struct model_irq *i = irq_at(id, irq);
                const bool is = model.rewritable && !lr->taken;
                lr->priority = is ? i->priority >> 3 : lr->priority;
                lr->group1 = is ? i->group1 : lr->group1;
                return is;
            }
        }
    }
    return false;
}

/* On a GICv2 with several vCPUs, each source's SGI is an interrupt of its own. */
static void model_sgi(uint32_t vcpu_id, uint32_t irq, uint32_t source)
{
    const bool is_one = model.version == VGIC_V3 || model.vcpu_count == 1;
    if (!is_one || !is_absorbed(vcpu_id, irq)) {
        irq_at(vcpu_id, irq)->latched = true;
        irq_at(vcpu_id, irq)->sources |= (uint8_t)(model.version == VGIC_V2 ? 1u << source : 0);
    }
}

/* Operations: each on the real one and on the model. */

static void op_inject(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_irq();
    struct model_irq *i = irq_at(vcpu_id, irq);
    inject(f, vcpu_id, irq);
    if (irq < VGIC_SGI_COUNT) {
        model_sgi(vcpu_id, irq, vcpu_id);
    } else if (!is_absorbed(vcpu_id, irq)) {
        i->latched = true;
    }
}

static void op_level(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_irq();
    const bool high = any(2) != 0;
    if (irq < VGIC_SGI_COUNT) {
        return;
    }
    struct model_irq *i = irq_at(vcpu_id, irq);
    set_level(f, vcpu_id, irq, high);
    i->latched |= high && !i->line && i->edge;
    i->line = high;
}

static void op_sampled(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_irq();
    if (irq >= VGIC_SGI_COUNT) {
        struct model_irq *i = irq_at(vcpu_id, irq);
        assert_int_equal(vgic_inject_sampled(&f->vgic, vcpu_id, irq), RESULT_OK);
        /* One that is offered at once is in its list register. */
        i->latched |= !i->sampled && i->edge;
        i->sampled = true;
    }
}

static void drop_sampled(struct model_irq *i)
{
    i->sampled = false;
}

/* Takes list register `at` of a vCPU back if it is pending and the kernel lets it be written again. */
static bool take_back(uint32_t vcpu_id, uint32_t at)
{
    struct model_lr *lr = &model.lrs[vcpu_id][at];
    if (!model.rewritable || lr->taken) {
        return false;
    }
    irq_at(vcpu_id, lr->irq)->in_lr = false;
    *lr = model.lrs[vcpu_id][--model.lr_used[vcpu_id]];
    return true;
}

static void op_fall(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_word() * 32 + any(32);
    vgic_fall(&f->vgic, vcpu_id, irq);
    if (irq >= VGIC_IRQ_COUNT) {
        return;
    }
    drop_sampled(irq_at(vcpu_id, irq));
    for (uint32_t at = 0; at < model.lr_used[vcpu_id]; at++) {
        if (model.lrs[vcpu_id][at].irq == irq && !irq_at(vcpu_id, irq)->edge && take_back(vcpu_id, at)) {
            return;
        }
    }
}

static void op_off_for_good(struct fixture *f, uint32_t vcpu_id)
{
    model.on[vcpu_id] = false;
    vgic_set_vcpu_on(&f->vgic, vcpu_id, false);
    model_deliver();
    vgic_take_back(&f->vgic, vcpu_id);
    for (uint32_t at = model.lr_used[vcpu_id]; at-- > 0;) {
        const uint32_t irq = model.lrs[vcpu_id][at].irq;
        if (take_back(vcpu_id, at)) {
            struct model_irq *i = irq_at(vcpu_id, irq);
            i->latched |= !(i->line || i->sampled) || i->edge;
            i->sources |= (uint8_t)(model.version == VGIC_V2 && irq < VGIC_SGI_COUNT ? i->sources + 1 : 0);
        }
    }
}

static void op_end(struct fixture *f, uint32_t vcpu_id)
{
    if (model.lr_used[vcpu_id] == 0) {
        vgic_maintenance(&f->vgic, vcpu_id, any(2) != 0 ? -1 : (int)any_bits());
        return;
    }
    const uint32_t at = any(model.lr_used[vcpu_id]);
    const uint32_t irq = model.lrs[vcpu_id][at].irq;
    end(f, vcpu_id, irq);
    model.lrs[vcpu_id][at] = model.lrs[vcpu_id][--model.lr_used[vcpu_id]];
    irq_at(vcpu_id, irq)->in_lr = false;
    drop_sampled(irq_at(vcpu_id, irq));
    model.eoi_count++;
}

/* The guest takes an interrupt: it is in service. */
static void op_take(struct fixture *f, uint32_t vcpu_id)
{
    (void)f;
    if (model.lr_used[vcpu_id] != 0) {
        struct model_lr *lr = &model.lrs[vcpu_id][any(model.lr_used[vcpu_id])];
        lr->taken = true;
        fake.vcpus[vcpu_id].lrs[fake_lr_of(vcpu_id, (uint16_t)lr->irq)].taken = true;
    }
}

/* What a write of a 1 does to an interrupt in each of the banks of one bit. */
static void apply_bit(uint32_t vcpu_id, uint32_t irq, uint32_t bank)
{
    const bool is_fixed_sgi = model.version == VGIC_V2 && irq < VGIC_SGI_COUNT;
    struct model_irq *i = irq_at(vcpu_id, irq);
    switch (bank) {
    case GICD_ISENABLER:
        if (!i->enabled && i->sampled && !i->edge && !i->latched && !i->in_lr) {
            drop_sampled(i);
            model.eoi_count++;
        }
        i->enabled = true;
        break;
    case GICD_ICENABLER:
        i->enabled = is_fixed_sgi && i->enabled;
        break;
    case GICD_ISPENDR:
        i->latched |= !is_fixed_sgi && !is_absorbed(vcpu_id, irq);
        break;
    case GICD_ICPENDR:
        model.eoi_count += !is_fixed_sgi && (i->latched || i->sampled) && !i->in_lr;
        i->latched = is_fixed_sgi && i->latched;
        if (!i->in_lr) {
            drop_sampled(i);
        }
        break;
    case GICD_ISACTIVER:
        i->active |= !i->in_lr;
        break;
    case GICD_ICACTIVER:
        i->active = false;
        break;
    }
}

static void op_bank(struct fixture *f, uint32_t vcpu_id)
{
    static const uint32_t banks[] = {GICD_ISENABLER, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                     GICD_ICPENDR,   GICD_ISACTIVER, GICD_ICACTIVER};
    const uint32_t bank = banks[any(sizeof banks / sizeof banks[0])];
    const uint32_t word = any_word();
    const uint32_t mask = any_mask();
    write32(f, vcpu_id, frame_of(f, vcpu_id, word * 32) + bank + word * 4, mask);
    for (uint32_t bit = 0; bit < 32 && word * 32 + bit < VGIC_IRQ_COUNT; bit++) {
        if ((mask >> bit & 1) != 0) {
            apply_bit(vcpu_id, word * 32 + bit, bank);
        }
    }
}

static void op_group(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t word = any_word();
    const uint32_t mask = any_mask();
    write32(f, vcpu_id, frame_of(f, vcpu_id, word * 32) + GICD_IGROUPR + word * 4, mask);
    for (uint32_t bit = 0; bit < 32 && word * 32 + bit < VGIC_IRQ_COUNT; bit++) {
        irq_at(vcpu_id, word * 32 + bit)->group1 = (mask >> bit & 1) != 0;
    }
}

static void op_config(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_irq();
    const bool edge = any(2) != 0;
    set_edge(f, vcpu_id, irq, edge);
    irq_at(vcpu_id, irq)->edge = irq < VGIC_SGI_COUNT || edge;
}

static void op_priority(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_irq();
    const uint8_t priority = (uint8_t)any(256);
    set_priority(f, vcpu_id, irq, priority);
    irq_at(vcpu_id, irq)->priority = priority & 0xf8;
}

static void op_route(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any_irq();
    if (irq < VGIC_PRIVATE_COUNT) {
        return;
    }
    if (model.version == VGIC_V2) {
        const uint8_t targets = (uint8_t)any(256);
        write_width(f, vcpu_id, DIST + GICD_ITARGETSR + irq, 1, targets);
        model.route[irq] = targets & ((1u << model.vcpu_count) - 1);
    } else {
        const uint32_t route = any(4) == 0 ? 0x80000000 : any(VCPU_COUNT + 1);
        write_width(f, vcpu_id, DIST + GICD_IROUTER + 8 * irq, 8, route);
        model.route[irq] = route;
    }
}

static void op_sgi(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any(VGIC_SGI_COUNT);
    const uint32_t targets = any(256);
    const bool others = any(2) != 0;
    if (model.version == VGIC_V2) {
        write32(f, vcpu_id, DIST + GICD_SGIR, (others ? 1u << 24 : 0) | targets << 16 | irq);
    } else {
        const uint64_t value = (uint64_t)irq << 24 | (others ? 1ull << 40 : targets);
        assert_int_equal(vgic_sgi_sysreg(&f->vgic, vcpu_id, VGIC_SGI_REG_SGI1R, value), MMIO_HANDLED);
    }
    for (uint32_t id = 0; id < model.vcpu_count; id++) {
        if (others ? id != vcpu_id : (targets >> id & 1) != 0) {
            model_sgi(id, irq, vcpu_id);
        }
    }
}

static void op_sgi_pending(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t irq = any(VGIC_SGI_COUNT);
    const uint8_t sources = (uint8_t)any(256);
    const bool set = any(2) != 0;
    if (model.version != VGIC_V2) {
        return;
    }
    write_width(f, vcpu_id, DIST + (set ? GICD_SPENDSGIR : GICD_CPENDSGIR) + irq, 1, sources);
    struct model_irq *i = irq_at(vcpu_id, irq);
    const uint8_t existing = (uint8_t)((1u << model.vcpu_count) - 1);
    i->sources = (uint8_t)(set ? i->sources | (sources & existing) : i->sources & ~sources);
    i->latched = i->sources != 0;
}

static void op_control(struct fixture *f, uint32_t vcpu_id)
{
    const uint32_t enables = any(4) | (any(4) != 0 ? 3 : 0);
    write32(f, vcpu_id, DIST + GICD_CTLR, enables);
    model.group_enabled[0] = (enables & 1) != 0;
    model.group_enabled[1] = (enables & 2) != 0;
}

static void op_power(struct fixture *f, uint32_t vcpu_id)
{
    model.on[vcpu_id] = any(3) != 0;
    vgic_set_vcpu_on(&f->vgic, vcpu_id, model.on[vcpu_id]);
}

static void op_waker(struct fixture *f, uint32_t vcpu_id)
{
    if (model.version == VGIC_V3) {
        model.asleep[vcpu_id] = any(3) == 0;
        write32(f, 0, REDIST + vcpu_id * 0x20000u + GICR_WAKER, model.asleep[vcpu_id] ? 2 : 0);
    }
}

/* With a kernel that clears list registers along with the vCPU. */
static void op_reset(struct fixture *f, uint32_t vcpu_id)
{
    (void)vcpu_id;
    if (any(50) != 0) {
        return;
    }
    for (uint32_t irq = 0; irq < VGIC_IRQ_COUNT; irq++) {
        for (uint32_t id = 0; id < (irq < VGIC_PRIVATE_COUNT ? model.vcpu_count : 1); id++) {
            const struct model_irq *i = irq_at(id, irq);
            model.eoi_count += i->latched || i->in_lr || i->sampled;
        }
    }
    vgic_reset(&f->vgic);
    for (uint32_t id = 0; id < model.vcpu_count; id++) {
        memset(fake.vcpus[id].lrs, 0, sizeof fake.vcpus[id].lrs);
    }
    model_reset();
}

typedef void (*op_t)(struct fixture *f, uint32_t vcpu_id);

static const op_t ops[] = {
    op_inject,  op_inject, op_inject, op_level, op_level,   op_end,      op_end,          op_end, op_take,
    op_bank,    op_bank,   op_bank,   op_group, op_config,  op_priority, op_route,        op_sgi, op_sgi_pending,
    op_control, op_power,  op_waker,  op_reset, op_sampled, op_fall,     op_off_for_good,
};

/* What has been taken back stays in the hardware, where nothing lets it through. */
static unsigned count_taken_back(uint32_t vcpu_id)
{
    unsigned count = 0;
    for (uint32_t index = 0; index < fake.lr_count; index++) {
        const struct fake_lr *lr = &fake.vcpus[vcpu_id].lrs[index];
        bool is_in_model = false;
        for (uint32_t at = 0; at < model.lr_used[vcpu_id]; at++) {
            is_in_model |= model.lrs[vcpu_id][at].irq == lr->virq;
        }
        count += lr->used && !is_in_model && lr->priority == 31 && !lr->taken;
    }
    return count;
}

static void compare_list_registers(uint32_t vcpu_id)
{
    assert_int_equal(fake_lr_used(vcpu_id), model.lr_used[vcpu_id] + count_taken_back(vcpu_id));
    assert_true(model.rewritable || count_taken_back(vcpu_id) == 0);
    for (uint32_t at = 0; at < model.lr_used[vcpu_id]; at++) {
        const struct model_lr *wanted = &model.lrs[vcpu_id][at];
        const int index = fake_lr_of(vcpu_id, (uint16_t)wanted->irq);
        assert_true(index >= 0);
        assert_int_equal(fake.vcpus[vcpu_id].lrs[index].priority, wanted->priority);
        assert_int_equal(fake.vcpus[vcpu_id].lrs[index].group, wanted->group1);
        assert_int_equal(fake.vcpus[vcpu_id].lrs[index].taken, wanted->taken);
    }
}

static void compare_route(struct fixture *f, uint32_t vcpu_id, uint32_t irq)
{
    if (model.version == VGIC_V3) {
        const uint64_t wanted = irq < VGIC_PRIVATE_COUNT ? 0 : model.route[irq];
        assert_int_equal(read_width(f, vcpu_id, DIST + GICD_IROUTER + 8 * irq, 8), wanted);
    } else {
        const uint64_t wanted = irq < VGIC_PRIVATE_COUNT ? 1u << vcpu_id : model.route[irq];
        assert_int_equal(read_width(f, vcpu_id, DIST + GICD_ITARGETSR + irq, 1), model.vcpu_count == 1 ? 0 : wanted);
    }
}

static void compare_registers(struct fixture *f, uint32_t vcpu_id, uint32_t irq)
{
    const struct model_irq *i = irq_at(vcpu_id, irq);
    assert_int_equal(read_bit(f, vcpu_id, GICD_ISENABLER, irq), i->enabled);
    assert_int_equal(read_bit(f, vcpu_id, GICD_IGROUPR, irq), i->group1);
    assert_int_equal(read_bit(f, vcpu_id, GICD_ISPENDR, irq),
                     i->latched || ((i->line || i->sampled) && !i->edge) || i->in_lr);
    assert_int_equal(read_bit(f, vcpu_id, GICD_ISACTIVER, irq), i->active || i->in_lr);
    assert_int_equal(read_width(f, vcpu_id, frame_of(f, vcpu_id, irq) + GICD_IPRIORITYR + irq, 1), i->priority);
    const uint32_t config = read32(f, vcpu_id, frame_of(f, vcpu_id, irq) + GICD_ICFGR + irq / 16 * 4);
    assert_int_equal(config >> (2 * (irq % 16)) & 3, i->edge ? 2 : 0);
    compare_route(f, vcpu_id, irq);
    if (model.version == VGIC_V2 && irq < VGIC_SGI_COUNT) {
        assert_int_equal(read_width(f, vcpu_id, DIST + GICD_SPENDSGIR + irq, 1), i->sources);
    }
}

static void compare(struct fixture *f)
{
    for (uint32_t id = 0; id < model.vcpu_count; id++) {
        compare_list_registers(id);
        const bool is_ready_for_it = most_urgent(id) < VGIC_IRQ_COUNT && !model.asleep[id];
        const bool deliverable = model.lr_used[id] != 0 || is_ready_for_it;
        assert_int_equal(vgic_is_deliverable(&f->vgic, id), deliverable);
        compare_registers(f, id, any_irq());
    }
    assert_int_equal(f->eoi_count, model.eoi_count);
}

static struct fixture *new_machine(void)
{
    memset(&model, 0, sizeof model);
    model.version = any(2) != 0 ? VGIC_V2 : VGIC_V3;
    model.vcpu_count = 1 + any(VCPU_COUNT);
    model.lr_count = 1 + any(5);
    model_reset();
    memset(model.on, 1, sizeof model.on);
    struct fixture *f = fixture_new(model.version, model.vcpu_count);
    fake.lr_count = model.lr_count;
    model.rewritable = any(2) != 0;
    fake.lr_pending_yields = model.rewritable;
    return f;
}

static void agrees_with_the_model(void **state)
{
    (void)state;
    const char *wanted = getenv("LIBVMM_MODEL_STEPS");
    const unsigned long step_count = wanted != NULL ? strtoul(wanted, NULL, 0) : STEP_COUNT_DEFAULT;
    struct fixture *f = NULL;
    for (unsigned long step = 0; step < step_count; step++) {
        if (step % ROUND_STEP_COUNT == 0) {
            seed = step;
            f = new_machine();
        }
        ops[any(sizeof ops / sizeof ops[0])](f, any(model.vcpu_count));
        model_deliver();
        compare(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
