/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads and stores without a syndrome: see emulate.h. Each register's access gets the syndrome that the hardware would
 * give for it alone, so that devices and handlers of the VMM see accesses as they know them.
 */
#include "aarch64/insn/emulate.h"

#include <libvmm/util/util.h>

#include "aarch64/exit/psr.h"
#include "aarch64/exit/syndrome.h"
#include "aarch64/insn/decode.h"
#include "aarch64/insn/stage1.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "vm/vm.h"

#define INSTRUCTION_BYTES 4
#define PAGE_BYTES        4096u /* of the smallest granule */

/* One instruction on its way. */
struct emulation {
    struct stage1 stage1;
    struct load_store what;
    uint64_t pc;
    uint64_t base; /* value of the base register, and what it becomes if the instruction writes it back */
    uint64_t new_base;
    uint64_t va; /* of the first register's access */
};

/* Whether the stack pointer in use is SP_EL1, which is not among the general registers. */
static bool uses_sp_el1(const struct vcpu *vcpu)
{
    const uint64_t spsr = vcpu->regs.context->spsr;
    return (spsr & PSR_EL) != 0 && (spsr & PSR_SPSEL) != 0;
}

static uint64_t read_base(struct vcpu *vcpu, uint32_t n)
{
    if (n != DECODE_SP) {
        return vcpu_regs_get(vcpu, n);
    }
    return uses_sp_el1(vcpu) ? microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_SP_EL1) : vcpu->regs.context->sp;
}

static void write_base(struct vcpu *vcpu, uint32_t n, uint64_t value)
{
    if (n != DECODE_SP) {
        vcpu_regs_set(vcpu, n, value);
    } else if (uses_sp_el1(vcpu)) {
        microkit_vcpu_arm_write_reg(vcpu->id, seL4_VCPUReg_SP_EL1, value);
    } else {
        vcpu->regs.context->sp = value;
        vcpu_regs_changed(vcpu, VCPU_REGS_SPSR);
    }
}

static uint64_t read_offset(struct vcpu *vcpu, const struct load_store *what)
{
    if (what->index == DECODE_NO_OFFSET) {
        return (uint64_t)what->offset;
    }
    uint64_t value = vcpu_regs_get(vcpu, what->index);
    if (what->index_bits == 32) {
        value = what->index_is_signed ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
    }
    return value << what->index_shift;
}

static bool read_instruction(const struct vm *vm, struct emulation *emulation, uint32_t *instruction)
{
    uint32_t level;
    gpa_t at;
    return stage1_translate(&emulation->stage1, &vm->ram, emulation->pc, STAGE1_NEEDS_NONE, &at, &level) == RESULT_OK &&
           guest_ram_read(&vm->ram, at, instruction, sizeof *instruction) == RESULT_OK;
}

/* Reads and decodes the instruction at the PC, and computes its addresses. */
static bool begin(struct vm *vm, struct vcpu *vcpu, struct emulation *emulation)
{
    uint32_t instruction;
    vcpu_regs_fetch(vcpu, VCPU_REGS_ALL);
    if ((vcpu->regs.context->spsr & PSR_M32) != 0) {
        return false;
    }
    emulation->pc = vcpu->regs.context->pc;
    emulation->stage1 = stage1_of(vcpu->id);
    if (!read_instruction(vm, emulation, &instruction) || !decode_load_store(instruction, &emulation->what)) {
        return false;
    }
    emulation->base = read_base(vcpu, emulation->what.base);
    emulation->new_base = emulation->base + read_offset(vcpu, &emulation->what);
    emulation->va = emulation->what.is_post ? emulation->base : emulation->new_base;
    return true;
}

/* The syndrome of one register's access alone. */
static uint64_t syndrome_of(const struct load_store *what, uint32_t i)
{
    return field_make(ESR_EC, ESR_EC_DATA_LOWER) | ESR_IL | DABT_ISV |
           field_make(DABT_SAS, (uint64_t)__builtin_ctz(what->width_bytes)) | (what->is_signed ? DABT_SSE : 0) |
           field_make(DABT_SRT, what->data[i]) | (what->is_64 ? DABT_SF : 0) | (what->is_load ? 0 : DABT_WNR) |
           field_make(FSC_CLASS, FSC_CLASS_TRANSLATION);
}

/* The bytes of a register's access that lie in RAM: `size_bytes` of them, from `from` on. */
static void access_ram(void *memory, struct mmio_access *access, uint32_t from, uint32_t size_bytes)
{
    uint8_t *const value = (uint8_t *)&access->value + from;
    if (access->is_write) {
        memcpy(memory, value, size_bytes);
    } else {
        memcpy(value, memory, size_bytes);
    }
}

static enum emulate_outcome access_device(struct vm *vm, struct vcpu *vcpu, const struct emulate_place *place,
                                          struct mmio_access *access, bool *is_done)
{
    const uint64_t pc = vcpu->regs.context->pc;
    const enum mmio_result result = mmio_dispatch(&vm->mmio, place->at, access);
    if (result == MMIO_GUEST_ERROR) {
        guest_error(vm, vcpu->id, GUEST_ERROR_DEVICE, place->at.value, pc);
    }
    *is_done = vcpu->exit == VCPU_REPLACED;
    switch (result) {
    case MMIO_HANDLED:
    case MMIO_GUEST_ERROR:
        break;
    case MMIO_MISALIGNED:
        return EMULATE_MISALIGNED;
    case MMIO_UNHANDLED:
        return EMULATE_NOTHING;
    case MMIO_MOVED:
        *is_done = true;
        break;
    }
    return EMULATE_DONE;
}

