/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fixture.h"

#define DEVICE FIXTURE_DEVICE_BASE

static bool access_device(uint64_t offset, uint64_t esr)
{
    return fixture_fault(fake_vm_fault(0, FIXTURE_PC, DEVICE + offset, esr));
}

static void test_store(void **state)
{
    (void)state;
    assert_true(access_device(0x10, FIXTURE_STORE(4, 3, 0)));
    assert_int_equal(fixture_device.count, 1);
    assert_int_equal(fixture_device.last.offset, 0x10);
    assert_int_equal(fixture_device.last.width_bytes, 4);
    assert_true(fixture_device.last.is_write);
    assert_int_equal(fixture_device.last.value, 0x0f1e2d03);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
}

static void test_store_of_every_width(void **state)
{
    (void)state;
    static const uint64_t expected[] = {0x03, 0x2d03, 0x0f1e2d03, UINT64_C(0xc0de00000f1e2d03)};
    for (unsigned i = 0; i < 4; i++) {
        assert_true(access_device(8, FIXTURE_STORE(1u << i, 3, 0)));
        assert_int_equal(fixture_device.last.value, expected[i]);
    }
}

static void test_load_into_every_register(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 32; n++) {
        fixture_setup(state);
        fixture_device.read_value = 0xfedcba98;
        assert_true(access_device(0, FIXTURE_LOAD(4, n, 0)));
        for (unsigned other = 0; other < 31; other++) {
            assert_int_equal(*fake_x(0, other), other == n ? 0xfedcba98 : fixture_x(other));
        }
        assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
        assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
    }
}

static void test_load_extends(void **state)
{
    (void)state;
    fixture_device.read_value = 0x80;
    assert_true(access_device(0, FIXTURE_LOAD(1, 2, DABT_SSE)));
    assert_int_equal(*fake_x(0, 2), 0xffffff80);
    assert_true(access_device(0, FIXTURE_LOAD(1, 2, DABT_SSE | DABT_SF)));
    assert_int_equal(*fake_x(0, 2), UINT64_C(0xffffffffffffff80));
    fixture_device.read_value = UINT64_MAX;
    assert_true(access_device(0, FIXTURE_LOAD(2, 2, 0)));
    assert_int_equal(*fake_x(0, 2), 0xffff);
}

/* Beside the reply: at most two kernel calls, each of at most 12 words, up to x8. */
static void test_kernel_calls_and_words(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= 8; n++) {
        fake_counts_reset();
        assert_true(access_device(0, FIXTURE_STORE(4, n, 0)));
        assert_int_equal(fake.kernel_calls, 2);
        assert_int_equal(fake.kernel_words, 4 + n + 1);
        fake_counts_reset();
        assert_true(access_device(0, FIXTURE_LOAD(4, n, 0)));
        assert_int_equal(fake.kernel_calls, 2);
        assert_int_equal(fake.kernel_words, 2 * (4 + n));
    }
    /* Of the zero register: the message has told all there is to know. */
    for (unsigned is_store = 0; is_store < 2; is_store++) {
        fake_counts_reset();
        assert_true(access_device(0, fixture_dabt(4, 31, is_store, 0)));
        assert_int_equal(fake.kernel_calls, 1);
        assert_int_equal(fake.kernel_words, 1);
    }
}

static void test_emulated_gic_register(void **state)
{
    (void)state;
    /* GICD_TYPER of a GICv3. */
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0x8000004, FIXTURE_LOAD(4, 0, 0))));
    assert_true((*fake_x(0, 0) & 0x1f) != 0);
    assert_int_equal(fake.kernel_calls, 2);
    assert_int_equal(fake.kernel_words, 8);
}

static void test_nothing_there(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xb0000010 + 0x100 * i, FIXTURE_LOAD(4, 1, 0))));
        fixture_assert_exception(0x96000410, 0x200);
        assert_int_equal(*fake_x(0, 1), fixture_x(1));
    }
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_ACCESS_NOTHING], 3);
    assert_int_equal(fake_log_count("access to nothing"), 1);
    assert_true(fake_log_has("0xb0000000 (0x40081000)"));
}

