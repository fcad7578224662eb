/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The program that resets vCPUs, in unit tests: bytes that are known when they lie in RAM.
 */
#include "aarch64/vcpu/reset_stub.h"

/* One object, so that its end is where the other symbol points to. */
__asm__(".pushsection .rodata, \"a\"\n"
        ".globl reset_stub_code, reset_stub_code_end\n"
        "reset_stub_code: .ascii \"the program that resets\"\n"
        "reset_stub_code_end:\n"
        ".popsection\n");
