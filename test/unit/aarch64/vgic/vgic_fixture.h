/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A vGIC on the fake Microkit, with what its operations were called for, and a guest's accesses to it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aarch64/vgic/vgic.h"
#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_lr.h"
#include "aarch64/vgic/vgic_regs.h"
#include "aarch64/vgic/vgic_sgi.h"
#include "aarch64/vgic/vgic_v2.h"
#include "aarch64/vgic/vgic_v3.h"
#include "fake_microkit.h"

#define DIST   0x8000000u
#define REDIST 0x80a0000u

struct fixture {
    struct vgic vgic;
    struct mmio_bus bus;
    unsigned eoi_count;
    size_t eoi_vcpu;
    uint32_t eoi_irq;
    unsigned eois[VGIC_IRQ_COUNT];
    unsigned kicks[VM_VCPU_COUNT_MAX];
    unsigned samples;
    uint32_t fallen_irq;                                             /* what is to fall when asked */
    void (*at_eoi)(struct fixture *f, size_t vcpu_id, uint32_t irq); /* what an ack function might do */
};

static void fixture_eoi(void *ctx, size_t vcpu_id, uint32_t irq)
{
    struct fixture *f = ctx;
    f->eoi_count++;
    f->eoi_vcpu = vcpu_id;
    f->eoi_irq = irq;
    f->eois[irq]++;
    if (f->at_eoi != NULL) {
        f->at_eoi(f, vcpu_id, irq);
    }
}

static void fixture_kick(void *ctx, size_t vcpu_id)
{
    struct fixture *f = ctx;
    f->kicks[vcpu_id]++;
}

static void fixture_sample(void *ctx, size_t vcpu_id)
{
    struct fixture *f = ctx;
    f->samples++;
    if (f->fallen_irq != 0) {
        vgic_fall(&f->vgic, vcpu_id, f->fallen_irq);
    }
}

static const struct vgic_ops fixture_ops = {.eoi = fixture_eoi, .kick = fixture_kick, .sample = fixture_sample};

static inline struct vgic_config fixture_config(enum vgic_version version, size_t vcpu_count)
{
    return (struct vgic_config){
        .version = version,
        .dist_base = gpa(DIST),
        .dist_size_bytes = 0x10000,
        .redist_base = gpa(REDIST),
        .redist_size_bytes = vcpu_count * 0x20000,
        .cpu_base = gpa(DIST + 0x10000),
        .cpu_size_bytes = 0x10000,
    };
}

/* A vGIC as it is after a reset. */
static inline struct fixture *fixture_new(enum vgic_version version, size_t vcpu_count)
{
    static struct fixture f;
    fake_microkit_reset();
    memset(&f, 0, sizeof f);
    const struct vgic_config config = fixture_config(version, vcpu_count);
    assert_int_equal(vgic_init(&f.vgic, &config, vcpu_count, &fixture_ops, &f), RESULT_OK);
    struct mmio_region regions[VGIC_REGION_COUNT_MAX];
    const size_t region_count = vgic_regions(&config, vcpu_count, &f.vgic, regions);
    for (size_t i = 0; i < region_count; i++) {
        assert_int_equal(mmio_add(&f.bus, &regions[i]), RESULT_OK);
    }
    for (size_t id = 0; id < vcpu_count; id++) {
        vgic_set_vcpu_on(&f.vgic, id, true);
    }
    return &f;
}

static inline enum mmio_result fixture_access(struct fixture *f, uint32_t vcpu_id, uint64_t at, uint8_t width,
                                              bool is_write, uint64_t *value)
{
    struct mmio_access access = {.vcpu_id = vcpu_id, .width_bytes = width, .is_write = is_write, .value = *value};
    const enum mmio_result result = mmio_dispatch(&f->bus, gpa(at), &access);
    *value = access.value;
    return result;
}

static inline uint64_t read_width(struct fixture *f, uint32_t vcpu_id, uint64_t at, uint8_t width)
{
    uint64_t value = 0x5555555555555555u;
    assert_int_equal(fixture_access(f, vcpu_id, at, width, false, &value), MMIO_HANDLED);
    return value;
}

static inline void write_width(struct fixture *f, uint32_t vcpu_id, uint64_t at, uint8_t width, uint64_t value)
{
    assert_int_equal(fixture_access(f, vcpu_id, at, width, true, &value), MMIO_HANDLED);
}

