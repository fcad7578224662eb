/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The virtual CPU interface; see vgic.h. List registers have one layout in
 * memory, version 3's [GICv3 12.4.11]; version 2's is made of it on the way.
 */
#include "kernel/arch/aarch64/vgic.h"

#include "kernel/arch/aarch64/cpu.h"
#include "kernel/arch/aarch64/gic.h"
#include "kernel/arch/aarch64/gic_registers.h"
#include "kernel/board/board.h"

#define LR_STATE          BITS(63, 62)
#define LR_STATE_PENDING  BIT(62)
#define LR_STATE_ACTIVE   BIT(63)
#define LR_GROUP_SHIFT    60
#define LR_PRIORITY_SHIFT 51 /* the upper five bits of the field */
#define LR_EOI            BIT(41)
#define LR_INTID          BITS(31, 0)

#define V2_LR_STATE_SHIFT    28
#define V2_LR_GROUP          BIT(30)
#define V2_LR_PRIORITY_SHIFT 23
#define V2_LR_EOI            BIT(19)
#define V2_LR_INTID          BITS(9, 0)

#define ICH_HCR_EN BIT(0)

/* [GICv3 12.4.13] ICH_VTR_EL2: list registers less one, preemption bits less one. */
#define ICH_VTR_LISTREGS(vtr) ((unsigned)BITS_GET(4, 0, vtr) + 1)
#define ICH_VTR_PREBITS(vtr)  ((unsigned)BITS_GET(28, 26, vtr) + 1)

static unsigned lr_count;
static unsigned apr_count;

static uint64_t v2_lr_pack(uint64_t lr)
{
    uint64_t v2 = BITS_GET(63, 62, lr) << V2_LR_STATE_SHIFT | BITS_GET(55, 51, lr) << V2_LR_PRIORITY_SHIFT;
    v2 |= (lr & BIT(LR_GROUP_SHIFT)) != 0 ? V2_LR_GROUP : 0;
    v2 |= (lr & LR_EOI) != 0 ? V2_LR_EOI : 0;
    return v2 | (lr & V2_LR_INTID);
}

static uint64_t v2_lr_unpack(uint64_t v2)
{
    uint64_t lr = BITS_GET(29, 28, v2) << 62 | BITS_GET(27, 23, v2) << LR_PRIORITY_SHIFT;
    lr |= (v2 & V2_LR_GROUP) != 0 ? BIT(LR_GROUP_SHIFT) : 0;
    lr |= (v2 & V2_LR_EOI) != 0 ? LR_EOI : 0;
    return lr | (v2 & V2_LR_INTID);
}

/* ICH_LR<n>_EL2 and the like have their number in the instruction. */
/* clang-format off */
#define V3_LR_EACH(X) \
    X(0, S3_4_C12_C12_0) \
    X(1, S3_4_C12_C12_1) \
    X(2, S3_4_C12_C12_2) \
    X(3, S3_4_C12_C12_3) \
    X(4, S3_4_C12_C12_4) \
    X(5, S3_4_C12_C12_5) \
    X(6, S3_4_C12_C12_6) \
    X(7, S3_4_C12_C12_7) \
    X(8, S3_4_C12_C13_0) \
    X(9, S3_4_C12_C13_1) \
    X(10, S3_4_C12_C13_2) \
    X(11, S3_4_C12_C13_3) \
    X(12, S3_4_C12_C13_4) \
    X(13, S3_4_C12_C13_5) \
    X(14, S3_4_C12_C13_6) \
    X(15, S3_4_C12_C13_7)
/* clang-format on */

static uint64_t v3_lr_read(unsigned index)
{
    switch (index) {
#define READ(n, name)                                                                                                  \
    case n:                                                                                                            \
        return SYSREG_READ(name);
        V3_LR_EACH(READ)
#undef READ
    default:
        return 0;
    }
}

static void v3_lr_write(unsigned index, uint64_t value)
{
    switch (index) {
#define WRITE(n, name)                                                                                                 \
    case n:                                                                                                            \
        SYSREG_WRITE(name, value);                                                                                     \
        break;
        V3_LR_EACH(WRITE)
#undef WRITE
    }
}

static uint32_t gich_read(uint64_t offset)
{
    return mmio_read32(board_gic.v2_hypervisor_interface + offset);
}

static void gich_write(uint64_t offset, uint32_t value)
{
    mmio_write32(board_gic.v2_hypervisor_interface + offset, value);
}

static uint64_t lr_read(unsigned index)
{
    return gic_is_v3() ? v3_lr_read(index) : v2_lr_unpack(gich_read(GICH_LR0 + index * 4));
}

static void lr_write(unsigned index, uint64_t lr)
{
    if (gic_is_v3()) {
        v3_lr_write(index, lr);
    } else {
        gich_write(GICH_LR0 + index * 4, (uint32_t)v2_lr_pack(lr));
    }
}

void vgic_init_core(void)
{
    uint64_t vtr = gic_is_v3() ? SYSREG_READ(S3_4_C12_C11_1) : gich_read(GICH_VTR);

    lr_count = ICH_VTR_LISTREGS(vtr);
    lr_count = lr_count > VGIC_LR_COUNT_MAX ? VGIC_LR_COUNT_MAX : lr_count;
    apr_count = gic_is_v3() && ICH_VTR_PREBITS(vtr) > 5 ? 1u << (ICH_VTR_PREBITS(vtr) - 5) : 1;
    apr_count = apr_count > VGIC_APR_COUNT_MAX ? VGIC_APR_COUNT_MAX : apr_count;
    for (unsigned i = 0; i < lr_count; i++) {
        lr_write(i, 0);
    }
    if (gic_is_v3()) {
        SYSREG_WRITE(S3_4_C12_C11_0, ICH_HCR_EN);
    } else {
        gich_write(GICH_HCR, ICH_HCR_EN);
    }
    cpu_isb();
}

