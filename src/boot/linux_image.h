/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The header of an arm64 Linux kernel image. [LinuxBoot 4]
 *
 * Left out: big-endian kernels, whose accesses to emulated devices would need their bytes swapped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/result.h"

/* What the header says, once it has been found good. */
struct linux_image {
    uint64_t text_offset;  /* from a base aligned to 2 MiB to the image's start, which is its entry point */
    uint64_t memory_bytes; /* needed in memory from the image's start: never less than the file's size */
    uint64_t file_bytes;
    uint8_t page_kib; /* 4, 16 or 64; 0: not said */
    bool is_sized;    /* the header gives image_size: Linux 3.17 or newer */
};

/* RESULT_INVALID: this is not a kernel that can be started; a log line says why, and what to do. */
MUST_CHECK enum result linux_image_decode(const void *file, uint64_t file_bytes, struct linux_image *image);