static inline uint32_t read32(struct fixture *f, uint32_t vcpu_id, uint64_t at)
{
    return (uint32_t)read_width(f, vcpu_id, at, 4);
}

static inline void write32(struct fixture *f, uint32_t vcpu_id, uint64_t at, uint32_t value)
{
    write_width(f, vcpu_id, at, 4, value);
}

/* Where the registers of an interrupt are, for a vCPU: the Distributor, or the vCPU's SGI_base. */
static inline uint64_t frame_of(const struct fixture *f, uint32_t vcpu_id, uint32_t irq)
{
    const bool in_redist = f->vgic.config.version == VGIC_V3 && irq < VGIC_PRIVATE_COUNT;
    return in_redist ? REDIST + vcpu_id * 0x20000ull + 0x10000 : DIST;
}

/* Writes an interrupt's bit in a bank of one bit an interrupt. */
static inline void write_bit(struct fixture *f, uint32_t vcpu_id, uint32_t bank, uint32_t irq)
{
    write32(f, vcpu_id, frame_of(f, vcpu_id, irq) + bank + irq / 32 * 4, UINT32_C(1) << (irq % 32));
}

static inline bool read_bit(struct fixture *f, uint32_t vcpu_id, uint32_t bank, uint32_t irq)
{
    return (read32(f, vcpu_id, frame_of(f, vcpu_id, irq) + bank + irq / 32 * 4) >> (irq % 32) & 1) != 0;
}

static inline void set_priority(struct fixture *f, uint32_t vcpu_id, uint32_t irq, uint8_t priority)
{
    write_width(f, vcpu_id, frame_of(f, vcpu_id, irq) + GICD_IPRIORITYR + irq, 1, priority);
}

static inline void set_edge(struct fixture *f, uint32_t vcpu_id, uint32_t irq, bool edge)
{
    const uint64_t at = frame_of(f, vcpu_id, irq) + GICD_ICFGR + irq / 16 * 4;
    const uint32_t bit = UINT32_C(2) << (2 * (irq % 16));
    const uint32_t old = read32(f, vcpu_id, at);
    write32(f, vcpu_id, at, edge ? old | bit : old & ~bit);
}

static inline void set_group1(struct fixture *f, uint32_t vcpu_id, uint32_t irq)
{
    const uint64_t at = frame_of(f, vcpu_id, irq) + GICD_IGROUPR + irq / 32 * 4;
    write32(f, vcpu_id, at, read32(f, vcpu_id, at) | UINT32_C(1) << (irq % 32));
}

/* What a guest does before it uses interrupts: both groups on. Redistributors are awake. */
static inline void boot_guest(struct fixture *f)
{
    write32(f, 0, DIST + GICD_CTLR, 3);
}

static inline struct fixture *fixture_booted(enum vgic_version version, size_t vcpu_count)
{
    struct fixture *f = fixture_new(version, vcpu_count);
    boot_guest(f);
    return f;
}

static inline void enable(struct fixture *f, uint32_t vcpu_id, uint32_t irq)
{
    write_bit(f, vcpu_id, GICD_ISENABLER, irq);
}

static inline void inject(struct fixture *f, size_t vcpu_id, uint32_t irq)
{
    assert_int_equal(vgic_inject(&f->vgic, vcpu_id, irq), RESULT_OK);
}

static inline void set_level(struct fixture *f, size_t vcpu_id, uint32_t irq, bool high)
{
    assert_int_equal(vgic_set_level(&f->vgic, vcpu_id, irq, high), RESULT_OK);
}

/* The guest takes and ends an interrupt, and the VMM hears of it. */
static inline void end(struct fixture *f, size_t vcpu_id, uint32_t irq)
{
    (void)fake_eoi_irq(vcpu_id, (uint16_t)irq);
    vgic_maintenance(&f->vgic, vcpu_id, (int)fake.mrs[seL4_VGICMaintenance_IDX]);
}

static inline bool in_lr(size_t vcpu_id, uint32_t irq)
{
    return fake_lr_of(vcpu_id, (uint16_t)irq) >= 0;
}

#define FOR_BOTH(version)                                                                                              \
    for (enum vgic_version version = VGIC_V2; version <= VGIC_V3; version = (enum vgic_version)(version + 1))
