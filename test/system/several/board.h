/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the meter and a guest share, a page each: what the guest is to do, and what it has to report.
 */
#pragma once

#include <stdint.h>

#define GUEST_COUNT 4
#define BOARD_BYTES 0x1000

/* Where a guest has its page. */
#define BOARD_OF_GUEST 0x0b000000

enum order {
    ORDER_WORK,    /* take all the time that it gets */
    ORDER_FLOOD,   /* exit to its VMM, again and again */
    ORDER_CRASH,   /* an exception whose vector cannot be fetched either */
    ORDER_RESTART, /* reset itself, again and again */
    ORDER_COUNT,
};

struct board {
    volatile uint64_t order; /* the meter's */
    volatile uint64_t busy;  /* ticks in which the guest really ran */
    volatile uint64_t boots; /* how often the guest has booted */
    volatile uint64_t exits;
    volatile uint64_t checks;  /* how often it has looked at its state */
    volatile uint64_t damages; /* how often that was not as it should be */
};