static void test_access_beyond_the_device(void **state)
{
    (void)state;
    assert_true(access_device(FIXTURE_DEVICE_SIZE - 2, FIXTURE_LOAD(4, 1, 0)));
    fixture_assert_exception(0x96000410, 0x200);
    assert_int_equal(fixture_device.count, 0);
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, UINT64_MAX, FIXTURE_STORE(8, 1, 0))));
}

static void test_device_declines(void **state)
{
    (void)state;
    fixture_device.result = MMIO_UNHANDLED;
    assert_true(access_device(0x20, FIXTURE_STORE(4, 1, 0)));
    fixture_assert_exception(0x96000450, 0x200);
}

static void test_device_calls_it_a_mistake(void **state)
{
    (void)state;
    fixture_device.result = MMIO_GUEST_ERROR;
    assert_true(access_device(0x20, FIXTURE_LOAD(4, 1, 0)));
    assert_int_equal(*fake_x(0, 1), 0);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_DEVICE], 1);
}

static void test_fetch_from_a_device(void **state)
{
    (void)state;
    assert_true(access_device(0x10, 0x82000007));
    fixture_assert_exception(0x86000010, 0x200);
    assert_int_equal(fixture_device.count, 0);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_FETCH_NOTHING], 1);
    assert_true(fake_log_has("0xa000000 (0x40081000)"));
}

static void test_no_valid_syndrome(void **state)
{
    (void)state;
    assert_true(access_device(0, fixture_class(ESR_EC_DATA_LOWER, DABT_WNR | 0x7)));
    fixture_assert_exception(0x96000450, 0x200);
    assert_int_equal(fixture_device.count, 0);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME], 1);
    /* A table walk is no access of an instruction, whatever CM says. */
    assert_true(access_device(0, fixture_class(ESR_EC_DATA_LOWER, DABT_S1PTW | DABT_CM | 0x7)));
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME], 2);
}

static void test_cache_maintenance_is_skipped(void **state)
{
    (void)state;
    assert_true(access_device(0, fixture_class(ESR_EC_DATA_LOWER, DABT_CM | DABT_WNR | 0x7)));
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(fixture_device.count, 0);
}

static void test_a32_instruction_of_two_bytes(void **state)
{
    (void)state;
    assert_true(access_device(0, FIXTURE_STORE(4, 1, 0) & ~ESR_IL));
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 2);
}

static void test_unknown_traps_are_undefined(void **state)
{
    (void)state;
    for (unsigned ec = 0; ec < ESR_EC_COUNT; ec++) {
        if (ec == ESR_EC_WFX || ec == ESR_EC_SMC64 || ec == ESR_EC_SYSREG || ec == ESR_EC_SERROR) {
            continue;
        }
        fixture_setup(state);
        assert_true(fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class((enum esr_ec)ec, 0x1ffffff))));
        fixture_assert_exception(0x02000000, 0x200);
        assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_TRAP], 1);
    }
}

/* It comes some time after the store: what the vCPU is at is not its cause. */
static void test_serror_is_counted(void **state)
{
    (void)state;
    const microkit_msginfo message = fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SERROR, 0));
    const seL4_UserContext before = fake.vcpus[0].context;
    assert_true(fixture_fault(message));
    assert_memory_equal(&fake.vcpus[0].context, &before, sizeof before);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_SERROR], 1);
    vm_vcpu(fixture_vm(), 0)->state = VCPU_WAITING;
    assert_false(fixture_fault(fake_vcpu_fault(0, FIXTURE_PC, fixture_class(ESR_EC_SERROR, 0))));
    assert_int_equal(vm_vcpu(fixture_vm(), 0)->state, VCPU_WAITING);
}

static void test_timeout_goes_on(void **state)
{
    (void)state;
    assert_true(fixture_fault(microkit_msginfo_new(seL4_Fault_Timeout, 0)));
    assert_int_equal(fake.kernel_calls, 0);
}

