/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What an internal operation answers. RESULT_OK is zero, so `if (r != RESULT_OK)` reads naturally.
 */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))

/* For what is rare, to keep it out of the way of what is not. */
#define COLD     __attribute__((noinline, cold))
#define NOINLINE __attribute__((noinline))

enum result {
    RESULT_OK,          /* done */
    RESULT_INVALID,     /* an argument makes no sense */
    RESULT_RANGE,       /* an address, size or number is outside its limits */
    RESULT_FULL,        /* a fixed-size table has no room left */
    RESULT_BUSY,        /* exists already, or is in use */
    RESULT_DENIED,      /* not permitted in this state */
    RESULT_UNSUPPORTED, /* understood, but not implemented */
};
