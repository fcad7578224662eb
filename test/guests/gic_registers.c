/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The registers of Distributor and Redistributor as registers: what reads back, at every permitted width, what is
 * read-only, reserved or identifies [GICv2 4.3] [GICv3 12.9, 12.11]. Delivery is off; the machine is as it was reset.
 */
#include "harness/gic.h"
#include "harness/harness.h"

#define SGI_BITS 0x0000ffff
#define ALL_BITS 0xffffffff

#define TYPER_IT_LINES(value)   ((value)&0x1f)
#define TYPER_CPU_NUMBER(value) ((value) >> 5 & 7)
#define TYPER_ID_BITS(value)    ((value) >> 19 & 0x1f)
#define IROUTER_IRM             BIT(31)

/* Interrupts of the machine, 32 to a word; in the last word of 32 four are none. */
static uint32_t word_count;

static uint32_t implemented(uint32_t word)
{
    return word == 31 ? 0x0fffffff : ALL_BITS;
}

static uintptr_t word_at(uint32_t reg, uint32_t word)
{
    return gic_bank(word * 32) + reg + word * 4;
}

/* A register that keeps what is written to it, of the bits in `mask`; afterwards it is as it was. */
static void check_plain(const char *name, uintptr_t at, uint32_t mask)
{
    static const uint32_t patterns[] = {ALL_BITS, 0, 0x5a5aa5a5, 0xa5a55a5a};
    const uint32_t before = read32(at);
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        write32(at, patterns[i]);
        check_each(name, at, read32(at) & mask, patterns[i] & mask);
        check_each(name, at, read32(at) & ~mask, before & ~mask);
    }
    write32(at, before);
}

/* A pair of registers that set and clear, of which both read alike. Bits outside of `mask` do not change. */
static void check_set_clear(const char *name, uintptr_t set, uintptr_t clear, uint32_t mask)
{
    const uint32_t before = read32(set);
    write32(set, ALL_BITS);
    check_each(name, set, read32(set), before | mask);
    check_each(name, clear, read32(clear), before | mask);
    write32(set, 0);
    check_each(name, set, read32(set), before | mask);
    write32(clear, 0x0f0f0f0f & mask);
    check_each(name, clear, read32(clear), (before | mask) & ~(0x0f0f0f0f & mask));
    check_each(name, set, read32(set), (before | mask) & ~(0x0f0f0f0f & mask));
    write32(clear, 0);
    write32(clear, ALL_BITS);
    check_each(name, clear, read32(clear), before & ~mask);
    write32(set, before);
}

static void check_bit_banks(void)
{
    static const struct {
        const char *name;
        uint32_t set;
        uint32_t clear;
        bool sgis_fixed_v2;
    } banks[] = {
        {"enable", GICD_ISENABLER, GICD_ICENABLER, true},
        {"pending", GICD_ISPENDR, GICD_ICPENDR, true},
        {"active", GICD_ISACTIVER, GICD_ICACTIVER, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(banks); i++) {
        for (uint32_t word = 0; word < word_count; word++) {
            const uint32_t fixed = word == 0 && banks[i].sgis_fixed_v2 && !gic_is_v3() ? SGI_BITS : 0;
            check_set_clear(banks[i].name, word_at(banks[i].set, word), word_at(banks[i].clear, word),
                            implemented(word) & ~fixed);
        }
        check_all(banks[i].name);
    }
}

static void check_groups(void)
{
    for (uint32_t word = 0; word < word_count; word++) {
        check_plain("group", word_at(GICD_IGROUPR, word), implemented(word));
    }
    check_all("group");
}

/* At least four bits of priority, the upper ones, alike for all interrupts [GICv2 3.3] [GICv3 4.8]. */
static void check_priorities(void)
{
    write8(gic_bank(32) + GICD_IPRIORITYR + 32, 0xff);
    const uint32_t mask = read8(gic_bank(32) + GICD_IPRIORITYR + 32);
    check("priority: at least the upper four bits", (mask & 0xf0) == 0xf0);
    for (uint32_t irq = 0; irq < word_count * 32 && irq < GIC_INTID_COUNT; irq++) {
        const uintptr_t at = gic_bank(irq) + GICD_IPRIORITYR + irq;
        write8(at, 0xff);
        check_each("priority by bytes", at, read8(at), mask);
        write8(at, irq & 0xf0);
        check_each("priority by bytes", at, read8(at), irq & 0xf0);
    }
    check_all("priority by bytes");
    for (uint32_t irq = 0; irq < word_count * 32 && irq < GIC_INTID_COUNT; irq += 4) {
        const uintptr_t at = gic_bank(irq) + GICD_IPRIORITYR + irq;
        check_each("priority by words", at, read32(at), (irq & 0xf0) * 0x01010101);
        write32(at, 0x40302010);
        check_each("priority by words", at, read8(at + 2), 0x30);
        check_each("priority by words", at, read32(at), 0x40302010);
        write32(at, 0);
    }
    check_all("priority by words");
}

/* SGIs are edge-triggered; SPIs choose; the lower bit of each pair is reserved or says 1-N [GICv2 4.3.13]. */
static void check_configuration(void)
{
    const uintptr_t sgis = gic_bank(0) + GICD_ICFGR;
    check_equal("configuration of SGIs", read32(sgis) & 0xaaaaaaaa, 0xaaaaaaaa);
    write32(sgis, 0);
    check_equal("configuration of SGIs is fixed", read32(sgis) & 0xaaaaaaaa, 0xaaaaaaaa);
    for (uint32_t irq = 32; irq < word_count * 32; irq += 16) {
        check_plain("configuration of SPIs", gic_bank(irq) + GICD_ICFGR + irq / 16 * 4,
                    irq == 1008 ? 0x00aaaaaa : 0xaaaaaaaa);
    }
    check_all("configuration of SPIs");
}

static void check_reserved(const char *name, uintptr_t base, const uint32_t *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        write32(base + offsets[i], ALL_BITS);
        check_each(name, base + offsets[i], read32(base + offsets[i]), 0);
    }
    check_all(name);
}

