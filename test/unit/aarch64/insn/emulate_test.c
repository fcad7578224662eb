/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores without a syndrome, from the fault to the registers: the instruction lies in RAM.
 */
#include "aarch64/insn/emulate.h"

#include <libvmm/guest.h>

#include "fixture.h"

#define RAM_BASE   UINT64_C(0x40080000)
#define RAM_BYTES  sizeof ram
#define CODE       (FIXTURE_PC - RAM_BASE)
#define DEVICE     FIXTURE_DEVICE_BASE
#define DEVICE_END (FIXTURE_DEVICE_BASE + FIXTURE_DEVICE_SIZE)
#define NO_ISS     0x7
#define STORE_ISS  (DABT_WNR | 0x7)

/* Instructions, with x1 as base where nothing else is said. */
#define LDP_X0_X2         0xa9400820
#define LDPSW_X0_X2       0x69400820
#define STP_X0_X2         0xa9000820
#define STP_X0_X2_SP_PRE  0xa9bf0be0 /* [sp, #-16]! */
#define LDR_X0_POST_8     0xf8408420
#define LDR_W0_PRE_MINUS4 0xb85fcc20
#define STRB_W0_POST_1    0x38001420
#define LDR_X0_X2         0xf8626820 /* [x1, x2] */
#define LDR_W0_X2_SXTW    0xb862d820 /* [x1, w2, sxtw #2] */
#define STR_X0_POST_0     0xf8000420
#define STTR_X0           0xf8000820
#define LDTR_X0           0xf8400820
#define LDR_X0_X2_UXTW    0xf8624820 /* [x1, w2, uxtw] */
#define LDR_X0_X2_LSL     0xf8627820 /* [x1, x2, lsl #3] */
#define LDP_X0_X2_AT_16   0xa9410820 /* [x1, #16] */
#define LDRSB_W0_POST_1   0x38c01420
#define LDRSB_X0_POST_1   0x38801420
#define LDRB_W0_POST_1    0x38401420
#define STR_W0_POST_4     0xb8004420
#define LDR_Q0            0x3dc00020

static _Alignas(4096) uint8_t ram[0x8000];

static int setup(void **state)
{
    fixture_setup(state);
    memset(ram, 0, RAM_BYTES);
    assert_true(guest_ram_register((uintptr_t)ram, RAM_BASE, RAM_BYTES));
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = BIT(23);
    fixture_device.read_value = 0x1122334455667788;
    *fake_x(0, 1) = DEVICE;
    fake_counts_reset();
    return 0;
}

static void put(uint32_t instruction)
{
    memcpy(ram + CODE, &instruction, sizeof instruction);
}

static bool run_at(uint32_t instruction, uint64_t at, uint64_t iss)
{
    put(instruction);
    fake.vcpus[0].context.pc = FIXTURE_PC;
    return fixture_fault(fake_vm_fault(0, FIXTURE_PC, at, fixture_class(ESR_EC_DATA_LOWER, iss)));
}

static void assert_done(void)
{
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 4);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME], 0);
}

static void test_load_pair(void **state)
{
    (void)state;
    assert_true(run_at(LDP_X0_X2, DEVICE, NO_ISS));
    assert_done();
    assert_int_equal(fixture_device.count, 2);
    assert_int_equal(fixture_device.last.offset, 8);
    assert_int_equal(fixture_device.last.width_bytes, 8);
    assert_int_equal(*fake_x(0, 0), 0x1122334455667788);
    assert_int_equal(*fake_x(0, 2), 0x1122334455667788);
    assert_int_equal(*fake_x(0, 1), DEVICE);
    assert_true(run_at(LDP_X0_X2_AT_16, DEVICE + 16, NO_ISS));
    assert_int_equal(fixture_device.last.offset, 24);
    assert_int_equal(*fake_x(0, 1), DEVICE);
}

/* An instruction that is carried out leaves no branch type behind, as any other [Arm ARM B1.4, PSTATE.BTYPE]. */
static void test_branch_type(void **state)
{
    (void)state;
    fake.vcpus[0].context.spsr = FIXTURE_EL1H | BIT(11) | BIT(10);
    assert_true(run_at(LDP_X0_X2, DEVICE, NO_ISS));
    assert_int_equal(fake.vcpus[0].context.spsr, FIXTURE_EL1H);
}

