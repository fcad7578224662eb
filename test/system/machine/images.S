/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A bare guest and its device tree as symbols of the VMM; the build defines GUEST_IMAGE and GUEST_DTB.
 */
.macro image name, path
    .balign 4096
    .global \name, \name\()_end
\name:
    .incbin "\path"
\name\()_end:
.endm

    .section .rodata.images, "a", @progbits
    image _guest_kernel_image, GUEST_IMAGE
    image _guest_dtb_image, GUEST_DTB

    .section .note.GNU-stack, "", @progbits