static void test_user_exception_is_undefined(void **state)
{
    (void)state;
    fake.vcpus[0].context.pc = FIXTURE_PC;
    microkit_mr_set(seL4_UserException_FaultIP, FIXTURE_PC);
    assert_true(fixture_fault(microkit_msginfo_new(seL4_Fault_UserException, 5)));
    fixture_assert_exception(0x02000000, 0x200);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_FAULT], 1);
}

static void test_unknown_labels_block(void **state)
{
    (void)state;
    static const uint64_t labels[] = {seL4_Fault_NullFault, seL4_Fault_CapFault, 4, seL4_Fault_VPPIEvent + 1,
                                      0x7fffffff};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        assert_false(fixture_fault(microkit_msginfo_new(labels[i], 0)));
        assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_FAULT], i + 1);
    }
    assert_int_equal(fake.kernel_calls, 0);
    assert_int_equal(fixture_vm()->vcpus[0].exit, VCPU_NO_EXIT);
}

static void test_unknown_vcpu(void **state)
{
    (void)state;
    assert_false(fault_handle(2, fake_vppi_event(27)));
    assert_false(fault_handle(SIZE_MAX, fake_vppi_event(27)));
    assert_int_equal(fake_log_count("does not exist"), 2);
}

/* The guest has its interrupt controller on and interrupt 27 enabled. */
static void enable_interrupt(void)
{
    const struct {
        uint64_t at;
        uint64_t value;
    } writes[] = {{0x8000000, 0x12}, {0x80a0014, 0}, {0x80b0080, UINT32_MAX}, {0x80b0100, 1u << 27}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = writes[i].value};
        assert_int_equal(mmio_dispatch(&fixture_vm()->mmio, gpa(writes[i].at), &access), MMIO_HANDLED);
    }
}

static void count_ack(size_t vcpu_id, int irq, void *cookie)
{
    assert_int_equal(vcpu_id, 0);
    assert_int_equal(irq, 27);
    (*(unsigned *)cookie)++;
}

static void test_maintenance(void **state)
{
    (void)state;
    unsigned acks = 0;
    enable_interrupt();
    assert_true(virq_register(0, 27, count_ack, &acks));
    assert_true(fixture_fault(fake_vppi_event(27)));
    /* An index of no list register changes nothing. */
    static const uint64_t nonsense[] = {UINT64_MAX, 0x1000, 64, 3};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        microkit_mr_set(seL4_VGICMaintenance_IDX, nonsense[i]);
        assert_true(fixture_fault(microkit_msginfo_new(seL4_Fault_VGICMaintenance, 1)));
        assert_int_equal(acks, 0);
    }
    assert_true(fixture_fault(fake_eoi_irq(0, 27)));
    assert_int_equal(acks, 1);
}

/* The vCPU as it is before each hostile message. */
static void place_vcpu(size_t id)
{
    struct fake_vcpu *vcpu = &fake.vcpus[id];
    for (unsigned n = 0; n < 31; n++) {
        *fake_x(id, n) = fixture_x(n);
    }
    vcpu->context.pc = FIXTURE_PC;
    vcpu->context.spsr = FIXTURE_EL1H;
    vcpu->regs[seL4_VCPUReg_ELR_EL1] = 0;
    fixture_vm()->vcpus[id].state = VCPU_RUNNING;
}

static uint64_t error_count(void)
{
    uint64_t sum = 0;
    for (unsigned kind = 0; kind < GUEST_ERROR_KIND_COUNT; kind++) {
        sum += fixture_vm()->errors.counts[kind];
    }
    return sum;
}

/* Which general registers a message may change: the destination of a load or of MRS, and the results of SMC. */
static uint32_t may_change(uint64_t label, uint64_t esr)
{
    if (label == seL4_Fault_VMFault) {
        const bool is_load = (esr & (DABT_ISV | DABT_WNR)) == DABT_ISV && esr_ec(esr) == ESR_EC_DATA_LOWER;
        return is_load ? 1u << ((esr >> 16) & 31) : 0;
    }
    return esr_ec(esr) == ESR_EC_SYSREG ? 1u << ((esr >> 5) & 31) : esr_ec(esr) == ESR_EC_SMC64 ? 0xf : 0;
}

