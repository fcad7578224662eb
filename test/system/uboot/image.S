/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * U-Boot with the header of a Linux kernel, by which the VMM knows where it belongs: it wants the device tree at the
 * start of RAM, has its first stack below 2 MiB, and runs from any multiple of 4096. The build defines UBOOT, the path
 * of u-boot.bin.
 */
#define TEXT_OFFSET 0x400000
#define IMAGE_BYTES 0x200000 /* with what it needs before it moves to the end of RAM */

    .section .text, "ax", %progbits
    .global _start
_start:
    b uboot
    nop
    .quad TEXT_OFFSET
    .quad IMAGE_BYTES
    .quad 0
    .quad 0
    .quad 0
    .quad 0
    .ascii "ARM\x64"
    .long 0

    .balign 4096
uboot:
    .incbin UBOOT

    .section .note.GNU-stack, "", %progbits