static void test_signs(void **state)
{
    (void)state;
    fixture_device.read_value = 0x80000001;
    assert_true(run_at(LDPSW_X0_X2, DEVICE, NO_ISS));
    assert_int_equal(*fake_x(0, 0), 0xffffffff80000001);
    assert_int_equal(fixture_device.last.offset, 4);
}

static void test_store_pair(void **state)
{
    (void)state;
    assert_true(run_at(STP_X0_X2, DEVICE, STORE_ISS));
    assert_done();
    assert_int_equal(fixture_device.count, 2);
    assert_true(fixture_device.last.is_write);
    assert_int_equal(fixture_device.last.value, fixture_x(2));
}

static void test_write_back(void **state)
{
    (void)state;
    assert_true(run_at(LDR_X0_POST_8, DEVICE, NO_ISS));
    assert_done();
    assert_int_equal(*fake_x(0, 1), DEVICE + 8);
    assert_int_equal(fixture_device.last.offset, 0);
    assert_true(run_at(LDR_W0_PRE_MINUS4, DEVICE + 4, NO_ISS));
    assert_int_equal(*fake_x(0, 1), DEVICE + 4);
    assert_int_equal(*fake_x(0, 0), 0x55667788);
    assert_int_equal(fixture_device.last.offset, 4);
    assert_true(run_at(STRB_W0_POST_1, DEVICE + 4, STORE_ISS));
    assert_int_equal(*fake_x(0, 1), DEVICE + 5);
    assert_int_equal(fixture_device.last.value, 0x88);
}

static void test_register_offsets(void **state)
{
    (void)state;
    *fake_x(0, 2) = 0x10;
    assert_true(run_at(LDR_X0_X2, DEVICE + 0x10, NO_ISS));
    assert_int_equal(fixture_device.last.offset, 0x10);
    *fake_x(0, 1) = DEVICE + 0x20;
    *fake_x(0, 2) = 0x55555555fffffffe; /* -2 of 32 bits */
    assert_true(run_at(LDR_W0_X2_SXTW, DEVICE + 0x18, NO_ISS));
    assert_int_equal(fixture_device.last.offset, 0x18);
    *fake_x(0, 1) = DEVICE - 0xfffffff0;
    *fake_x(0, 2) = 0x55555555fffffff8;
    assert_true(run_at(LDR_X0_X2_UXTW, DEVICE + 8, NO_ISS));
    assert_int_equal(fixture_device.last.offset, 8);
    /* All 64 bits count. */
    *fake_x(0, 1) = DEVICE - 0xc00000010;
    *fake_x(0, 2) = 0x180000004;
    assert_true(run_at(LDR_X0_X2_LSL, DEVICE + 0x10, NO_ISS));
    assert_int_equal(fixture_device.last.offset, 0x10);
}

static void test_stack_pointers(void **state)
{
    (void)state;
    fake.vcpus[0].regs[seL4_VCPUReg_SP_EL1] = DEVICE + 0x20;
    fake.vcpus[0].context.sp = DEVICE + 0x40;
    assert_true(run_at(STP_X0_X2_SP_PRE, DEVICE + 0x10, STORE_ISS));
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SP_EL1], DEVICE + 0x10);
    assert_int_equal(fake.vcpus[0].context.sp, DEVICE + 0x40);
    const uint64_t modes[] = {0x3c4, 0x3c0}; /* EL1t, EL0 */
    for (size_t i = 0; i < 2; i++) {
        fake.vcpus[0].context.spsr = modes[i];
        fake.vcpus[0].context.sp = DEVICE + 0x40;
        assert_true(run_at(STP_X0_X2_SP_PRE, DEVICE + 0x30, STORE_ISS));
        assert_int_equal(fake.vcpus[0].context.sp, DEVICE + 0x30);
        assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SP_EL1], DEVICE + 0x10);
    }
}