/* The instruction is complete, or has taken an exception to EL1 that is counted; nothing else has changed. */
static void assert_settled(size_t id, uint64_t label, uint64_t esr, bool is_answered, uint64_t errors_before)
{
    const struct fake_vcpu *vcpu = &fake.vcpus[id];
    const uint64_t pc = vcpu->context.pc;
    const uint64_t errors = error_count() - errors_before;
    if (!is_answered) {
        assert_true(label == seL4_Fault_VCPUFault && esr_ec(esr) == ESR_EC_WFX);
        assert_int_equal(fixture_vm()->vcpus[id].state, VCPU_WAITING);
        assert_int_equal(errors, 0);
    } else if (vcpu->regs[seL4_VCPUReg_ELR_EL1] == FIXTURE_PC) {
        assert_int_equal(pc, FIXTURE_VBAR + 0x200);
        assert_int_equal(errors, 1);
    } else {
        /* Traps of system registers and SMC are of A64, whose instructions have four bytes. */
        const bool is_short = (esr & ESR_IL) == 0 && esr_ec(esr) != ESR_EC_SYSREG && esr_ec(esr) != ESR_EC_SMC64;
        assert_int_equal(pc, FIXTURE_PC + (is_short ? 2 : 4));
        assert_in_range(errors, 0, 1);
    }
    for (unsigned n = 0; n < 31; n++) {
        if ((may_change(label, esr) >> n & 1) == 0) {
            assert_int_equal(*fake_x(id, n), fixture_x(n));
        }
    }
    assert_int_equal(fixture_vm()->vcpus[id].exit, VCPU_NO_EXIT);
}

static uint64_t next_random(void)
{
    static uint64_t random = 88172645463325252u;
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random;
}

/* Every syndrome and address is settled, whatever it is: a sample, most of it of classes that are handled. */
static void test_hostile_messages(void **state)
{
    (void)state;
    static const enum esr_ec common[] = {ESR_EC_DATA_LOWER, ESR_EC_WFX, ESR_EC_SMC64, ESR_EC_SYSREG};
    unsigned exceptions = 0;
    for (unsigned i = 0; i < 20000; i++) {
        const uint64_t label = i % 2 == 0 ? seL4_Fault_VMFault : seL4_Fault_VCPUFault;
        const size_t id = next_random() % 2;
        uint64_t esr = next_random() & UINT32_MAX;
        if (i % 4 != 0) {
            const uint64_t ec = label == seL4_Fault_VMFault ? ESR_EC_DATA_LOWER : common[next_random() % 4];
            esr = (esr & ~(UINT64_C(0x3f) << 26)) | ec << 26;
        }
        /* Half of them hit the interrupt controller. */
        const uint64_t at = i % 8 < 4 ? next_random() : 0x8000000 + next_random() % 0x200000;
        const uint64_t errors = error_count();
        place_vcpu(id);
        const bool is_answered = fault_handle(id, label == seL4_Fault_VMFault ? fake_vm_fault(id, FIXTURE_PC, at, esr)
                                                                              : fake_vcpu_fault(id, FIXTURE_PC, esr));
        assert_settled(id, label, esr, is_answered, errors);
        exceptions += fake.vcpus[id].regs[seL4_VCPUReg_ELR_EL1] == FIXTURE_PC;
    }
    /* The sample has both. */
    assert_in_range(exceptions, 5000, 19000);
    assert_in_range(fixture_vm()->errors.logged_count, 1, GUEST_ERROR_PLACE_COUNT_MAX);
}

static unsigned callback_count;
static size_t callback_offset;
static bool callback_answer;

static bool callback(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    assert_int_equal(vcpu_id, 0);
    assert_ptr_equal(data, &callback_count);
    callback_count++;
    callback_offset = offset;
    assert_int_equal(regs->x28, fixture_x(28));
    if (!callback_answer) {
        regs->spsr = 0x3c0;
    }
    if (fault_is_write(fsr)) {
        regs->x28 = fault_get_data(regs, fsr);
    } else {
        fault_emulate_write(regs, offset, fsr, 0x11223344);
    }
    return callback_answer;
}

