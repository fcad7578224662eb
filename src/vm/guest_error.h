/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Mistakes of the guest: each is counted by kind; the first at each place is logged, up to a fixed number of places.
 * Nothing a guest does can make the log grow without bound.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/result.h"

#define GUEST_ERROR_PLACE_COUNT_MAX 32

struct vm;

enum guest_error_kind {
    GUEST_ERROR_ACCESS_NOTHING,  /* load or store where nothing is; place: guest-physical page */
    GUEST_ERROR_FETCH_NOTHING,   /* instruction fetch where nothing is; place: guest-physical page */
    GUEST_ERROR_NO_SYNDROME,     /* an access that the hardware does not describe; place: PC */
    GUEST_ERROR_DEVICE,          /* a device calls an access a mistake; place: guest-physical address */
    GUEST_ERROR_SYSTEM_REGISTER, /* a trapped system register that does not exist here; place: its encoding */
    GUEST_ERROR_TRAP,            /* any other trap; place: exception class */
    GUEST_ERROR_SERROR,          /* a bus answers a store with an error; place: syndrome */
    GUEST_ERROR_FAULT,           /* a fault message that a vCPU should not cause; place: label */
    GUEST_ERROR_KIND_COUNT,
};

struct guest_error_place {
    enum guest_error_kind kind;
    uint64_t place;
};

struct guest_errors {
    uint64_t counts[GUEST_ERROR_KIND_COUNT];
    struct guest_error_place logged[GUEST_ERROR_PLACE_COUNT_MAX];
    size_t logged_count;
};

/* What a kind is, for a person; a place belongs behind it. */
const char *guest_error_text(enum guest_error_kind kind);

/*
 * Counts a mistake of the guest, and logs it if it is the first of its kind at `place`. `detail` is printed in hex.
 * Stops the guest if the VMM has asked for that: the exit under way then must not change the vCPU any more.
 */
COLD void guest_error(struct vm *vm, size_t vcpu_id, enum guest_error_kind kind, uint64_t place, uint64_t detail);
