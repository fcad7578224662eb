/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Decoding of data aborts (src/aarch64/exit/syndrome.*, fault_access.c) and register indexing (vcpu_regs.c): for every
 * syndrome, the width is one of four, a load leaves in its register what the Arm architecture says, only that register
 * changes, and every index stays inside of the register file.
 *
 * Bounds: none; all 2^64 syndromes, register contents, addresses and values. What a load leaves: for all syndromes that
 * a load can have.
 *
 * CBMC: --unwind 40
 */
#include "proof.h"

#include "aarch64/exit/fault_access.c"
#include "aarch64/exit/syndrome.c"
#include "aarch64/vcpu/vcpu_regs.c"

#define CONTEXT_WORDS 36

static uint64_t word_of(const seL4_UserContext *context, unsigned index)
{
    return ((const uint64_t *)context)[index];
}

/* Sign or zero extension to 32 or 64 bits, written down as the architecture does. */
static uint64_t extended(uint64_t value, unsigned bits, bool is_signed, bool to_64)
{
    const uint64_t low = bits == 64 ? value : value & ((UINT64_C(1) << bits) - 1);
    const bool is_negative = (low >> (bits - 1) & 1) != 0;
    const uint64_t high = bits == 64 ? 0 : ~((UINT64_C(1) << bits) - 1);
    const uint64_t all = is_signed && is_negative ? low | high : low;
    return to_64 ? all : all & UINT32_MAX;
}

/* No instruction loads eight bytes into a register of four. */
static bool is_possible(uint64_t esr)
{
    return dabt_width_bytes(esr) < 8 || (esr & DABT_SF) != 0;
}

static void decoding(uint64_t esr, uint64_t value)
{
    const unsigned width = dabt_width_bytes(esr);
    PROVE(width == 1 || width == 2 || width == 4 || width == 8, "four widths");
    PROVE(dabt_register(esr) <= VCPU_REG_ZERO, "32 registers");
    PROVE((unsigned)esr_ec(esr) < ESR_EC_COUNT, "64 classes");
    PROVE(!is_possible(esr) ||
              dabt_extend(esr, value) == extended(value, 8 * width, (esr & DABT_SSE) != 0, (esr & DABT_SF) != 0),
          "a load extends as the architecture says");
    PROVE(dabt_truncate(esr, value) == extended(value, 8 * width, false, true), "a store is cut to its width");
}

static void indexing(void)
{
    seL4_UserContext context;
    const uint32_t a = any_u32();
    const uint32_t b = any_u32();
    ASSUME(a < VCPU_REG_ZERO && b < VCPU_REG_ZERO && a != b);
    const size_t index = (size_t)(vcpu_regs_in(&context, a) - (uint64_t *)&context);
    PROVE(index >= VCPU_REGS_X0 - 1 && index < CONTEXT_WORDS - 2, "a general register is none of the others");
    PROVE(vcpu_regs_in(&context, a) != vcpu_regs_in(&context, b), "registers are apart");
}

/* A handler's completion of a load. */
static void completion(uint64_t esr)
{
    seL4_UserContext before;
    seL4_UserContext after = before;
    const uint64_t addr = any_u64();
    const uint64_t value = any_u64();
    const unsigned index = any_u32();
    ASSUME(index < CONTEXT_WORDS);
    fault_emulate_write(&after, addr, esr, value);
    const uint32_t n = dabt_register(esr);
    const bool is_destination = n != VCPU_REG_ZERO && index == vcpu_regs_index[n == VCPU_REG_ZERO ? 0 : n];
    PROVE(is_destination || word_of(&after, index) == word_of(&before, index), "only the destination changes");
    PROVE(!is_destination || fault_is_read(esr) || word_of(&after, index) == word_of(&before, index),
          "a store changes nothing");
    PROVE(n == VCPU_REG_ZERO ? fault_get_data(&before, esr) == 0
                             : fault_get_data(&before, esr) == dabt_truncate(esr, word_of(&before, vcpu_regs_index[n])),
          "what a store stores");
    PROVE(fault_get_data_mask(addr, esr) != 0, "a mask covers a byte at least");
}

int seL4_TCB_ReadRegisters(seL4_CPtr tcb, seL4_Bool suspend_source, seL4_Uint8 arch_flags, seL4_Word count,
                           seL4_UserContext *regs)
{
    PROVE(count >= 1 && count <= CONTEXT_WORDS && __CPROVER_w_ok(regs, count * sizeof(seL4_Word)), "a fetch fits");
    for (seL4_Word i = 0; i < CONTEXT_WORDS; i++) {
        if (i < count) {
            ((uint64_t *)regs)[i] = any_u64();
        }
    }
    return any_int();
}

int seL4_TCB_WriteRegisters(seL4_CPtr tcb, seL4_Bool resume_target, seL4_Uint8 arch_flags, seL4_Word count,
                            seL4_UserContext *regs)
{
    PROVE(count >= 1 && count <= CONTEXT_WORDS, "a write-back fits");
    return any_int();
}

/* The register cache of an exit, through two accesses to any registers and a write-back. */
static void cache(void)
{
    struct vcpu vcpu = {.id = any_u8()};
    const uint32_t read = any_u32();
    const uint32_t written = any_u32();
    const uint64_t value = any_u64();
    ASSUME(read <= VCPU_REG_ZERO && written <= VCPU_REG_ZERO);
    vcpu_regs_begin_at(&vcpu, any_u64());
    (void)vcpu_regs_get(&vcpu, read);
    vcpu_regs_set(&vcpu, written, value);
    PROVE(written == VCPU_REG_ZERO || vcpu_regs_get(&vcpu, written) == value, "what is set is there");
    PROVE(vcpu_regs_get(&vcpu, VCPU_REG_ZERO) == 0, "the zero register is zero");
    vcpu_regs_advance(&vcpu, 4);
    PROVE(vcpu.regs.dirty <= vcpu.regs.valid && vcpu.regs.valid <= CONTEXT_WORDS, "dirty <= valid <= all");
    vcpu_regs_flush(&vcpu);
    PROVE(vcpu.regs.dirty == 0, "nothing is left to write back");
}

int main(void)
{
    decoding(any_u64(), any_u64());
    indexing();
    completion(any_u64());
    cache();
    return 0;
}
