/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Trapped system registers: one row a register.
 */
#include "aarch64/exit/sysreg.h"

#include <libvmm/util/util.h>

#include "aarch64/exit/inject.h"
#include "aarch64/exit/syndrome.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "vm/vm.h"

#define SYSREG_OP0   FIELD(21, 20)
#define SYSREG_OP2   FIELD(19, 17)
#define SYSREG_OP1   FIELD(16, 14)
#define SYSREG_CRN   FIELD(13, 10)
#define SYSREG_RT    FIELD(9, 5)
#define SYSREG_CRM   FIELD(4, 1)
#define SYSREG_READ  BIT(0)
#define SYSREG_WHICH (SYSREG_OP0 | SYSREG_OP1 | SYSREG_CRN | SYSREG_CRM | SYSREG_OP2)

/* A register as the syndrome spells it. */
#define SYSREG(op0, op1, crn, crm, op2)                                                                                \
    ((UINT64_C(op0) << 20) | (UINT64_C(op2) << 17) | (UINT64_C(op1) << 14) | (UINT64_C(crn) << 10) |                   \
     (UINT64_C(crm) << 1))

enum sysreg_encoding {
    ICC_SGI1R_EL1 = SYSREG(3, 0, 12, 11, 5),  /* WO [GICv3 12.2] */
    ICC_ASGI1R_EL1 = SYSREG(3, 0, 12, 11, 6), /* WO */
    ICC_SGI0R_EL1 = SYSREG(3, 0, 12, 11, 7),  /* WO */
    ICC_SRE_EL1 = SYSREG(3, 0, 12, 12, 5),    /* RW */
};

/* ICC_SRE_EL1: DIB, DFB and SRE, all of them fixed. */
#define ICC_SRE_FIXED 0x7

/* Whether the register exists for this guest; `value` is what is written, or becomes what is read. */
typedef bool (*sysreg_access_t)(struct vm *vm, struct vcpu *vcpu, uint64_t *value);

struct sysreg_row {
    enum sysreg_encoding which;
    sysreg_access_t read;  /* NULL: undefined */
    sysreg_access_t write; /* NULL: undefined */
};

static bool write_sgi(struct vm *vm, struct vcpu *vcpu, enum vgic_sgi_reg reg, uint64_t value)
{
    return vgic_sgi_sysreg(&vm->vgic, vcpu->id, reg, value) != MMIO_UNHANDLED;
}

static bool write_sgi1r(struct vm *vm, struct vcpu *vcpu, uint64_t *value)
{
    return write_sgi(vm, vcpu, VGIC_SGI_REG_SGI1R, *value);
}

static bool write_asgi1r(struct vm *vm, struct vcpu *vcpu, uint64_t *value)
{
    return write_sgi(vm, vcpu, VGIC_SGI_REG_ASGI1R, *value);
}

static bool write_sgi0r(struct vm *vm, struct vcpu *vcpu, uint64_t *value)
{
    return write_sgi(vm, vcpu, VGIC_SGI_REG_SGI0R, *value);
}

static bool read_sre(struct vm *vm, struct vcpu *vcpu, uint64_t *value)
{
    (void)vcpu;
    *value = ICC_SRE_FIXED;
    return vm->vgic.config.version == VGIC_V3;
}

static bool write_sre(struct vm *vm, struct vcpu *vcpu, uint64_t *value)
{
    (void)vcpu;
    (void)value;
    return vm->vgic.config.version == VGIC_V3;
}

static const struct sysreg_row rows[] = {
    {ICC_SGI1R_EL1, NULL, write_sgi1r},
    {ICC_ASGI1R_EL1, NULL, write_asgi1r},
    {ICC_SGI0R_EL1, NULL, write_sgi0r},
    {ICC_SRE_EL1, read_sre, write_sre},
};

static const struct sysreg_row *row_of(uint64_t esr)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].which == (esr & SYSREG_WHICH)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool access_row(struct vm *vm, struct vcpu *vcpu, const struct sysreg_row *row, uint64_t esr)
{
    const uint32_t rt = field_get32(SYSREG_RT, esr);
    uint64_t value;
    if ((esr & SYSREG_READ) != 0) {
        if (row->read == NULL || !row->read(vm, vcpu, &value)) {
            return false;
        }
        vcpu_regs_set(vcpu, rt, value);
        return true;
    }
    if (row->write == NULL) {
        return false;
    }
    value = vcpu_regs_get(vcpu, rt);
    return row->write(vm, vcpu, &value);
}

void sysreg_handle(struct vm *vm, struct vcpu *vcpu, uint64_t esr)
{
    const struct sysreg_row *row = row_of(esr);
    if (row == NULL || !access_row(vm, vcpu, row, esr)) {
        guest_error(vm, vcpu->id, GUEST_ERROR_SYSTEM_REGISTER, esr & SYSREG_WHICH, esr);
        inject_undefined(vcpu);
        return;
    }
    vcpu_regs_advance(vcpu, esr_instruction_bytes(esr));
}