/* One register of a pair in RAM, which the guest may have right before a device. */
static void test_partly_in_ram(void **state)
{
    (void)state;
    const uint64_t value = 0xcafe;
    struct mmio_region region = fixture_vm()->mmio.regions[0];
    for (size_t i = 0; region.dev != &fixture_device; i++) {
        region = fixture_vm()->mmio.regions[i];
    }
    region.base = gpa(RAM_BASE + RAM_BYTES);
    assert_int_equal(mmio_add(&fixture_vm()->mmio, &region), RESULT_OK);
    memcpy(ram + RAM_BYTES - 8, &value, 8);
    *fake_x(0, 1) = RAM_BASE + RAM_BYTES - 8;
    assert_true(run_at(LDP_X0_X2, RAM_BASE + RAM_BYTES, NO_ISS));
    assert_int_equal(*fake_x(0, 0), 0xcafe);
    assert_int_equal(*fake_x(0, 2), 0x1122334455667788);
    *fake_x(0, 0) = 0xbeef;
    assert_true(run_at(STP_X0_X2, RAM_BASE + RAM_BYTES, STORE_ISS));
    assert_int_equal(ram[RAM_BYTES - 8] | ram[RAM_BYTES - 7] << 8, 0xbeef);
    /* A byte is all that is loaded of RAM. */
    *fake_x(0, 1) = RAM_BASE + RAM_BYTES - 8;
    assert_true(run_at(LDRB_W0_POST_1, DEVICE, NO_ISS));
    assert_int_equal(*fake_x(0, 0), 0xef);
}

static void test_nothing_behind_the_device(void **state)
{
    (void)state;
    *fake_x(0, 1) = DEVICE_END - 8;
    assert_true(run_at(LDP_X0_X2, DEVICE_END, NO_ISS));
    fixture_assert_exception(0x96000010, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], DEVICE_END);
    assert_int_equal(*fake_x(0, 0), fixture_x(0));
    assert_int_equal(*fake_x(0, 2), fixture_x(2));
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_ACCESS_NOTHING], 1);
}

static void test_misaligned(void **state)
{
    (void)state;
    *fake_x(0, 1) = DEVICE + 4;
    assert_true(run_at(STP_X0_X2, DEVICE + 4, STORE_ISS));
    fixture_assert_exception(0x96000061, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], DEVICE + 4);
    assert_int_equal(fixture_device.count, 0);
    /* Told by the hardware: the virtual address is found all the same. */
    fake.vcpus[0].regs[seL4_VCPUReg_FAR] = 0;
    assert_true(run_at(LDR_X0_POST_8, DEVICE + 4, DABT_ISV | field_make(DABT_SAS, 3) | 7));
    fixture_assert_exception(0x96000021, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], DEVICE + 4);
}

static void test_impossible(void **state)
{
    (void)state;
    const uint32_t instructions[] = {LDR_Q0, 0, 0xd503201f};
    for (size_t i = 0; i < 3; i++) {
        assert_true(run_at(instructions[i], DEVICE, NO_ISS));
        fixture_assert_exception(0x96000010, 0x200);
        assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME], i + 1);
    }
    fake.vcpus[0].context.spsr = 0x1d0; /* AArch32 */
    assert_true(run_at(LDP_X0_X2, DEVICE, NO_ISS));
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME], 4);
    assert_int_equal(fixture_device.count, 0);
}

static void test_device_says_mistake(void **state)
{
    (void)state;
    fixture_device.result = MMIO_GUEST_ERROR;
    assert_true(run_at(LDR_X0_POST_8, DEVICE, NO_ISS));
    assert_done();
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_DEVICE], 1);
    fixture_device.result = MMIO_HANDLED;
    *fake_x(0, 1) = DEVICE;
    assert_true(run_at(LDP_X0_X2, DEVICE, NO_ISS));
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_DEVICE], 1);
}

/* Places of mistakes are pages: one line of the log each. */
static void test_mistakes_by_page(void **state)
{
    (void)state;
    const uint64_t places[] = {0xb0000010, 0xb0000ff0, 0xb0001000};
    for (size_t i = 0; i < 3; i++) {
        *fake_x(0, 1) = places[i];
        assert_true(run_at(LDP_X0_X2, places[i], NO_ISS));
        assert_int_equal(fake_log_count("access to nothing"), i < 2 ? 1 : 2);
    }
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_ACCESS_NOTHING], 3);
}

/* Tables of 4 KiB at the end of RAM, two levels: the device at another address, the code in its own place. */
static void put_entry(size_t at, uint64_t index, uint64_t descriptor)
{
    memcpy(ram + at + 8 * index, &descriptor, 8);
}

