/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a device tree tells Linux of its initial RAM disk: linux,initrd-start and linux,initrd-end of /chosen.
 */
#pragma once

#include "boot/dtb.h"
#include "boot/layout.h"
#include "util/result.h"

#define DTB_CHOSEN_PAGE_BYTES 4096

/*
 * Checks that /chosen says the same. linux,initrd-end may be anything from the end of the image to the end of `ram`; a
 * page or more past the image is logged. An empty `initrd` means that there is none: /chosen must then say nothing, or
 * give a start that equals its end. RESULT_INVALID, with a log line, if not.
 */
MUST_CHECK enum result dtb_chosen_check_initrd(const struct dtb *dtb, const struct layout_range *initrd,
                                               const struct layout_range *ram);
