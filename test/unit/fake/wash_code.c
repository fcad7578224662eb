/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The program that washes vCPUs, in unit tests: bytes that are known when they lie in RAM.
 */
#include "aarch64/vcpu/wash.h"

/* One object, so that its end is where the other symbol points to. */
__asm__(".pushsection .rodata, \"a\"\n"
        ".globl wash_code, wash_code_end\n"
        "wash_code: .ascii \"the program that washes\"\n"
        "wash_code_end:\n"
        ".popsection\n");
