/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A kernel and two pairs of device tree and initrd, as symbols of the VMM.
 */

.macro image name, path
    .balign 4096
    .global \name, \name\()_end
\name:
    .incbin "\path"
\name\()_end:
.endm

    .section .rodata.images, "a", @progbits
    image _guest_kernel_image, KERNEL_IMAGE
    image _first_dtb_image, FIRST_DTB_IMAGE
    image _first_initrd_image, FIRST_INITRD_IMAGE
    image _second_dtb_image, SECOND_DTB_IMAGE
    image _second_initrd_image, SECOND_INITRD_IMAGE

    .section .note.GNU-stack, "", @progbits
