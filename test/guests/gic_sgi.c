/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Software-generated interrupts with one vCPU: every number, filters, the registers of pending SGIs [GICv2 4.3.15 to
 * 4.3.17], and the system registers of GICv3 with affinity, range and group [GICv3 12.2].
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"

#define SGI_COUNT   16
#define PPI_UNUSED  20
#define ANY_TARGET  1
#define SOURCE_SELF 0

#define SGIR(filter, targets, id) ((uint32_t)(filter) << 24 | (uint32_t)(targets) << 16 | (id))
#define FILTER_OTHERS             1
#define FILTER_SELF               2

#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_ASGI1R_EL1  S3_0_C12_C11_6
#define ICC_SGI0R_EL1   S3_0_C12_C11_7
#define ICC_IAR0_EL1    S3_0_C12_C8_0
#define ICC_EOIR0_EL1   S3_0_C12_C8_1
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define WRITE_ICC(n, v) WRITE_SYSREG(n, v)
#define READ_ICC(n)     READ_SYSREG(n)

#define SGI_ID(id)   ((uint64_t)(id) << 24)
#define SGI_AFF1(n)  ((uint64_t)(n) << 16)
#define SGI_AFF2(n)  ((uint64_t)(n) << 32)
#define SGI_RANGE(n) ((uint64_t)(n) << 44)
#define SGI_IRM      BIT(40)
#define ICC_CTLR_RSS BIT(18)
#define SGI_PRIORITY 0x80

static void every_number(void)
{
    for (uint32_t id = 0; id < SGI_COUNT; id++) {
        gic_enable(id);
        gic_set_priority(id, SGI_PRIORITY);
        gic_send_sgi(id, ANY_TARGET);
        check_each("every SGI to oneself", id, gic_take(), id);
    }
    check_all("every SGI to oneself");
    check_equal("each comes once", gic_take(), GIC_INTID_SPURIOUS);
}

/* All that a guest may leave at its reset value, and the number 0. */
static void at_the_reset_priority(void)
{
    gic_enable(0);
    for (uint64_t i = 0; i < 10; i++) {
        gic_send_sgi(0, ANY_TARGET);
        check_each("SGI 0 at priority 0: taken", i, gic_take(), 0);
        check_each("SGI 0 at priority 0: once", i, gic_take(), GIC_INTID_SPURIOUS);
    }
    check_all("SGI 0 at priority 0, each time");
}

static void all_at_once(void)
{
    uint64_t seen = 0;
    for (uint32_t id = 0; id < SGI_COUNT; id++) {
        gic_send_sgi(id, ANY_TARGET);
    }
    for (uint32_t id = gic_take(); id != GIC_INTID_SPURIOUS; id = gic_take()) {
        check_each("all at once: each comes once", id, seen & BIT(id), 0);
        seen |= BIT(id);
    }
    check_all("all at once: each comes once");
    check_equal("all at once: all come", seen, 0xffff);
}

static void private_by_write(void)
{
    gic_set_edge(PPI_UNUSED, true);
    gic_enable(PPI_UNUSED);
    gic_set_pending(PPI_UNUSED);
    check_equal("a PPI set pending: taken", gic_take(), PPI_UNUSED);
    check_equal("a PPI set pending: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

static void v2_filters(void)
{
    write32(GICD_BASE + GICD_SGIR, SGIR(FILTER_SELF, 0, 3));
    check_equal("filter self", gic_take(), 3);
    write32(GICD_BASE + GICD_SGIR, SGIR(FILTER_OTHERS, 0xff, 3));
    check_equal("filter others: not oneself", gic_take(), GIC_INTID_SPURIOUS);
    write32(GICD_BASE + GICD_SGIR, SGIR(0, 0xfe, 3));
    check_equal("list without oneself", gic_take(), GIC_INTID_SPURIOUS);
    write32(GICD_BASE + GICD_SGIR, SGIR(0, 0, 3));
    check_equal("empty list", gic_take(), GIC_INTID_SPURIOUS);
    write32(GICD_BASE + GICD_SGIR, SGIR(0, 0xff, 3));
    const uint32_t taken = gic_wait();
    check_equal("list of all, with the source in IAR", taken, SOURCE_SELF << 10 | 3);
    gic_end(taken);
    check_equal("list of all: once", gic_take(), GIC_INTID_SPURIOUS);
}

/* SGIs 8 and 11. QEMU, as of version 7.2, makes those pending too whose byte is zero, and then ends itself over them.
 */
static void write_pending_word(void)
{
    if (harness_is_native()) {
        write8(GICD_BASE + GICD_SPENDSGIR + 8, 1);
        write8(GICD_BASE + GICD_SPENDSGIR + 11, 1);
    } else {
        write32(GICD_BASE + GICD_SPENDSGIR + 8, 0x01000001);
    }
}

static void v2_pending_registers(void)
{
    write32(GICD_BASE + GICD_CTLR, 0);
    write8(GICD_BASE + GICD_SPENDSGIR + 5, 1);
    check_equal("SPENDSGIR by bytes", read8(GICD_BASE + GICD_SPENDSGIR + 5), 1);
    check_equal("CPENDSGIR reads alike", read8(GICD_BASE + GICD_CPENDSGIR + 5), 1);
    check("ISPENDR has it too", gic_is_pending(5));
    check_equal("SPENDSGIR by words", read32(GICD_BASE + GICD_SPENDSGIR + 4), 0x0100);
    write8(GICD_BASE + GICD_CPENDSGIR + 5, 1);
    check_equal("CPENDSGIR clears", read8(GICD_BASE + GICD_SPENDSGIR + 5), 0);
    check("ISPENDR has it no more", !gic_is_pending(5));
    write_pending_word();
    check_equal("SPENDSGIR written by words", gic_read_bits(GICD_ISPENDR, 0), 0x0900);
    write32(GICD_BASE + GICD_CTLR, 3);
    check_equal("SPENDSGIR: the first", gic_take(), 8);
    check_equal("SPENDSGIR: the second", gic_take(), 11);
    check_equal("SPENDSGIR: no more", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_pending(4);
    check_equal("ISPENDR does not set SGIs", gic_take(), GIC_INTID_SPURIOUS);
    gic_disable(4);
    check("ICENABLER does not disable SGIs", gic_read_bit(GICD_ISENABLER, 4));
}

/* On a GICv2 with one source an SGI that is pending stays pending once, and one in service can be pending again. */
static void again_in_service(void)
{
    gic_send_sgi(7, ANY_TARGET);
    const uint32_t first = gic_wait();
    gic_send_sgi(7, ANY_TARGET);
    gic_send_sgi(7, ANY_TARGET);
    gic_end(first);
    check_equal("sent twice while in service: comes again", gic_take(), 7);
    check_equal("sent twice while in service: once", gic_take(), GIC_INTID_SPURIOUS);
}

static void v3_targets(void)
{
    WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(2) | 1);
    check_equal("SGI1R: target list", gic_take(), 2);
    WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(2) | 0xfffe);
    check_equal("SGI1R: list without oneself", gic_take(), GIC_INTID_SPURIOUS);
    WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(2) | SGI_IRM | 0xffff);
    check_equal("SGI1R: all but oneself", gic_take(), GIC_INTID_SPURIOUS);
    WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(2) | SGI_AFF1(1) | 1);
    check_equal("SGI1R: another Aff1", gic_take(), GIC_INTID_SPURIOUS);
    WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(2) | SGI_AFF2(1) | 1);
    check_equal("SGI1R: another Aff2", gic_take(), GIC_INTID_SPURIOUS);
    if ((READ_ICC(ICC_CTLR_EL1) & ICC_CTLR_RSS) != 0) {
        WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(2) | SGI_RANGE(1) | 1);
        check_equal("SGI1R: another range", gic_take(), GIC_INTID_SPURIOUS);
    }
}