static void check_component(const char *name, uintptr_t at, uint32_t revision)
{
    static const uint8_t component[] = {0x0d, 0xf0, 0x05, 0xb1};
    for (uint32_t i = 0; i < ARRAY_SIZE(component); i++) {
        check_each(name, at, read32(at + 0x20 + 4 * i), component[i]);
    }
    check_all(name);
    check_equal("architecture revision in PIDR2", read32(at + 0x18) >> 4 & 0xf, revision);
    write32(at + 0x18, 0);
    check_equal("PIDR2 is read-only", read32(at + 0x18) >> 4 & 0xf, revision);
}

static void check_read_only(const char *name, uintptr_t at)
{
    const uint32_t before = read32(at);
    write32(at, ~before);
    check_equal(name, read32(at), before);
}

/* Interrupts that TYPER says are not there. QEMU's GICv3, as of version 7.2, has 32 more than its TYPER says. */
static void check_beyond(void)
{
    static const uint32_t banks[] = {GICD_ISENABLER, GICD_ISPENDR, GICD_ISACTIVER};
    const uint32_t first = harness_is_native() && gic_is_v3() ? word_count + 1 : word_count;
    for (uint32_t word = first; word < 32; word++) {
        for (size_t i = 0; i < ARRAY_SIZE(banks); i++) {
            write32(word_at(banks[i], word), ALL_BITS);
            check_each("interrupts beyond TYPER", word_at(banks[i], word), read32(word_at(banks[i], word)), 0);
        }
    }
    check_all("interrupts beyond TYPER");
}

static void check_v2(void)
{
    static const uint32_t reserved[] = {0x00c, 0x010, 0x01c, 0x040, 0x07c, 0xf04, 0xf30, 0xfcc};
    const uint32_t typer = read32(GICD_BASE + GICD_TYPER);
    check_equal("TYPER: processors", TYPER_CPU_NUMBER(typer), 0);
    check_equal("TYPER: no Security Extensions, no lockable interrupts", typer & 0xfc00, 0);
    check_plain("CTLR", GICD_BASE + GICD_CTLR, 0x3);
    check_all("CTLR");
    check_equal("CTLR at reset", read32(GICD_BASE + GICD_CTLR), 0);
    check_equal("SGIR reads as zero", read32(GICD_BASE + GICD_SGIR), 0);
    check_component("component ID", GICD_BASE + GICD_V2_ID, 2);
    check_reserved("reserved registers", GICD_BASE, reserved, ARRAY_SIZE(reserved));
}

/* One processor: there is nothing to choose [GICv2 4.3.12]. */
static void check_v2_targets(void)
{
    for (uint32_t irq = 0; irq < word_count * 32 && irq < GIC_INTID_COUNT; irq++) {
        const uintptr_t at = GICD_BASE + GICD_ITARGETSR + irq;
        write8(at, 0xff);
        check_each("targets with one processor, bytes", at, read8(at), 0);
        check_each("targets with one processor, words", at, read32(at & ~3ul), 0);
    }
    check_all("targets with one processor");
}