static void switch_mmu_on(void)
{
    struct fake_vcpu *vcpu = &fake.vcpus[0];
    vcpu->regs[seL4_VCPUReg_SCTLR] |= BIT(0);
    vcpu->regs[seL4_VCPUReg_TCR] = 25 | 25 << 16 | UINT64_C(2) << 30;
    vcpu->regs[seL4_VCPUReg_TTBR0] = RAM_BASE + 0x4000;
    vcpu->regs[seL4_VCPUReg_TTBR1] = RAM_BASE + 0x5000;
    put_entry(0x4000, 1, UINT64_C(0x40000000) | 1);
    put_entry(0x5000, 0, 1);              /* the first GiB */
    put_entry(0x5000, 1, 0x0c000000 | 3); /* a table at nothing */
}

static void test_through_tables(void **state)
{
    (void)state;
    switch_mmu_on();
    *fake_x(0, 1) = 0xffffff8000000000 + DEVICE + 0x40;
    assert_true(run_at(LDP_X0_X2, DEVICE + 0x40, NO_ISS));
    assert_done();
    assert_int_equal(fixture_device.last.offset, 0x48);
    *fake_x(0, 1) = 0xffffff8000000000 + DEVICE_END;
    assert_true(run_at(LDR_X0_POST_8, DEVICE_END, NO_ISS));
    fixture_assert_exception(0x96000010, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], 0xffffff8000000000 + DEVICE_END);
    /* No translation there, now: the tables have changed meanwhile. */
    *fake_x(0, 1) = 0xffffff8080000000;
    assert_true(run_at(LDR_X0_POST_8, DEVICE, NO_ISS));
    fixture_assert_exception(0x96000410, 0x200);
}

/* Another vCPU has exchanged the instruction, or its base is not what it was: an access to RAM, with x1 as base. */
static bool is_carried_out(uint32_t instruction, uint64_t mode)
{
    const uint64_t before = fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME];
    fake.vcpus[0].context.spsr = mode;
    *fake_x(0, 0) = 0xcafe;
    *fake_x(0, 1) = RAM_BASE + 0x6000;
    memset(ram + 0x6000, 0, 16);
    assert_true(run_at(instruction, DEVICE, STORE_ISS));
    const bool is_stored = ram[0x6000] == 0xfe;
    assert_int_equal(is_stored, fixture_vm()->errors.counts[GUEST_ERROR_NO_SYNDROME] == before);
    return is_stored;
}

static void test_permissions(void **state)
{
    (void)state;
    const uint64_t el0 = 0x3c0, el1 = 0x3c5, for_el0 = BIT(6), read_only = BIT(7);
    const struct {
        uint64_t ap;
        uint64_t mode;
        uint32_t instruction;
        bool is_permitted;
    } cases[] = {
        {0, el1, STP_X0_X2, true},          {0, el0, STP_X0_X2, false},    {0, el1, STTR_X0, false},
        {for_el0, el0, STP_X0_X2, true},    {for_el0, el1, STTR_X0, true}, {for_el0 | read_only, el0, STP_X0_X2, false},
        {read_only, el1, STP_X0_X2, false},
    };
    const uint64_t value = 0xcafe;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        switch_mmu_on();
        put_entry(0x4000, 1, UINT64_C(0x40000000) | 1 | cases[i].ap);
        assert_int_equal(is_carried_out(cases[i].instruction, cases[i].mode), cases[i].is_permitted);
    }
    /* What may only be read can be loaded, with the privileges of the load. */
    for (size_t i = 0; i < 2; i++) {
        put_entry(0x4000, 1, UINT64_C(0x40000000) | 1 | read_only | (i == 0 ? for_el0 : 0));
        memcpy(ram + 0x6000, &value, 8);
        *fake_x(0, 0) = 0;
        fake.vcpus[0].context.spsr = el1;
        assert_true(run_at(LDTR_X0, DEVICE, NO_ISS));
        assert_int_equal(*fake_x(0, 0), i == 0 ? value : 0);
    }
}