unsigned vgic_list_register_count(void)
{
    return lr_count;
}

static void v3_save(struct vgic_context *vgic)
{
    vgic->vmcr = SYSREG_READ(S3_4_C12_C11_7);
    switch (apr_count) {
    case 4:
        vgic->ap0r[3] = SYSREG_READ(S3_4_C12_C8_3);
        vgic->ap1r[3] = SYSREG_READ(S3_4_C12_C9_3);
        vgic->ap0r[2] = SYSREG_READ(S3_4_C12_C8_2);
        vgic->ap1r[2] = SYSREG_READ(S3_4_C12_C9_2);
        /* fall through */
    case 2:
        vgic->ap0r[1] = SYSREG_READ(S3_4_C12_C8_1);
        vgic->ap1r[1] = SYSREG_READ(S3_4_C12_C9_1);
        /* fall through */
    default:
        vgic->ap0r[0] = SYSREG_READ(S3_4_C12_C8_0);
        vgic->ap1r[0] = SYSREG_READ(S3_4_C12_C9_0);
    }
}

static void v3_load(const struct vgic_context *vgic)
{
    SYSREG_WRITE(S3_4_C12_C11_7, vgic->vmcr);
    switch (apr_count) {
    case 4:
        SYSREG_WRITE(S3_4_C12_C8_3, vgic->ap0r[3]);
        SYSREG_WRITE(S3_4_C12_C9_3, vgic->ap1r[3]);
        SYSREG_WRITE(S3_4_C12_C8_2, vgic->ap0r[2]);
        SYSREG_WRITE(S3_4_C12_C9_2, vgic->ap1r[2]);
        /* fall through */
    case 2:
        SYSREG_WRITE(S3_4_C12_C8_1, vgic->ap0r[1]);
        SYSREG_WRITE(S3_4_C12_C9_1, vgic->ap1r[1]);
        /* fall through */
    default:
        SYSREG_WRITE(S3_4_C12_C8_0, vgic->ap0r[0]);
        SYSREG_WRITE(S3_4_C12_C9_0, vgic->ap1r[0]);
    }
}

void vgic_save(struct vgic_context *vgic)
{
    for (unsigned i = 0; i < lr_count; i++) {
        vgic->lr[i] = lr_read(i);
        lr_write(i, 0);
    }
    if (gic_is_v3()) {
        v3_save(vgic);
    } else {
        vgic->vmcr = gich_read(GICH_VMCR);
        vgic->ap0r[0] = gich_read(GICH_APR);
    }
}

void vgic_load(const struct vgic_context *vgic)
{
    for (unsigned i = 0; i < lr_count; i++) {
        lr_write(i, vgic->lr[i]);
    }
    if (gic_is_v3()) {
        v3_load(vgic);
    } else {
        gich_write(GICH_VMCR, (uint32_t)vgic->vmcr);
        gich_write(GICH_APR, (uint32_t)vgic->ap0r[0]);
    }
}

static bool is_ended(uint64_t lr)
{
    return (lr & (LR_STATE | LR_EOI)) == LR_EOI;
}

bool vgic_inject(struct thread *vcpu, uint64_t irq, uint64_t priority, uint64_t group, unsigned index)
{
    bool is_live = context_is_live(vcpu);
    uint64_t old = is_live ? lr_read(index) : vcpu->context->vgic.lr[index];

    /* One that is only pending may be replaced, as on seL4: the VMM's way to take it back. */
    if ((old & LR_STATE_ACTIVE) != 0 || is_ended(old)) {
        return false;
    }
    uint64_t lr = LR_STATE_PENDING | group << LR_GROUP_SHIFT | priority << LR_PRIORITY_SHIFT | LR_EOI | irq;
    if (is_live) {
        lr_write(index, lr);
    } else {
        vcpu->context->vgic.lr[index] = lr;
    }
    return true;
}

/* Index of an ended list register in memory, or -1. */
static int find_ended(const struct vgic_context *vgic)
{
    for (unsigned i = 0; i < lr_count; i++) {
        if (is_ended(vgic->lr[i])) {
            return (int)i;
        }
    }
    return -1;
}

bool vgic_has_ended(const struct thread *vcpu)
{
    return find_ended(&vcpu->context->vgic) >= 0;
}

static int take_ended_live(void)
{
    uint64_t ended = gic_is_v3() ? SYSREG_READ(S3_4_C12_C11_3) : gich_read(GICH_EISR0);
    int index = -1;

    if (ended != 0) {
        index = __builtin_ctzl(ended);
        lr_write((unsigned)index, 0);
        cpu_isb();
    }
    gic_deactivate(GIC_MAINTENANCE_INTID);
    return index;
}

int vgic_take_ended(struct thread *vcpu)
{
    if (context_is_live(vcpu)) {
        return take_ended_live();
    }
    int index = find_ended(&vcpu->context->vgic);
    if (index >= 0) {
        vcpu->context->vgic.lr[index] = 0;
    }
    return index;
}