static void check_v3_distributor(void)
{
    static const uint32_t reserved[] = {0x018, 0x01c, 0x07c, 0xf04, 0xf30, 0xfcc, 0x1000, 0x5ffc, 0xc000, 0xffcc};
    const uint32_t typer = read32(GICD_BASE + GICD_TYPER);
    check("TYPER: at least ten bits of INTID", TYPER_ID_BITS(typer) >= 9);
    check_equal("CTLR at reset: DS, ARE, no RWP", read32(GICD_BASE + GICD_CTLR), 0x50);
    write32(GICD_BASE + GICD_CTLR, ALL_BITS & ~BIT(7));
    check_equal("CTLR: enables", read32(GICD_BASE + GICD_CTLR), 0x53);
    write32(GICD_BASE + GICD_CTLR, 0);
    check_equal("CTLR: DS and ARE stay", read32(GICD_BASE + GICD_CTLR), 0x50);
    check_component("component ID", GICD_BASE + GICV3_ID, 3);
    check_reserved("reserved registers", GICD_BASE, reserved, ARRAY_SIZE(reserved));
}

/* With affinity routing these belong to the Redistributors, or to nobody [GICv3 12.9]. */
static void check_v3_legacy(void)
{
    static const uint32_t offsets[] = {
        GICD_IGROUPR,   GICD_ISENABLER,  GICD_ICENABLER,         GICD_ISPENDR,   GICD_ICPENDR,          GICD_ISACTIVER,
        GICD_ICACTIVER, GICD_IPRIORITYR, GICD_IPRIORITYR + 0x1c, GICD_ITARGETSR, GICD_ITARGETSR + 0x40, GICD_ICFGR,
        GICD_ICFGR + 4, GICD_SGIR,       GICD_CPENDSGIR,         GICD_SPENDSGIR, GICD_IGRPMODR,         GICD_NSACR};
    check_reserved("registers out of use with affinity routing", GICD_BASE, offsets, ARRAY_SIZE(offsets));
}

static void check_router(uintptr_t at)
{
    write64(at, 0);
    check_each("IROUTER", at, read64(at), 0);
    write64(at, IROUTER_IRM);
    check_each("IROUTER: 1 of N", at, read64(at) & IROUTER_IRM, IROUTER_IRM);
    write64(at, 0x030201);
    check_each("IROUTER: affinity", at, read64(at), 0x030201);
    check_each("IROUTER: lower half", at, read32(at), 0x030201);
    check_each("IROUTER: upper half", at, read32(at + 4), 0);
    write32(at, 0x010203);
    check_each("IROUTER: lower half written", at, read64(at), 0x010203);
    write32(at + 4, 0);
    check_each("IROUTER: upper half written", at, read64(at), 0x010203);
    write64(at, 0);
}

static void check_v3_routers(void)
{
    for (uint32_t irq = 32; irq < word_count * 32 && irq < GIC_INTID_COUNT; irq++) {
        check_router(GICD_BASE + GICD_IROUTER + 8 * irq);
    }
    check_all("IROUTER");
    /* QEMU keeps reserved bits; Aff3 does not exist where TYPER.A3V is zero [GICv3 12.9, GICD_IROUTER]. */
    if (!harness_is_native()) {
        write64(GICD_BASE + GICD_IROUTER + 8 * 32, ~UINT64_C(0));
        check_equal("IROUTER: reserved bits", read64(GICD_BASE + GICD_IROUTER + 8 * 32), 0x80ffffff);
        write64(GICD_BASE + GICD_IROUTER + 8 * 32, 0);
    }
}

