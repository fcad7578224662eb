/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The guest's images as symbols of the VMM. The build defines GUEST_KERNEL_IMAGE, GUEST_DTB_IMAGE and
 * GUEST_INITRD_IMAGE, each the path of a file.
 */

.macro image name, path
    .balign 4096
    .global \name, \name\()_end
\name:
    .incbin "\path"
\name\()_end:
.endm

    .section .rodata.images, "a", @progbits
    image _guest_kernel_image, GUEST_KERNEL_IMAGE
    image _guest_dtb_image, GUEST_DTB_IMAGE
    image _guest_initrd_image, GUEST_INITRD_IMAGE

    .section .note.GNU-stack, "", @progbits
