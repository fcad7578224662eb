/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A program of Linux that executes the marker of test/bench/plugin/count.c, and ends.
 */
#define SYS_EXIT 93

    .global _start
_start:
    hint #0x70
    mov x0, #0
    mov x8, #SYS_EXIT
    svc #0
