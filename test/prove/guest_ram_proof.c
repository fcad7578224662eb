/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Guest RAM (src/vm/guest_ram.c): a pointer is given exactly for ranges that lie wholly inside, it points to the
 * right byte, and what is copied or cleared is all of that range of RAM, and nothing else.
 *
 * Bounds: RAM of 1 byte to 2^40 at any guest-physical address; ranges of any address and size.
 * Copying itself is C's own: memcpy and its like only have their arguments checked here.
 *
 * CBMC: --unwind 2
 */
#include "proof.h"

#include "vm/guest_ram.c"

#define BYTES_MAX (UINT64_C(1) << 40)

static uint8_t *memory; /* all of RAM */
static uint8_t *buffer; /* of the caller */
static uint64_t wanted_offset, wanted_bytes;
static bool is_moved;

static void check_ram(const void *at, uint64_t size)
{
    PROVE(at == memory + wanted_offset && size == wanted_bytes, "the range that was asked for");
    PROVE(size == 0 || __CPROVER_rw_ok(at, size), "all of it is RAM");
}

void cache_sync(const void *start, size_t size_bytes)
{
    check_ram(start, size_bytes);
}

static void *check_move(void *to, const void *from, size_t size)
{
    const bool is_to_ram = __CPROVER_same_object(to, memory);
    check_ram(is_to_ram ? to : from, size);
    PROVE((is_to_ram ? from : to) == (const void *)buffer, "the caller's buffer, from its start");
    is_moved = true;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return check_move(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
    return check_move(to, from, size);
}

void *memset(void *to, int value, size_t size)
{
    PROVE(value == 0, "cleared");
    check_ram(to, size);
    is_moved = true;
    return to;
}

static bool is_inside(const struct guest_ram *ram, uint64_t at, uint64_t size)
{
    const uint64_t offset = at - ram->base.value;
    return at >= ram->base.value && offset <= ram->size_bytes && size <= ram->size_bytes - offset;
}

static void pointers(const struct guest_ram *ram, gpa_t at, uint64_t size)
{
    const uint8_t *found = guest_ram_at(ram, at, size);
    PROVE((found != NULL) == is_inside(ram, at.value, size), "a pointer means inside, and inside a pointer");
    if (found != NULL) {
        check_ram(found, size);
    }
}

static enum result move(const struct guest_ram *ram, gpa_t at, uint64_t size)
{
    switch (any_u8()) {
    case 0:
        return guest_ram_read(ram, at, buffer, size);
    case 1:
        return guest_ram_write(ram, at, buffer, size);
    case 2:
        return guest_ram_load(ram, at, buffer, size);
    default:
        return guest_ram_clear(ram, at, size);
    }
}

static void moves(const struct guest_ram *ram, gpa_t at, uint64_t size)
{
    const bool is_refused = move(ram, at, size) != RESULT_OK;
    PROVE(is_refused != is_inside(ram, at.value, size), "refused exactly if not inside");
    PROVE(is_moved != is_refused, "and then nothing is touched");
}

int main(void)
{
    const uint64_t bytes = any_u64();
    const uint64_t base = any_u64();
    const uint64_t at = any_u64();
    const uint64_t size = any_u64();
    struct guest_ram ram = {0};
    PROVE(guest_ram_at(&ram, gpa(at), size) == NULL, "without RAM there is no pointer");
    ASSUME(bytes >= 1 && bytes <= BYTES_MAX);
    memory = __CPROVER_allocate(bytes, 0);
    buffer = __CPROVER_allocate(1, 0);
    wanted_offset = at - base;
    wanted_bytes = size;
    if (guest_ram_init(&ram, memory, gpa(base), bytes) != RESULT_OK) {
        PROVE(base > UINT64_MAX - bytes, "only RAM that wraps is refused");
    } else if (any_bool()) {
        pointers(&ram, gpa(at), size);
    } else {
        moves(&ram, gpa(at), size);
    }
    return 0;
}