/* A store over the end of a page, by EL0: it lies in RAM, with a page of the kernel's behind it there. */
static void test_across_two_pages(void **state)
{
    (void)state;
    const uint64_t el0 = 0x3c0, valid = 3, for_el0 = BIT(6), read_only = BIT(7);
    const struct {
        uint64_t second; /* descriptor of the next page of virtual addresses */
        bool is_carried_out;
    } cases[] = {
        {RAM_BASE | valid | for_el0, true},
        {RAM_BASE | valid, false},
        {RAM_BASE | valid | for_el0 | read_only, false},
        {0, false},
        {DEVICE | valid | for_el0, false}, /* devices take no parts of an access */
        {(RAM_BASE + RAM_BYTES) | valid | for_el0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        switch_mmu_on();
        put_entry(0x4000, 0, (RAM_BASE + 0x2000) | valid);
        put_entry(0x2000, 0, (RAM_BASE + 0x3000) | valid);
        put_entry(0x3000, 0, (RAM_BASE + 0x6000) | valid | for_el0);
        put_entry(0x3000, 1, cases[i].second);
        memset(ram, 0, 8);
        memset(ram, 0, 32);
        memset(ram + 0x6ffc, 0, 8);
        *fake_x(0, 0) = 0x1122334455667788;
        *fake_x(0, 1) = 0xffc;
        fake.vcpus[0].context.spsr = el0;
        assert_true(run_at(STR_X0_POST_0, DEVICE, STORE_ISS));
        assert_int_equal(ram[0x6ffc], cases[i].is_carried_out ? 0x88 : 0);
        assert_int_equal(ram[0], cases[i].is_carried_out ? 0x44 : 0);
        assert_int_equal(ram[3], cases[i].is_carried_out ? 0x11 : 0);
        for (size_t behind = 4; behind < 32; behind++) {
            assert_int_equal(ram[behind], 0);
        }
        assert_int_equal(ram[0x7000], 0);
        assert_int_equal(fixture_device.count, 0);
    }
    put_entry(0x3000, 1, cases[0].second);
    memset(ram, 0x5a, 4);
    memset(ram + 0x6ffc, 0xa5, 4);
    fake.vcpus[0].context.spsr = el0;
    assert_true(run_at(LDR_X0_POST_8, DEVICE, NO_ISS));
    assert_int_equal(*fake_x(0, 0), 0x5a5a5a5aa5a5a5a5);
}

static void test_walk_to_nothing(void **state)
{
    (void)state;
    switch_mmu_on();
    *fake_x(0, 1) = 0xffffff8040001230;
    assert_true(run_at(LDR_X0_POST_8, 0x0c000000, DABT_S1PTW | NO_ISS));
    fixture_assert_exception(0x96000016, 0x200);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], 0xffffff8040001230);
    assert_int_equal(fixture_vm()->errors.counts[GUEST_ERROR_ACCESS_NOTHING], 1);
    assert_int_equal(fake_log_count("0xc000000"), 1);
    /* A table that is in RAM: something else is wrong, and nothing is claimed. */
    *fake_x(0, 1) = 0xffffff8000000000;
    assert_true(run_at(LDR_X0_POST_8, 0x0c000000, DABT_S1PTW | NO_ISS));
    fixture_assert_exception(0x96000410, 0x200);
}

static void test_fetch_walk_to_nothing(void **state)
{
    (void)state;
    switch_mmu_on();
    fake.vcpus[0].context.pc = 0xffffff8040000100;
    assert_true(fixture_fault(
        fake_vm_fault(0, 0xffffff8040000100, 0x0c000000, fixture_class(ESR_EC_FETCH_LOWER, DABT_S1PTW | 7))));
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_ESR], 0x86000016);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_FAR], 0xffffff8040000100);
}

/* A handler of the VMM sees one register's access at a time, with the syndrome that it knows. */
static uint64_t seen_fsr[2];
static size_t seen_offset[2];
static unsigned seen_count;
static uint64_t move_pc_to;
static bool restarts;

static bool on_access(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)data;
    seen_fsr[seen_count % 2] = fsr;
    seen_offset[seen_count % 2] = offset;
    seen_count++;
    fault_emulate_write(regs, 0, fsr, 0x70 + offset);
    if (move_pc_to != 0) {
        regs->pc = move_pc_to;
    }
    if (restarts) {
        const struct vcpu_entry entry = {.pc = FIXTURE_PC + 0x100};
        assert_int_equal(vcpu_start(fixture_vm(), vcpu_id, &entry), RESULT_OK);
    }
    return true;
}

