/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores that the VMM decodes itself: any instruction at any PC, any translation tables, which change
 * meanwhile, any registers; on the interrupt controller, a device of the VMM's, RAM and nothing. What a table walk
 * reads is at most four descriptors, and what comes out of it is checked by all that the machine checks after an exit.
 *
 * An input is the shape of the machine, then steps: a byte that says what, one that says which vCPU, and its details.
 */
#include "machine.h"

#include <string.h>

#include "aarch64/exit/syndrome.h"
#include "aarch64/insn/decode.h"
#include "aarch64/insn/stage1.h"

#define STEP_COUNT_MAX 300
#define TABLE_COUNT    2
#define TABLE_BYTES    0x1000u
#define TABLES_AT      0x2000u /* in RAM */

static void put(uint64_t offset, const void *bytes, size_t size)
{
    const struct guest_ram *ram = &vm_instance()->ram;
    const gpa_t at = gpa(ram->base.value + offset % (ram->size_bytes - size));
    MACHINE_REQUIRE(guest_ram_write(ram, at, bytes, size) == RESULT_OK);
}

/* A descriptor of one of a few tables, which names another of them, RAM or a device; or is anything. */
static void step_descriptor(struct input *input, size_t vcpu_id)
{
    static const uint64_t targets[] = {MACHINE_RAM_BASE, MACHINE_DEVICE_BASE, MACHINE_DIST_BASE, 0};
    const uint8_t what = input_u8(input);
    const uint64_t table = MACHINE_RAM_BASE + TABLES_AT + (what & (TABLE_COUNT - 1u)) * TABLE_BYTES;
    const uint16_t slot = input_u16(input);
    uint64_t descriptor = (what & 4) != 0 ? table | 3 : targets[what >> 3 & 3] | ((what & 0x20) != 0 ? 1 : 3);
    if (what >= 0xc0) {
        descriptor = input_u64(input);
    }
    (void)vcpu_id;
    put(TABLES_AT + (slot % (TABLE_COUNT * TABLE_BYTES / 8)) * 8u, &descriptor, sizeof descriptor);
}

/* Translation on or off, with any granule and size, from one of the tables or from anywhere. */
static void step_controls(struct input *input, size_t vcpu_id)
{
    seL4_Word *regs = fake.vcpus[vcpu_id].regs;
    const uint8_t what = input_u8(input);
    const uint64_t table = MACHINE_RAM_BASE + TABLES_AT + (what >> 4 & (TABLE_COUNT - 1u)) * TABLE_BYTES;
    regs[seL4_VCPUReg_SCTLR] = what & 1;
    regs[seL4_VCPUReg_TCR] = (what & 2) != 0 ? input_u64(input) : 16u + (what >> 6) * 9u;
    regs[seL4_VCPUReg_TTBR0] = (what & 4) != 0 ? input_value(input) : table;
    regs[seL4_VCPUReg_TTBR1] = (what & 8) != 0 ? input_value(input) : table;
}

static uint64_t any_address(struct input *input)
{
    static const uint64_t bases[] = {MACHINE_RAM_BASE, MACHINE_DEVICE_BASE, MACHINE_DIST_BASE, MACHINE_REDIST_BASE};
    const uint8_t zone = input_u8(input);
    return zone >= 0xe0 ? input_value(input) : bases[zone & 3] + (zone >> 2) * 0x1000u / 4 + (zone & 7);
}

static void step_register(struct input *input, size_t vcpu_id)
{
    const uint8_t n = input_u8(input);
    const uint64_t value = any_address(input);
    if (n % 32 < 31) {
        *fake_x(vcpu_id, n % 32) = value;
    } else if ((n & 0x80) != 0) {
        fake.vcpus[vcpu_id].regs[seL4_VCPUReg_SP_EL1] = value;
    } else {
        fake.vcpus[vcpu_id].context.sp = value;
    }
}

/* A store to RAM that overlaps the instruction or the tables. */
static void step_memory(struct input *input, size_t vcpu_id)
{
    const uint16_t at = input_u16(input);
    const uint64_t bytes = input_u64(input);
    (void)vcpu_id;
    put(at, &bytes, sizeof bytes);
}

