/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Sequences of PSCI and other firmware calls by several vCPUs, by SMC and HVC, with interrupts and waiting in between.
 * What [PSCI] promises of every call is checked: which results a function may give, and what it leaves behind.
 */
#include "machine.h"

#include "aarch64/exit/psci.h"
#include "aarch64/exit/syndrome.h"

#define STEP_COUNT_MAX 400

static const uint32_t functions[] = {
    PSCI_VERSION,
    PSCI_CPU_SUSPEND,
    PSCI_64(PSCI_CPU_SUSPEND),
    PSCI_CPU_OFF,
    PSCI_CPU_ON,
    PSCI_64(PSCI_CPU_ON),
    PSCI_AFFINITY_INFO,
    PSCI_64(PSCI_AFFINITY_INFO),
    PSCI_MIGRATE_INFO_TYPE,
    PSCI_SYSTEM_OFF,
    PSCI_SYSTEM_RESET,
    PSCI_FEATURES,
    PSCI_SYSTEM_RESET2,
    PSCI_64(PSCI_SYSTEM_RESET2),
    SMCCC_VERSION,
    SMCCC_ARCH_FEATURES,
    0x82000001, /* SiP */
    0xc2000002,
    0x86000000, /* vendor-specific hypervisor */
};

static uint32_t any_function(struct input *input)
{
    const uint8_t choice = input_u8(input);
    return choice < 0xf0 ? functions[choice % ARRAY_SIZE(functions)] : input_u32(input);
}

/* A call of a well-meaning guest: CPU_ON of a vCPU that exists, at an entry that exists. */
static void call_cpu_on(struct input *input, size_t vcpu_id)
{
    struct vm *vm = vm_instance();
    seL4_UserContext *context = &fake.vcpus[vcpu_id].context;
    const size_t target = input_u8(input) % vm_vcpu_count(vm);
    const bool was_on = vcpu_is_on(&vm->vcpus[target]);
    const uint64_t pc = context->pc;
    context->x0 = PSCI_64(PSCI_CPU_ON);
    context->x1 = target;
    context->x2 = MACHINE_RAM_BASE + 0x100;
    context->x3 = 0x1234;
    machine_trap(vcpu_id, pc, 4, fake_hvc(vcpu_id, pc));
    MACHINE_REQUIRE(context->x0 == (uint64_t)(was_on ? PSCI_ALREADY_ON : PSCI_SUCCESS));
    MACHINE_REQUIRE(context->pc == pc + 4);
    if (!was_on) {
        const struct fake_vcpu *started = &fake.vcpus[target];
        MACHINE_REQUIRE(started->running && started->context.pc == MACHINE_RAM_BASE + 0x100);
        MACHINE_REQUIRE(started->context.x0 == 0x1234 && started->context.x1 == 0);
        MACHINE_REQUIRE((started->regs[seL4_VCPUReg_SCTLR] & 1) == 0);
    }
}

/* Functions that never give anything else. */
static void call_fixed(struct input *input, size_t vcpu_id)
{
    static const struct {
        uint32_t function;
        uint64_t result;
    } fixed[] = {
        {PSCI_VERSION, PSCI_VERSION_1_1},
        {SMCCC_VERSION, SMCCC_VERSION_1_2},
        {PSCI_64(PSCI_VERSION), (uint64_t)SMCCC_NOT_SUPPORTED},
        {0xffffffff, (uint64_t)SMCCC_NOT_SUPPORTED},
    };
    const uint8_t choice = input_u8(input);
    /* The call of a vCPU that is being reset is the end of its reset, and has no result. */
    const bool is_in_reset = vm_instance()->reset_stub.under_way;
    machine_call(input, vcpu_id, fixed[choice % ARRAY_SIZE(fixed)].function, (choice & 0x80) != 0);
    MACHINE_REQUIRE(is_in_reset || fake.vcpus[vcpu_id].context.x0 == fixed[choice % ARRAY_SIZE(fixed)].result);
}

static void call_any(struct input *input, size_t vcpu_id)
{
    const uint8_t how = input_u8(input);
    const uint64_t function = any_function(input) | (uint64_t)(how >> 4) << 32;
    machine_call(input, vcpu_id, function, (how & 1) != 0);
}

static void wait(struct input *input, size_t vcpu_id)
{
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    (void)input;
    machine_trap(vcpu_id, pc, 4, fake_vcpu_fault(vcpu_id, pc, field_make(ESR_EC, ESR_EC_WFX) | ESR_IL));
}

/* SMC and HVC with any immediate. */
static void call_with_immediate(struct input *input, size_t vcpu_id)
{
    const uint64_t hsr = field_make(ESR_EC, ESR_EC_SMC64) | ESR_IL | input_u16(input);
    const uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    machine_trap(vcpu_id, pc, 4, fake_vcpu_fault(vcpu_id, pc, hsr));
}

typedef void (*step_t)(struct input *input, size_t vcpu_id);

static const step_t steps[] = {
    call_any,
    call_any,
    call_any,
    call_cpu_on,
    call_fixed,
    wait,
    call_with_immediate,
    machine_end_interrupt,
    machine_guest_step,
    machine_guest_boot,
    machine_timer,
    call_any,
};

static void step(struct input *input)
{
    const uint8_t what = input_u8(input);
    size_t vcpu_id;
    if (what % 8 == 7) {
        machine_vmm_step(input);
    } else if (machine_pick_running(input, &vcpu_id)) {
        steps[(what >> 3) % ARRAY_SIZE(steps)](input, vcpu_id);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct input input = {bytes, size_bytes};
    machine_start(&input);
    for (unsigned count = 0; count < STEP_COUNT_MAX && !input_is_empty(&input); count++) {
        step(&input);
    }
    return 0;
}
