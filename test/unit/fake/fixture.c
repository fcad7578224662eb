/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See fixture.h.
 */
#include "fixture.h"

#include "util/field.h"

struct fixture_device fixture_device;

static enum mmio_result access_device(void *dev, struct mmio_access *access)
{
    struct fixture_device *device = dev;
    if (!access->is_write) {
        access->value = device->read_value;
    }
    device->last = *access;
    device->count++;
    return device->result;
}

struct vm *fixture_vm(void)
{
    return vm_instance();
}

uint64_t fixture_x(unsigned n)
{
    return UINT64_C(0xc0de00000f1e2d00) + n;
}

static void fill_vcpu(size_t vcpu_id)
{
    struct fake_vcpu *vcpu = &fake.vcpus[vcpu_id];
    for (unsigned n = 0; n < 31; n++) {
        *fake_x(vcpu_id, n) = fixture_x(n);
    }
    vcpu->context.sp = 0x1234;
    vcpu->context.spsr = FIXTURE_EL1H;
    vcpu->regs[seL4_VCPUReg_VBAR] = FIXTURE_VBAR;
    vcpu->regs[seL4_VCPUReg_SCTLR] = BIT(0) | BIT(23);
}

int fixture_setup(void **state)
{
    (void)state;
    struct vm *vm = vm_instance();
    vm_forget(vm);
    fake_microkit_reset();
    fixture_device = (struct fixture_device){.read_value = 0};
    for (size_t i = 0; i < FAKE_VCPU_COUNT; i++) {
        fill_vcpu(i);
    }
    vm->vgic_config = (struct vgic_config){
        .version = VGIC_V3,
        .dist_base = gpa(0x8000000),
        .dist_size_bytes = 0x10000,
        .redist_base = gpa(0x80a0000),
        .redist_size_bytes = 0x100000,
    };
    vm->vcpu_count = 2;
    assert_true(virq_controller_init(0));
    const struct mmio_region region = {
        .base = gpa(FIXTURE_DEVICE_BASE),
        .size_bytes = FIXTURE_DEVICE_SIZE,
        .widths = 1 | 2 | 4 | 8,
        .handler = access_device,
        .dev = &fixture_device,
    };
    assert_int_equal(mmio_add(&vm->mmio, &region), RESULT_OK);
    vm_vcpu(vm, 0)->state = VCPU_RUNNING;
    vgic_set_vcpu_on(&vm->vgic, 0, true);
    fake.vcpus[0].running = true;
    fake_counts_reset();
    return 0;
}

bool fixture_fault(microkit_msginfo message)
{
    return fault_handle(0, message);
}

uint64_t fixture_class(enum esr_ec ec, uint64_t iss)
{
    return field_make(ESR_EC, ec) | ESR_IL | iss;
}

uint64_t fixture_dabt(unsigned width_bytes, unsigned reg, bool is_write, uint64_t more)
{
    const unsigned sas = (unsigned)__builtin_ctz(width_bytes);
    return fixture_class(ESR_EC_DATA_LOWER, DABT_ISV | field_make(DABT_SAS, sas) | field_make(DABT_SRT, reg) |
                                                (is_write ? DABT_WNR : 0) | 0x7 | more);
}

void fixture_assert_exception(uint64_t esr, uint64_t offset)
{
    const struct fake_vcpu *vcpu = &fake.vcpus[0];
    assert_int_equal(vcpu->regs[seL4_VCPUReg_ESR], esr);
    assert_int_equal(vcpu->regs[seL4_VCPUReg_ELR_EL1], FIXTURE_PC);
    assert_int_equal(vcpu->context.pc, FIXTURE_VBAR + offset);
}
