/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Accesses to the areas of a split virtqueue, which are little-endian: single ones of their width, which the compiler
 * neither repeats nor splits. [VIRTIO 2.7]
 */
#pragma once

#include <stdint.h>

#include "spec/virtio/queue.h"

static inline uint16_t virtq_load16(const uint8_t *at)
{
    return __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_RELAXED);
}

static inline uint64_t virtq_load64(const uint8_t *at)
{
    return __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_RELAXED);
}

/* What the other side wrote before it stored this is seen after it. */
static inline uint16_t virtq_load16_acquire(const uint8_t *at)
{
    return __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

static inline void virtq_store16(uint8_t *at, uint16_t value)
{
    __atomic_store_n((uint16_t *)(void *)at, value, __ATOMIC_RELAXED);
}

static inline void virtq_store16_release(uint8_t *at, uint16_t value)
{
    __atomic_store_n((uint16_t *)(void *)at, value, __ATOMIC_RELEASE);
}

static inline void virtq_store32(uint8_t *at, uint32_t value)
{
    __atomic_store_n((uint32_t *)(void *)at, value, __ATOMIC_RELAXED);
}

/* Between a store that the other side waits for and a load of what it wants: neither may overtake the other. */
static inline void virtq_fence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
