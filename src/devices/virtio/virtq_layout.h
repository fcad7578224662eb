/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Where what lies in the areas of a split virtqueue, in bytes; all of it is little-endian. Accesses to guest memory are
 * single ones of their width: the compiler neither repeats nor splits them. [VIRTIO 2.7]
 */
#pragma once

#include <stdint.h>

#define VIRTQ_DESC_BYTES      16
#define VIRTQ_DESC_ADDR       0
#define VIRTQ_DESC_LEN        8 /* then flags (16 bits) and next (16 bits) */
#define VIRTQ_DESC_F_NEXT     1
#define VIRTQ_DESC_F_WRITE    2
#define VIRTQ_DESC_F_INDIRECT 4

#define VIRTQ_AVAIL_FLAGS          0
#define VIRTQ_AVAIL_IDX            2
#define VIRTQ_AVAIL_RING           4
#define VIRTQ_AVAIL_ENTRY_BYTES    2
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

#define VIRTQ_USED_FLAGS       0
#define VIRTQ_USED_IDX         2
#define VIRTQ_USED_RING        4
#define VIRTQ_USED_ENTRY_BYTES 8 /* id, len */
#define VIRTQ_USED_F_NO_NOTIFY 1

#define VIRTQ_EVENT_BYTES 2 /* behind each ring: used_event, avail_event */

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
