/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's images as symbols of the VMM.
 */
    .section .rodata
    .balign 8
    .global _guest_kernel_image, _guest_kernel_image_end, _guest_dtb_image, _guest_dtb_image_end
_guest_kernel_image:
    .incbin "guest.bin"
_guest_kernel_image_end:
    .balign 8
_guest_dtb_image:
    .incbin "guest.dtb"
_guest_dtb_image_end:
