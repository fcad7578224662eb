/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The sDDF connections between VMM and backend, as gic2.system and gic3.system map them in both.
 */
#pragma once

#include <libvmm/sddf/blk.h>
#include <libvmm/sddf/serial.h>

#define PAGE_BYTES    0x1000
#define PAGE(n)       ((void *)(0x50000000 + (uintptr_t)(n)*PAGE_BYTES))
#define SERIAL_BYTES  256 /* small, so that it fills */
#define BLK_ENTRIES   16
#define BLK_DATA_SIZE 0x20000
#define DISK_BLOCKS   16

#define SERIAL_REGION(n, id)                                                                                           \
    {                                                                                                                  \
        {PAGE(n), PAGE_BYTES}, {PAGE((n) + 1), SERIAL_BYTES}, id                                                       \
    }
#define BLK_CONNECTION(id)                                                                                             \
    {                                                                                                                  \
        {PAGE(4), PAGE_BYTES}, {PAGE(5), PAGE_BYTES}, {PAGE(6), PAGE_BYTES}, BLK_ENTRIES, id                           \
    }
#define BLK_DATA PAGE(7)
