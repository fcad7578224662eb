/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The beginning of a bare guest that takes Linux's place: the header of a kernel image [LinuxBoot 4], a stack, and
 * guest_main. The file that includes it is all of the guest.
 */
#pragma once

#include <stdint.h>

uint8_t guest_stack[4096] __attribute__((aligned(16)));

__asm__(".section .text.head, \"ax\"\n"
        "    b start\n"
        "    .long 0\n"
        "    .quad 0\n"       /* text_offset */
        "    .quad 0x10000\n" /* image_size */
        "    .quad 0xa\n"     /* 4 KiB pages, anywhere in memory */
        "    .quad 0, 0, 0\n"
        "    .ascii \"ARM\\x64\"\n"
        "    .long 0\n"
        "start:\n"
        "    adrp x0, guest_stack\n"
        "    add sp, x0, :lo12:guest_stack\n"
        "    add sp, sp, #4096\n"
        "    b guest_main\n"
        ".text\n");
