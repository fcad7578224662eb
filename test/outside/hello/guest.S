/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest behind the header of a Linux kernel. It checks the entry state of the arm64 boot protocol, says so on the
 * PL011, and switches itself off.
 */
#define PL011_DR        0x9000000
#define DTB_DEST        0x40100000
#define PSCI_SYSTEM_OFF 0x84000008

header:
    b       start
    .long   0
    .quad   0           /* text_offset */
    .quad   0x10000     /* image_size */
    .quad   0xa         /* flags: little-endian, pages of 4 KiB, anywhere in memory */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

start:
    ldr     x9, =DTB_DEST
    adr     x10, wrong
    cmp     x0, x9
    b.ne    print
    orr     x1, x1, x2
    orr     x1, x1, x3
    cbnz    x1, print
    mrs     x1, CurrentEL
    cmp     x1, #(1 << 2)
    b.ne    print
    mrs     x1, SPSel
    cbz     x1, print
    mrs     x1, DAIF
    cmp     x1, #(0xf << 6)
    b.ne    print
    mrs     x1, SCTLR_EL1
    tbnz    x1, #0, print
    ldr     w1, [x0]
    ldr     w2, =0xedfe0dd0
    cmp     w1, w2
    b.ne    print
    adr     x10, right
print:
    ldr     x11, =PL011_DR
1:  ldrb    w12, [x10], #1
    cbz     w12, 2f
    str     w12, [x11]
    b       1b
2:  ldr     x0, =PSCI_SYSTEM_OFF
    hvc     #0
    b       .

right:
    .asciz  "hello from the guest\n"
wrong:
    .asciz  "the entry state is wrong\n"
    .balign 8
    .ltorg
