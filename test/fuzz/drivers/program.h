/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A driver or virtualiser as drivers_fuzz.c plays with it: the regions that others can write, its entry points, and
 * what must hold after each of them. A program's file includes program_names.h and then the source.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#include <libvmm/sddf/queue.h>

#include "../input.h"

#define PROGRAM_REGIONS_MAX 32

struct program {
    const char *name;
    /* Regions and configuration; `input` chooses what there is to choose. */
    void (*set_up)(struct input *input);
    void (*init)(void);
    void (*notified)(microkit_channel channel);
    void (*check)(void);
    uint64_t addresses[4]; /* that mean something to it: values to write are these, and some more */
};

extern const struct program program_blk_virt, program_net_virt, program_serial_virt, program_uart, program_virtio_blk,
    program_virtio_console, program_virtio_net, program_virtio_rng;

/* A region that others can write, zeroed; it is there until the next input. */
struct sddf_region program_region(size_t bytes);

/* Aborts: a rule of the program's own does not hold. */
#define PROGRAM_REQUIRE(condition) ((condition) ? (void)0 : program_fail(#condition, __FILE__, __LINE__))
_Noreturn void program_fail(const char *condition, const char *file, int line);

static inline unsigned program_bits(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}
