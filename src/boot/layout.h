/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Where kernel, device tree and initial RAM disk lie in guest RAM. [LinuxBoot 2, 3, 4]
 *
 * Left out: what else the device tree reserves in the same memory; the guest sees to that itself.
 */
#pragma once

#include <stdint.h>

#include "boot/linux_image.h"
#include "util/result.h"
#include "vm/gpa.h"

#define LAYOUT_KERNEL_ALIGN_BYTES 0x200000 /* of the base that text_offset counts from */
#define LAYOUT_DTB_ALIGN_BYTES    8
#define LAYOUT_DTB_BYTES_MAX      0x200000

/* A range of guest-physical addresses. Empty: size_bytes is 0. */
struct layout_range {
    gpa_t base;
    uint64_t size_bytes;
};

struct layout {
    struct layout_range kernel; /* all the memory that the kernel needs; its entry point is the base */
    struct layout_range dtb;
    struct layout_range initrd; /* empty: none */
};

/*
 * Places the kernel, and checks that everything lies inside `ram`, aligned as it must be, and that nothing overlaps.
 * In: layout->dtb and layout->initrd. Out: layout->kernel. On an error, a log line names the values.
 *
 * RESULT_RANGE: outside of guest RAM, or too large or too far away; RESULT_INVALID: misaligned; RESULT_BUSY: two
 * overlap.
 */
MUST_CHECK enum result layout_decide(const struct layout_range *ram, const struct linux_image *image,
                                     struct layout *layout);
