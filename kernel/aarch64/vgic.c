/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The virtual CPU interface; see vgic.h. In memory, a list register has the layout of the version that there is
 * [GICv2 5.3.10; GICv3 12.4.11].
 *
 * Invariant: of a vCPU's list registers, all but those in `used` are zero, in the hardware as in memory; only those
 * are moved.
 */
#include "kernel/aarch64/vgic.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/gic_registers.h"
#include "kernel/board/board.h"

#define V3_LR_PENDING        BIT(62)
#define V3_LR_ACTIVE         BIT(63)
#define V3_LR_GROUP_SHIFT    60
#define V3_LR_PRIORITY_SHIFT 51 /* the upper five bits of the field */
#define V3_LR_EOI            BIT(41)

#define V2_LR_PENDING BIT(28)
#define V2_LR_ACTIVE  BIT(29)
#define V2_LR_EOI     BIT(19)

#define ICH_HCR_EN BIT(0)

/* [GICv3 12.4.13] ICH_VTR_EL2: list registers less one, preemption bits less one. */
#define ICH_VTR_LISTREGS(vtr) ((unsigned)BITS_GET(4, 0, vtr) + 1)
#define ICH_VTR_PREBITS(vtr)  ((unsigned)BITS_GET(28, 26, vtr) + 1)

static unsigned lr_count;
static uint64_t lr_all; /* list registers that exist, a bit each */
static unsigned apr_count;

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
    return gic_v3_is_present ? v3_lr_read(index) : gich_read(GICH_LR0 + index * 4);
}

static void lr_write(unsigned index, uint64_t lr)
{
    if (gic_v3_is_present) {
        v3_lr_write(index, lr);
    } else {
        gich_write(GICH_LR0 + index * 4, (uint32_t)lr);
    }
}

/* A pending interrupt that asks for maintenance at its end; the request is as in struct vcpu_page. */
static uint64_t lr_make(uint32_t request)
{
    uint64_t fields = request & VCPU_PAGE_LR_FIELDS;
    if (!gic_v3_is_present) {
        return fields | V2_LR_PENDING | V2_LR_EOI;
    }
    uint64_t lr = BITS_GET(27, 23, fields) << V3_LR_PRIORITY_SHIFT | BITS_GET(30, 30, fields) << V3_LR_GROUP_SHIFT;
    return lr | (fields & BITS(9, 0)) | V3_LR_PENDING | V3_LR_EOI;
}

static bool lr_is_active(uint64_t lr)
{
    return (lr & (gic_v3_is_present ? V3_LR_ACTIVE : V2_LR_ACTIVE)) != 0;
}

static bool lr_is_ended(uint64_t lr)
{
    return gic_v3_is_present ? (lr & (V3_LR_PENDING | V3_LR_ACTIVE | V3_LR_EOI)) == V3_LR_EOI
                             : (lr & (V2_LR_PENDING | V2_LR_ACTIVE | V2_LR_EOI)) == V2_LR_EOI;
}

void vgic_init_core(void)
{
    uint64_t vtr = gic_v3_is_present ? SYSREG_READ(S3_4_C12_C11_1) : gich_read(GICH_VTR);

    lr_count = ICH_VTR_LISTREGS(vtr);
    lr_count = lr_count > VGIC_LR_COUNT_MAX ? VGIC_LR_COUNT_MAX : lr_count;
    lr_all = BIT(lr_count) - 1;
    apr_count = gic_v3_is_present && ICH_VTR_PREBITS(vtr) > 5 ? 1u << (ICH_VTR_PREBITS(vtr) - 5) : 1;
    apr_count = apr_count > VGIC_APR_COUNT_MAX ? VGIC_APR_COUNT_MAX : apr_count;
    for (unsigned i = 0; i < lr_count; i++) {
        lr_write(i, 0);
    }
    if (gic_v3_is_present) {
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
    for (uint64_t left = vgic->used; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzl(left);
        vgic->lr[i] = lr_read(i);
        lr_write(i, 0);
    }
    if (gic_v3_is_present) {
        v3_save(vgic);
    } else {
        vgic->vmcr = gich_read(GICH_VMCR);
        vgic->ap0r[0] = gich_read(GICH_APR);
    }
}

void vgic_load(const struct vgic_context *vgic)
{
    for (uint64_t left = vgic->used; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzl(left);
        lr_write(i, vgic->lr[i]);
    }
    if (gic_v3_is_present) {
        v3_load(vgic);
    } else {
        gich_write(GICH_VMCR, (uint32_t)vgic->vmcr);
        gich_write(GICH_APR, (uint32_t)vgic->ap0r[0]);
    }
}

/* Puts an interrupt into list register `index`, in the hardware or in memory. */
static inline void fill_lr(struct vgic_context *vgic, bool is_resident, unsigned index, uint32_t request)
{
    vgic->used |= BIT(index);
    if (is_resident) {
        lr_write(index, lr_make(request));
    } else {
        vgic->lr[index] = lr_make(request);
    }
}

void vgic_fill_requested(struct thread *vcpu, uint64_t requested)
{
    struct vgic_context *vgic = &vcpu->context->vgic;
    struct vcpu_page *page = thread_page(vcpu);
    bool is_resident = core_holds(vcpu);

    for (uint64_t left = requested & ~vgic->used & lr_all; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzl(left);
        uint32_t request = page->lr[i];
        page->lr[i] = 0;
        /* Not so where it was taken before: the VMM was interrupted while it made the next request. */
        if ((request & VCPU_PAGE_LR_VALID) != 0) {
            fill_lr(vgic, is_resident, i, request);
        }
    }
}

/* Tells the VMM which list registers it may fill without a system call. */
static void publish_empty_lrs(struct thread *vcpu)
{
    bool is_near = vcpu->core == vcpu->handler->core;
    thread_page(vcpu)->lr_empty = is_near ? ~vcpu->context->vgic.used & lr_all : 0;
}

bool vgic_inject(struct thread *vcpu, unsigned index, uint32_t request)
{
    struct vgic_context *vgic = &vcpu->context->vgic;

    if ((vgic->used & BIT(index)) != 0) {
        uint64_t old = core_holds(vcpu) ? lr_read(index) : vgic->lr[index];
        /* One that is only pending may be replaced, as on seL4: the VMM's way to take it back. */
        if (lr_is_active(old) || lr_is_ended(old)) {
            return false;
        }
    }
    fill_lr(vgic, core_holds(vcpu), index, request);
    publish_empty_lrs(vcpu);
    return true;
}

/* Index of an ended list register in memory, or -1. */
static int find_ended(const struct vgic_context *vgic)
{
    for (uint64_t left = vgic->used; left != 0; left &= left - 1) {
        int i = __builtin_ctzl(left);
        if (lr_is_ended(vgic->lr[i])) {
            return i;
        }
    }
    return -1;
}

bool vgic_has_ended(const struct thread *vcpu)
{
    return find_ended(&vcpu->context->vgic) >= 0;
}

/* The same in the hardware, which then is silent about it. */
static int take_ended_resident(void)
{
    uint64_t ended = gic_v3_is_present ? SYSREG_READ(S3_4_C12_C11_3) : gich_read(GICH_EISR0);
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
    struct vgic_context *vgic = &vcpu->context->vgic;
    int index = core_holds(vcpu) ? take_ended_resident() : find_ended(vgic);

    if (index >= 0) {
        vgic->used &= ~BIT(index);
        if (vcpu->core == vcpu->handler->core) {
            thread_page(vcpu)->lr_empty |= BIT(index);
        }
    }
    return index;
}