/* What the decoder says of an instruction makes sense, whatever the instruction. */
static void check_decoded(uint32_t instruction)
{
    struct load_store what;
    if (!decode_load_store(instruction, &what)) {
        return;
    }
    MACHINE_REQUIRE(what.width_bytes == 1 || what.width_bytes == 2 || what.width_bytes == 4 || what.width_bytes == 8);
    MACHINE_REQUIRE(what.count == 1 || (what.count == 2 && what.width_bytes >= 4));
    MACHINE_REQUIRE(what.data[0] < 32 && what.data[1] < 32 && what.base < 32 && what.index <= DECODE_NO_OFFSET);
    MACHINE_REQUIRE(what.index == DECODE_NO_OFFSET || what.index_bits == 32 || what.index_bits == 64);
    MACHINE_REQUIRE(what.index == DECODE_NO_OFFSET || (!what.writes_back && what.index_shift <= 3));
    MACHINE_REQUIRE(what.offset > -1024 && what.offset < 0x8000);
    MACHINE_REQUIRE(!what.is_post || what.writes_back);
    MACHINE_REQUIRE(what.is_load || !what.is_signed);
}

/* The instruction traps without a syndrome; at any PC, wherever that is mapped. */
static void step_trap(struct input *input, size_t vcpu_id)
{
    const uint8_t how = input_u8(input);
    const uint32_t instruction = input_u32(input);
    const uint64_t fault_class = (how & 0x40) != 0 ? FSC_CLASS_PERMISSION : FSC_CLASS_TRANSLATION;
    uint64_t esr = field_make(ESR_EC, (how & 0x80) != 0 ? ESR_EC_FETCH_LOWER : ESR_EC_DATA_LOWER) | ESR_IL |
                   field_make(FSC_CLASS, fault_class) | (how & 3);
    esr |= (how & 4) != 0 ? DABT_WNR : 0;
    esr |= (how & 0x38) == 0x38 ? DABT_S1PTW : 0;
    const uint64_t offset = (how & 8) != 0 ? 0xffe : 0x100;
    const uint64_t pc = (how & 0x10) != 0 ? any_address(input) : MACHINE_RAM_BASE + offset;
    const uint64_t at = any_address(input);
    check_decoded(instruction);
    put(offset, &instruction, sizeof instruction);
    machine_trap(vcpu_id, pc, 4, fake_vm_fault(vcpu_id, pc, at, esr));
}

/* The walk itself, of any address: what it answers is a level that there is. */
static void step_translate(struct input *input, size_t vcpu_id)
{
    const seL4_Word *regs = fake.vcpus[vcpu_id].regs;
    const struct stage1 stage1 = {regs[seL4_VCPUReg_SCTLR], regs[seL4_VCPUReg_TCR], regs[seL4_VCPUReg_TTBR0],
                                  regs[seL4_VCPUReg_TTBR1]};
    gpa_t at = gpa(0);
    uint32_t level;
    const uint64_t va = input_u64(input);
    const uint32_t needs = input_u8(input) & (STAGE1_NEEDS_WRITE | STAGE1_NEEDS_EL0);
    const enum result result = stage1_translate(&stage1, &vm_instance()->ram, va, needs, &at, &level);
    MACHINE_REQUIRE(level <= 3);
    MACHINE_REQUIRE(result != RESULT_OK || at.value >> 48 == 0);
}

typedef void (*step_t)(struct input *input, size_t vcpu_id);

static const step_t steps[] = {
    step_trap,   step_trap, step_trap, step_register,  step_register,      step_descriptor,       step_controls,
    step_memory, step_trap, step_trap, step_translate, machine_guest_step, machine_end_interrupt,
};

static void step(struct input *input)
{
    const uint8_t what = input_u8(input);
    size_t vcpu_id;
    if (what >= 0xf0) {
        machine_vmm_step(input);
    } else if (machine_pick_running(input, &vcpu_id)) {
        steps[what % ARRAY_SIZE(steps)](input, vcpu_id);
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
