/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Comes before everything else in what is built of src/virtio for tests: whatever is read of guest RAM and of
 * shared queues there, by an atomic load or memcpy, fake_ram_was_read hears of right afterwards, and fake_ram_fence of
 * fences. See virtio_driver.h for what tests make of it.
 */
#pragma once

#include <stddef.h>

void fake_ram_was_read(const volatile void *at, size_t bytes);
void fake_ram_fence(void);
void *fake_ram_memcpy(void *restrict to, const void *restrict from, size_t size);

#define memcpy fake_ram_memcpy
#define __atomic_load_n(at, order)                                                                                     \
    __extension__({                                                                                                    \
        const __typeof__(*(at)) loaded_ = __atomic_load_n(at, order);                                                  \
        fake_ram_was_read(at, sizeof loaded_);                                                                         \
        loaded_;                                                                                                       \
    })
#define __atomic_thread_fence(order)                                                                                   \
    do {                                                                                                               \
        __atomic_thread_fence(order);                                                                                  \
        fake_ram_fence();                                                                                              \
    } while (0)