static void check_v3_redistributor(void)
{
    static const uint32_t reserved[] = {0x0018, 0x00d0, 0x4000, 0xffcc};
    const uint64_t typer = read64(GICR_BASE + GICR_TYPER);
    check_equal("GICR_TYPER: affinity", typer >> 32, READ_SYSREG(mpidr_el1) & 0xffffff);
    check_equal("GICR_TYPER: number", typer >> 8 & 0xffff, 0);
    check_equal("GICR_TYPER: last", typer >> 4 & 1, 1);
    check_equal("GICR_TYPER: lower half", read32(GICR_BASE + GICR_TYPER), (uint32_t)typer);
    check_equal("GICR_TYPER: upper half", read32(GICR_BASE + GICR_TYPER + 4), typer >> 32);
    check_read_only("GICR_TYPER is read-only", GICR_BASE + GICR_TYPER);
    check_read_only("GICR_IIDR is read-only", GICR_BASE + GICR_IIDR);
    check_equal("GICR_CTLR: no LPIs, nothing in progress", read32(GICR_BASE + GICR_CTLR) & 0x80000009, 0);
    /* As firmware leaves it; QEMU's own machine says asleep, and delivers all the same. */
    check_equal("GICR_WAKER at reset", read32(GICR_BASE + GICR_WAKER), harness_is_native() ? 6 : 0);
    write32(GICR_BASE + GICR_WAKER, 0);
    check_equal("GICR_WAKER: awake", read32(GICR_BASE + GICR_WAKER), 0);
    write32(GICR_BASE + GICR_WAKER, 2);
    check_equal("GICR_WAKER: asleep again", read32(GICR_BASE + GICR_WAKER), 6);
    check_component("component ID of RD_base", GICR_BASE + GICV3_ID, 3);
    check_reserved("reserved registers of RD_base", GICR_BASE, reserved, ARRAY_SIZE(reserved));
}

static void check_v3_sgi_frame(void)
{
    static const uint32_t reserved[] = {0x0000, 0x0004, 0x0104, 0x0204, 0x0420, 0x0c08, 0x4000};
    check_plain("PPI configuration", GICR_BASE + GICR_SGI(GICD_ICFGR + 4), 0xaaaaaaaa);
    check_all("PPI configuration");
    check_reserved("reserved registers of SGI_base", GICR_BASE + GICR_SGI(0), reserved, ARRAY_SIZE(reserved));
}

/* Accesses of other widths: what they read and that they change nothing. QEMU permits some of them. */
static void check_widths(void)
{
    static const uint32_t words[] = {GICD_CTLR,          GICD_TYPER,       GICD_IGROUPR + 8,
                                     GICD_ISENABLER + 8, GICD_ISPENDR + 8, GICD_ICFGR + 12};
    if (harness_is_native()) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const uintptr_t at = GICD_BASE + words[i];
        const uint32_t before = read32(at);
        write8(at, 0xff);
        write16(at, 0xffff);
        check_each("a word by bytes", words[i], read8(at), 0);
        check_each("a word by half-words", words[i], read16(at), 0);
        if (at % 8 == 0) {
            write64(at, ~UINT64_C(0));
            check_each("a word by double words", words[i], read64(at), 0);
        }
        check_each("a word by other widths does not change", words[i], read32(at), before);
    }
    write32(GICD_BASE + GICD_IPRIORITYR + 64, 0x40302010);
    write16(GICD_BASE + GICD_IPRIORITYR + 64, 0xffff);
    check_each("bytes by half-words", 0, read16(GICD_BASE + GICD_IPRIORITYR + 64), 0);
    check_each("bytes by half-words do not change", 0, read32(GICD_BASE + GICD_IPRIORITYR + 64), 0x40302010);
    write32(GICD_BASE + GICD_IPRIORITYR + 64, 0);
    check_all("widths that are not permitted");
}

/* Out of reset, before anything has been written. */
static void check_reset_state(void)
{
    for (uint32_t word = 0; word < word_count; word++) {
        const uint32_t enabled = word == 0 && !gic_is_v3() ? SGI_BITS : 0;
        check_each("at reset: enabled", word, read32(word_at(GICD_ISENABLER, word)), enabled);
        check_each("at reset: pending", word, read32(word_at(GICD_ISPENDR, word)), 0);
        check_each("at reset: active", word, read32(word_at(GICD_ISACTIVER, word)), 0);
    }
    check_all("at reset: nothing enabled, pending, active");
}

void guest_main(void)
{
    word_count = TYPER_IT_LINES(read32(GICD_BASE + GICD_TYPER)) + 1;
    check_reset_state();
    check_read_only("TYPER is read-only", GICD_BASE + GICD_TYPER);
    check_read_only("IIDR is read-only", GICD_BASE + GICD_IIDR);
    check_bit_banks();
    check_groups();
    check_priorities();
    check_configuration();
    check_beyond();
    check_widths();
    if (gic_is_v3()) {
        check_v3_distributor();
        check_v3_legacy();
        check_v3_routers();
        check_v3_redistributor();
        check_v3_sgi_frame();
    } else {
        check_v2();
        check_v2_targets();
    }
}