static void register_handler(void)
{
    assert_true(fault_register_vm_exception_handler(0xc0000000, 0x1000, on_access, NULL));
    *fake_x(0, 1) = 0xc0000000;
    seen_count = 0;
    move_pc_to = 0;
    restarts = false;
}

static void test_handler(void **state)
{
    (void)state;
    register_handler();
    assert_true(run_at(LDP_X0_X2, 0xc0000000, NO_ISS));
    assert_done();
    assert_int_equal(seen_count, 2);
    assert_int_equal(seen_offset[1], 8);
    assert_true(fault_is_read(seen_fsr[0]));
    assert_int_equal(field_get(DABT_SRT, seen_fsr[0]), 0);
    assert_int_equal(field_get(DABT_SRT, seen_fsr[1]), 2);
    assert_int_equal(*fake_x(0, 0), 0x70);
    assert_int_equal(*fake_x(0, 2), 0x78);
    assert_true(run_at(LDR_X0_POST_8, 0xc0000000, NO_ISS));
    assert_done();
    assert_int_equal(*fake_x(0, 1), 0xc0000008);
}

/* What the syndrome says to a handler of the VMM: as the hardware would say it of that access. */
static void test_syndrome_for_a_handler(void **state)
{
    (void)state;
    register_handler();
    const uint64_t esr = fixture_class(ESR_EC_DATA_LOWER, DABT_ISV | 4);
    const struct {
        uint32_t instruction;
        uint64_t fsr;
    } cases[] = {
        {LDR_X0_POST_8, field_make(DABT_SAS, 3) | DABT_SF},
        {LDRB_W0_POST_1, 0},
        {LDRSB_W0_POST_1, DABT_SSE},
        {LDRSB_X0_POST_1, DABT_SSE | DABT_SF},
        {STR_W0_POST_4, field_make(DABT_SAS, 2) | DABT_WNR},
        {STRB_W0_POST_1, DABT_WNR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seen_count = 0;
        *fake_x(0, 1) = 0xc0000000;
        assert_true(run_at(cases[i].instruction, 0xc0000000, NO_ISS));
        assert_int_equal(seen_count, 1);
        assert_int_equal(seen_fsr[0], esr | cases[i].fsr);
    }
}

static void test_handler_that_moves_the_pc(void **state)
{
    (void)state;
    register_handler();
    move_pc_to = FIXTURE_PC + 0x40;
    assert_true(run_at(LDP_X0_X2, 0xc0000000, NO_ISS));
    assert_int_equal(seen_count, 1);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 0x40);
}

static void test_handler_that_restarts(void **state)
{
    (void)state;
    register_handler();
    restarts = true;
    assert_false(run_at(LDP_X0_X2, 0xc0000000, NO_ISS));
    assert_int_equal(seen_count, 1);
    assert_int_equal(fake.vcpus[0].context.pc, FIXTURE_PC + 0x100);
    assert_int_equal(fake.vcpus[0].context.x0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_load_pair, setup),
        cmocka_unit_test_setup(test_branch_type, setup),
        cmocka_unit_test_setup(test_signs, setup),
        cmocka_unit_test_setup(test_store_pair, setup),
        cmocka_unit_test_setup(test_write_back, setup),
        cmocka_unit_test_setup(test_register_offsets, setup),
        cmocka_unit_test_setup(test_stack_pointers, setup),
        cmocka_unit_test_setup(test_partly_in_ram, setup),
        cmocka_unit_test_setup(test_nothing_behind_the_device, setup),
        cmocka_unit_test_setup(test_misaligned, setup),
        cmocka_unit_test_setup(test_impossible, setup),
        cmocka_unit_test_setup(test_device_says_mistake, setup),
        cmocka_unit_test_setup(test_mistakes_by_page, setup),
        cmocka_unit_test_setup(test_through_tables, setup),
        cmocka_unit_test_setup(test_permissions, setup),
        cmocka_unit_test_setup(test_across_two_pages, setup),
        cmocka_unit_test_setup(test_walk_to_nothing, setup),
        cmocka_unit_test_setup(test_fetch_walk_to_nothing, setup),
        cmocka_unit_test_setup(test_handler, setup),
        cmocka_unit_test_setup(test_syndrome_for_a_handler, setup),
        cmocka_unit_test_setup(test_handler_that_moves_the_pc, setup),
        cmocka_unit_test_setup(test_handler_that_restarts, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
