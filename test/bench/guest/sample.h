/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Samples: how many instructions a piece of code takes. The counter must count instructions: QEMU with
 * -icount shift=0 and a counter of 1 GHz.
 */
#pragma once

#include "harness.h"

/* Counter values: before the code, at the first instruction of an exception handler, and after the code. */
struct sample {
    uint64_t before;
    uint64_t handler;
    uint64_t after;
};

/* What the code between the two readings gets: x12 to x15. */
struct operands {
    uint64_t x12;
    uint64_t x13;
    uint64_t x14; /* in samples with an interrupt: where storing a zero silences it */
    uint64_t x15; /* in samples with an interrupt: base of the GICv2's CPU interface */
};

/* Exception vectors that put the counter into x10, acknowledge and end an interrupt, or step over an instruction. */
void sample_use_vectors(void);

/*
 * Takes one sample of `code`, which may use x0 to x4 and x12 to x15, and which an exception may interrupt. A macro: the
 * code has to stand between two readings of the counter in one piece. That of an empty piece is subtracted later.
 */
#define SAMPLE(sample, operands, code)                                                                                 \
    __asm__ volatile("ldp x12, x13, [%1]\n"                                                                            \
                     "ldp x14, x15, [%1, #16]\n"                                                                       \
                     "mov x10, xzr\n"                                                                                  \
                     "isb\n"                                                                                           \
                     "mrs x9, cntvct_el0\n" code "\n"                                                                  \
                     "isb\n"                                                                                           \
                     "mrs x11, cntvct_el0\n"                                                                           \
                     "stp x9, x10, [%0]\n"                                                                             \
                     "str x11, [%0, #16]\n"                                                                            \
                     :                                                                                                 \
                     : "r"(sample), "r"(operands)                                                                      \
                     : "x0", "x1", "x2", "x3", "x4", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "cc", "memory")

/* In `code`: until the handler has run. */
#define UNTIL_HANDLED "1: cbz x10, 1b\n"

#define SAMPLE_COUNT 100

/* A path that is measured. */
struct path {
    const char *name;
    void (*take)(struct sample *sample);
    bool has_handler; /* there is also a figure until the handler, NAME_handler */
};

/* Takes SAMPLE_COUNT samples of a path and prints "BENCH name minimum total" for each of its figures. */
void sample_path(const struct path *path);
