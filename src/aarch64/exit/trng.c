/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Random numbers for the guest: see trng.h.
 */
#include "aarch64/exit/trng.h"

#include <libvmm/arch/aarch64/smc.h>
#include <libvmm/util/util.h>

#include "aarch64/vcpu/vcpu_regs.h"
#include "vm/vm.h"

#define WORD_COUNT 3 /* results in x1 to x3 */
#define BYTES_MAX  (WORD_COUNT * sizeof(uint64_t))

static bool is_function(uint64_t function)
{
    return function == TRNG_RND_64 || (function >= TRNG_VERSION && function <= TRNG_RND_32);
}

static int64_t get_uuid(const struct vm *vm, struct vcpu *vcpu)
{
    uint32_t words[4];
    memcpy(words, vm->hooks.trng_uuid, sizeof words);
    for (uint32_t i = 1; i < ARRAY_SIZE(words); i++) {
        vcpu_regs_set(vcpu, i, words[i]);
    }
    return words[0];
}

/* Entropy of `bits`, the first of them in the lowest ones of x3; x1 and the bits beyond are zero, on failure all. */
static int64_t get_random(struct vm *vm, struct vcpu *vcpu, uint64_t bits, uint32_t word_bytes)
{
    uint8_t bytes[BYTES_MAX] = {0};
    int64_t result = TRNG_SUCCESS;
    if (bits == 0 || bits > WORD_COUNT * word_bytes * 8) {
        result = TRNG_INVALID_PARAMETERS;
    } else if (!vm->hooks.trng(bytes, (bits + 7) / 8, vm->hooks.trng_cookie)) {
        result = TRNG_NO_ENTROPY;
        memset(bytes, 0, sizeof bytes);
    } else if (bits % 8 != 0) {
        bytes[bits / 8] &= (uint8_t)((1u << bits % 8) - 1);
    }
    for (uint32_t i = 0; i < WORD_COUNT; i++) {
        uint64_t word = 0;
        memcpy(&word, bytes + i * word_bytes, word_bytes);
        vcpu_regs_set(vcpu, WORD_COUNT - i, word);
    }
    memset(bytes, 0, sizeof bytes);
    return result;
}

int64_t trng_call(struct vm *vm, struct vcpu *vcpu, const struct smccc_call *call)
{
    if (vm->hooks.trng == NULL) {
        return TRNG_NOT_SUPPORTED;
    }
    switch (call->function) {
    case TRNG_VERSION:
        return TRNG_VERSION_1_0;
    case TRNG_FEATURES:
        return is_function(call->args[0]) ? TRNG_SUCCESS : TRNG_NOT_SUPPORTED;
    case TRNG_GET_UUID:
        return get_uuid(vm, vcpu);
    case TRNG_RND_32:
        return get_random(vm, vcpu, call->args[0], sizeof(uint32_t));
    case TRNG_RND_64:
        return get_random(vm, vcpu, call->args[0], sizeof(uint64_t));
    default:
        return TRNG_NOT_SUPPORTED;
    }
}

bool smc_register_trng(const uint8_t uuid[SMC_UUID_BYTES], smc_trng_source_t source, void *cookie)
{
    static const uint8_t not_supported[4] = {0xff, 0xff, 0xff, 0xff};
    struct vm_hooks *hooks = &vm_instance()->hooks;
    if (uuid == NULL || source == NULL || memcmp(uuid, not_supported, sizeof not_supported) == 0) {
        LOG_VMM_ERR("smc_register_trng: %s\n", uuid == NULL || source == NULL ? "no UUID or no source given"
                                                                              : "a UUID cannot begin with 0xffffffff");
        return false;
    }
    memcpy(hooks->trng_uuid, uuid, sizeof hooks->trng_uuid);
    hooks->trng = source;
    hooks->trng_cookie = cookie;
    return true;
}