static void v3_redistributor_bits(void)
{
    gic_disable(9);
    gic_set_pending(9);
    check("ISPENDR sets SGIs", gic_is_pending(9));
    check_equal("a disabled SGI is not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_clear_pending(9);
    gic_enable(9);
    check_equal("a withdrawn SGI is not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_pending(9);
    check_equal("an SGI by ISPENDR is taken", gic_take(), 9);
}

/* Group 0 is generated by SGI0R, and taken and ended through registers of its own [GICv3 4.7]. */
static void v3_group0(void)
{
    WRITE_ICC(ICC_SGI0R_EL1, SGI_ID(6) | 1);
    check_equal("SGI0R: not for Group 1", gic_take(), GIC_INTID_SPURIOUS);
    WRITE_ICC(ICC_IGRPEN0_EL1, 1);
    write32(gic_bank(0) + GICD_IGROUPR, 0xffffffbf);
    WRITE_ICC(ICC_SGI0R_EL1, SGI_ID(6) | 1);
    check_equal("Group 0 is not in IAR1", gic_acknowledge(), GIC_INTID_SPURIOUS);
    check_equal("SGI0R: Group 0", READ_ICC(ICC_IAR0_EL1), 6);
    WRITE_ICC(ICC_EOIR0_EL1, 6);
    /* QEMU, as of version 7.2, does not forward it: "Forwarding an SGI to a target PE" [GICv3 12.1] permits it. */
    if (!harness_is_native()) {
        WRITE_ICC(ICC_SGI1R_EL1, SGI_ID(6) | 1);
        check_equal("SGI1R: Group 0 too, with one Security state", READ_ICC(ICC_IAR0_EL1), 6);
        WRITE_ICC(ICC_EOIR0_EL1, 6);
    }
    gic_set_priority(0, 0);
    write32(gic_bank(0) + GICD_IGROUPR, 0xfffffffe);
    for (uint64_t i = 0; i < 10; i++) {
        WRITE_ICC(ICC_SGI0R_EL1, SGI_ID(0) | 1);
        check_each("SGI0R: SGI 0 at priority 0", i, READ_ICC(ICC_IAR0_EL1), 0);
        WRITE_ICC(ICC_EOIR0_EL1, 0);
        check_each("SGI0R: SGI 0, once", i, READ_ICC(ICC_IAR0_EL1), GIC_INTID_SPURIOUS);
    }
    check_all("SGI0R: SGI 0 at priority 0, each time");
    WRITE_ICC(ICC_ASGI1R_EL1, SGI_ID(5) | 1);
    check_equal("ASGI1R: not for Group 1", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("Group 0: no more", READ_ICC(ICC_IAR0_EL1), GIC_INTID_SPURIOUS);
    WRITE_ICC(ICC_IGRPEN0_EL1, 0);
    write32(gic_bank(0) + GICD_IGROUPR, 0xffffffff);
}

void guest_main(void)
{
    gic_init();
    at_the_reset_priority();
    every_number();
    all_at_once();
    again_in_service();
    private_by_write();
    if (gic_is_v3()) {
        v3_targets();
        v3_redistributor_bits();
        v3_group0();
    } else {
        v2_filters();
        v2_pending_registers();
    }
}