static int setup_handler(void **state)
{
    fixture_setup(state);
    callback_count = 0;
    callback_answer = true;
    assert_true(fault_register_vm_exception_handler(0xc0000000, 0x1000, callback, &callback_count));
    return 0;
}

static void test_vmm_handler(void **state)
{
    (void)state;
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xc0000104, FIXTURE_LOAD(4, 5, 0))));
    assert_int_equal(callback_count, 1);
    assert_int_equal(callback_offset, 0x104);
    assert_int_equal(*fake_x(0, 5), 0x11223344);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xc0000ffc, FIXTURE_STORE(2, 5, 0))));
    assert_int_equal(fake.vcpus[0].context.x28, 0x3344);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
}

static void test_vmm_handler_declines(void **state)
{
    (void)state;
    callback_answer = false;
    assert_true(fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xc0000104, FIXTURE_LOAD(4, 5, 0))));
    fixture_assert_exception(0x96000410, 0x200);
    assert_int_equal(*fake_x(0, 5), fixture_x(5));
}

static void test_vmm_handler_registration(void **state)
{
    (void)state;
    assert_false(fault_register_vm_exception_handler(0xc0000fff, 1, callback, NULL));
    assert_false(fault_register_vm_exception_handler(0xd0000000, 0, callback, NULL));
    assert_false(fault_register_vm_exception_handler(0xd0000000, 0x1000, NULL, NULL));
    assert_false(fault_register_vm_exception_handler(UINTPTR_MAX, 2, callback, NULL));
    assert_false(fault_register_vm_exception_handler(0x8000000, 4, callback, NULL));
    assert_int_equal(fake_log_count("ERROR"), 5);
    for (uintptr_t i = 1; i < VM_EXCEPTION_HANDLER_COUNT_MAX; i++) {
        assert_true(fault_register_vm_exception_handler(0xd0000000 + 0x1000 * i, 0x1000, callback, NULL));
    }
    assert_false(fault_register_vm_exception_handler(0xe0000000, 0x1000, callback, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_store, fixture_setup),
        cmocka_unit_test_setup(test_store_of_every_width, fixture_setup),
        cmocka_unit_test_setup(test_load_into_every_register, fixture_setup),
        cmocka_unit_test_setup(test_load_extends, fixture_setup),
        cmocka_unit_test_setup(test_kernel_calls_and_words, fixture_setup),
        cmocka_unit_test_setup(test_emulated_gic_register, fixture_setup),
        cmocka_unit_test_setup(test_nothing_there, fixture_setup),
        cmocka_unit_test_setup(test_access_beyond_the_device, fixture_setup),
        cmocka_unit_test_setup(test_device_declines, fixture_setup),
        cmocka_unit_test_setup(test_device_calls_it_a_mistake, fixture_setup),
        cmocka_unit_test_setup(test_fetch_from_a_device, fixture_setup),
        cmocka_unit_test_setup(test_no_valid_syndrome, fixture_setup),
        cmocka_unit_test_setup(test_cache_maintenance_is_skipped, fixture_setup),
        cmocka_unit_test_setup(test_a32_instruction_of_two_bytes, fixture_setup),
        cmocka_unit_test_setup(test_unknown_traps_are_undefined, fixture_setup),
        cmocka_unit_test_setup(test_serror_is_counted, fixture_setup),
        cmocka_unit_test_setup(test_timeout_goes_on, fixture_setup),
        cmocka_unit_test_setup(test_user_exception_is_undefined, fixture_setup),
        cmocka_unit_test_setup(test_unknown_labels_block, fixture_setup),
        cmocka_unit_test_setup(test_unknown_vcpu, fixture_setup),
        cmocka_unit_test_setup(test_maintenance, fixture_setup),
        cmocka_unit_test_setup(test_hostile_messages, fixture_setup),
        cmocka_unit_test_setup(test_vmm_handler, setup_handler),
        cmocka_unit_test_setup(test_vmm_handler_declines, setup_handler),
        cmocka_unit_test_setup(test_vmm_handler_registration, setup_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