/* What the guest's tables must permit. */
static uint32_t permissions(const struct vcpu *vcpu, const struct load_store *what)
{
    const bool is_el0 = what->is_unprivileged || (vcpu->regs.context->spsr & PSR_EL) == 0;
    return (is_el0 ? STAGE1_NEEDS_EL0 : 0) | (what->is_load ? 0 : STAGE1_NEEDS_WRITE);
}

static enum result translate(const struct vm *vm, const struct vcpu *vcpu, const struct emulation *emulation,
                             uint64_t va, gpa_t *at)
{
    uint32_t level;
    return stage1_translate(&emulation->stage1, &vm->ram, va, permissions(vcpu, &emulation->what), at, &level);
}

/*
 * A register's access whose first `first_bytes` lie in one page and the others in the next: of RAM, both of them, or it
 * is as an access to a device that is not aligned.
 */
static enum emulate_outcome access_two_pages(struct vm *vm, struct vcpu *vcpu, const struct emulation *emulation,
                                             const struct emulate_place *place, uint32_t first_bytes,
                                             struct mmio_access *access)
{
    const uint32_t second_bytes = access->width_bytes - first_bytes;
    gpa_t second_at;
    if (translate(vm, vcpu, emulation, place->va + first_bytes, &second_at) != RESULT_OK) {
        return EMULATE_IMPOSSIBLE;
    }
    void *first = guest_ram_at(&vm->ram, place->at, first_bytes);
    void *second = guest_ram_at(&vm->ram, second_at, second_bytes);
    if (first == NULL || second == NULL) {
        return EMULATE_MISALIGNED;
    }
    access_ram(first, access, 0, first_bytes);
    access_ram(second, access, first_bytes, second_bytes);
    return EMULATE_DONE;
}

/* The access of register i. `is_done`: the instruction is over already. */
static enum emulate_outcome access_one(struct vm *vm, struct vcpu *vcpu, const struct emulation *emulation, uint32_t i,
                                       struct emulate_place *place, bool *is_done)
{
    const struct load_store *what = &emulation->what;
    const uint64_t esr = syndrome_of(what, i);
    struct mmio_access access = {
        .vcpu_id = vcpu->id,
        .width_bytes = what->width_bytes,
        .is_write = !what->is_load,
    };
    place->va = emulation->va + i * what->width_bytes;
    if (translate(vm, vcpu, emulation, place->va, &place->at) != RESULT_OK) {
        return EMULATE_IMPOSSIBLE;
    }
    if (access.is_write) {
        access.value = dabt_truncate(esr, vcpu_regs_get(vcpu, what->data[i]));
    }
    vcpu->fsr = esr;
    enum emulate_outcome outcome = EMULATE_DONE;
    const uint32_t in_page = PAGE_BYTES - (uint32_t)(place->va % PAGE_BYTES);
    void *memory = guest_ram_at(&vm->ram, place->at, access.width_bytes);
    if (in_page < access.width_bytes) {
        outcome = access_two_pages(vm, vcpu, emulation, place, in_page, &access);
    } else if (memory != NULL) {
        access_ram(memory, &access, 0, access.width_bytes);
    } else {
        outcome = access_device(vm, vcpu, place, &access, is_done);
    }
    if (outcome == EMULATE_DONE && !access.is_write && !*is_done) {
        vcpu_regs_set(vcpu, what->data[i], dabt_extend(esr, access.value));
    }
    return outcome;
}

enum emulate_outcome emulate_load_store(struct vm *vm, struct vcpu *vcpu, struct emulate_place *place)
{
    struct emulation emulation;
    bool is_done = false;
    if (!begin(vm, vcpu, &emulation)) {
        return EMULATE_IMPOSSIBLE;
    }
    const seL4_UserContext before = *vcpu->regs.context;
    const uint64_t fsr = vcpu->fsr;
    for (uint32_t i = 0; i < emulation.what.count && !is_done; i++) {
        const enum emulate_outcome outcome = access_one(vm, vcpu, &emulation, i, place, &is_done);
        vcpu->fsr = fsr;
        if (outcome != EMULATE_DONE) {
            *vcpu->regs.context = before;
            return outcome;
        }
    }
    if (!is_done) {
        if (emulation.what.writes_back) {
            write_base(vcpu, emulation.what.base, emulation.new_base);
        }
        vcpu_regs_advance(vcpu, INSTRUCTION_BYTES);
    }
    return EMULATE_DONE;
}

bool emulate_find_address(struct vm *vm, struct vcpu *vcpu, gpa_t at, uint64_t *va)
{
    struct emulation emulation;
    gpa_t found;
    uint32_t level;
    if (!begin(vm, vcpu, &emulation) ||
        stage1_translate(&emulation.stage1, &vm->ram, emulation.va, STAGE1_NEEDS_NONE, &found, &level) != RESULT_OK) {
        return false;
    }
    *va = emulation.va;
    return found.value == at.value;
}

bool emulate_find_walk(struct vm *vm, struct vcpu *vcpu, bool is_fetch, uint64_t *va, uint32_t *level)
{
    struct emulation emulation;
    gpa_t at;
    if (is_fetch) {
        vcpu_regs_fetch(vcpu, VCPU_REGS_PC);
        emulation.stage1 = stage1_of(vcpu->id);
        emulation.va = vcpu->regs.context->pc;
    } else if (!begin(vm, vcpu, &emulation)) {
        return false;
    }
    *va = emulation.va;
    return stage1_translate(&emulation.stage1, &vm->ram, *va, STAGE1_NEEDS_NONE, &at, level) == RESULT_RANGE;
}
