/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Counts and logs what guests do wrong.
 */
#include "vm/guest_error.h"

#include <libvmm/tcb.h>
#include <libvmm/util/util.h>
#include <libvmm/vcpu.h>

#include "vm/guest.h"
#include "vm/vm.h"

static const char *const guest_error_texts[GUEST_ERROR_KIND_COUNT] = {
    [GUEST_ERROR_ACCESS_NOTHING] = "access to nothing, page",
    [GUEST_ERROR_FETCH_NOTHING] = "instruction fetch from nothing, page",
    [GUEST_ERROR_NO_SYNDROME] = "access that cannot be emulated, by the instruction at",
    [GUEST_ERROR_DEVICE] = "access that the device does not permit, at",
    [GUEST_ERROR_SYSTEM_REGISTER] = "access to a system register that does not exist, encoding",
    [GUEST_ERROR_TRAP] = "trap that is not emulated, exception class",
    [GUEST_ERROR_SERROR] = "a store has had a bus error (SError), syndrome",
    [GUEST_ERROR_FAULT] = "unexpected fault, label",
};

const char *guest_error_text(enum guest_error_kind kind)
{
    return guest_error_texts[kind];
}

static bool is_logged(const struct guest_errors *errors, enum guest_error_kind kind, uint64_t place)
{
    for (size_t i = 0; i < errors->logged_count; i++) {
        if (errors->logged[i].kind == kind && errors->logged[i].place == place) {
            return true;
        }
    }
    return false;
}

static void stop(struct vm *vm, size_t vcpu_id, enum guest_error_kind kind, uint64_t place, uint64_t detail)
{
    LOG_VMM_ERR("guest, vCPU %zu: stopped at its mistake: %s 0x%lx (0x%lx)\n", vcpu_id, guest_error_texts[kind], place,
                detail);
    tcb_print_regs(vcpu_id);
    vcpu_print_regs(vcpu_id);
    guest_pause(vm);
}

void guest_error(struct vm *vm, size_t vcpu_id, enum guest_error_kind kind, uint64_t place, uint64_t detail)
{
    struct guest_errors *errors = &vm->errors;
    errors->counts[kind]++;
    if (vm->stops_on_error) {
        stop(vm, vcpu_id, kind, place, detail);
        return;
    }
    if (errors->logged_count == GUEST_ERROR_PLACE_COUNT_MAX || is_logged(errors, kind, place)) {
        return;
    }
    errors->logged[errors->logged_count++] = (struct guest_error_place){.kind = kind, .place = place};
    LOG_VMM_ERR("guest, vCPU %zu: %s 0x%lx (0x%lx); further ones there are only counted\n", vcpu_id,
                guest_error_texts[kind], place, detail);
    if (errors->logged_count == GUEST_ERROR_PLACE_COUNT_MAX) {
        LOG_VMM_ERR("guest: %d mistakes logged; all further ones are only counted\n", GUEST_ERROR_PLACE_COUNT_MAX);
    }
}
