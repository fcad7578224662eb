/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtq.h.
 */
#include "devices/virtio/virtq.h"

#include <stddef.h>

#include "devices/virtio/virtq_layout.h"
#include "util/checked.h"

struct area {
    uint64_t bytes;
    uint64_t align_bytes;
};

/* Size and alignment of an area [VIRTIO 2.7]; the events behind the rings are always there, used or not. */
static struct area area_of(enum virtq_area which, uint16_t size)
{
    switch (which) {
    case VIRTQ_AREA_DESC:
        return (struct area){(uint64_t)size * VIRTQ_DESC_BYTES, 16};
    case VIRTQ_AREA_DRIVER:
        return (struct area){VIRTQ_AVAIL_RING + (uint64_t)size * VIRTQ_AVAIL_ENTRY_BYTES + VIRTQ_EVENT_BYTES, 2};
    default:
        return (struct area){VIRTQ_USED_RING + (uint64_t)size * VIRTQ_USED_ENTRY_BYTES + VIRTQ_EVENT_BYTES, 4};
    }
}

static const uint8_t *used_event(const struct virtq *vq)
{
    return vq->avail + VIRTQ_AVAIL_RING + (size_t)vq->size * VIRTQ_AVAIL_ENTRY_BYTES;
}

static uint8_t *avail_event(const struct virtq *vq)
{
    return vq->used + VIRTQ_USED_RING + (size_t)vq->size * VIRTQ_USED_ENTRY_BYTES;
}

void virtq_reset(struct virtq *vq)
{
    *vq = (struct virtq){.size_max = vq->size_max, .size = vq->size_max, .vector = VIRTQ_NO_VECTOR};
}

/* The memory of an area; NULL and *result say why there is none. Both addresses are aligned: the guest's and ours. */
static uint8_t *find_area(const struct virtq *vq, const struct guest_ram *ram, enum virtq_area which,
                          enum result *result)
{
    const struct area area = area_of(which, vq->size);
    uint8_t *memory = guest_ram_at(ram, vq->areas[which], area.bytes);
    if (memory == NULL) {
        *result = RESULT_RANGE;
    } else if (!is_aligned(vq->areas[which].value, area.align_bytes) ||
               !is_aligned((uintptr_t)memory, area.align_bytes)) {
        *result = RESULT_INVALID;
    }
    return memory;
}

enum result virtq_enable(struct virtq *vq, const struct guest_ram *ram, bool event_idx)
{
    if (!is_power_of_two(vq->size) || vq->size > vq->size_max) {
        return RESULT_INVALID;
    }
    enum result result = RESULT_OK;
    uint8_t *desc = find_area(vq, ram, VIRTQ_AREA_DESC, &result);
    uint8_t *avail = find_area(vq, ram, VIRTQ_AREA_DRIVER, &result);
    uint8_t *used = find_area(vq, ram, VIRTQ_AREA_DEVICE, &result);
    if (result != RESULT_OK) {
        return result;
    }
    vq->ram = ram;
    vq->desc = desc;
    vq->avail = avail;
    vq->used = used;
    vq->event_idx = event_idx;
    vq->next_avail = 0;
    vq->next_used = 0;
    vq->published_used = 0;
    vq->signalled_used = 0;
    vq->enabled = true;
    return RESULT_OK;
}

uint16_t virtq_available(const struct virtq *vq)
{
    return vq->enabled ? (uint16_t)(virtq_load16_acquire(vq->avail + VIRTQ_AVAIL_IDX) - vq->next_avail) : 0;
}

enum result virtq_pop(struct virtq *vq, struct virtq_chain *chain)
{
    const uint16_t count = virtq_available(vq);
    if (count == 0) {
        return RESULT_RANGE;
    }
    if (count > vq->size) {
        return RESULT_INVALID;
    }
    const size_t entry = vq->next_avail & (vq->size - 1u);
    const uint16_t head = virtq_load16(vq->avail + VIRTQ_AVAIL_RING + entry * VIRTQ_AVAIL_ENTRY_BYTES);
    if (head >= vq->size) {
        return RESULT_INVALID;
    }
    vq->next_avail++;
    virtq_chain_begin(chain, vq->ram, vq->desc, vq->size, head);
    return RESULT_OK;
}

void virtq_unpop(struct virtq *vq, uint16_t count)
{
    vq->next_avail = (uint16_t)(vq->next_avail - count);
}

void virtq_put(struct virtq *vq, uint16_t head, uint32_t written_bytes)
{
    const size_t entry = vq->next_used & (vq->size - 1u);
    uint8_t *at = vq->used + VIRTQ_USED_RING + entry * VIRTQ_USED_ENTRY_BYTES;
    virtq_store32(at, head);
    virtq_store32(at + sizeof(uint32_t), written_bytes);
    vq->next_used++;
}

/* Whether the driver wants an interrupt for what has been published since it was last asked. [VIRTIO 2.7.7] */
static bool wants_interrupt(struct virtq *vq)
{
    if (!vq->event_idx) {
        return (virtq_load16(vq->avail + VIRTQ_AVAIL_FLAGS) & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
    }
    const uint16_t event = virtq_load16(used_event(vq));
    const uint16_t behind_event = (uint16_t)(vq->published_used - event - 1);
    const uint16_t since = (uint16_t)(vq->published_used - vq->signalled_used);
    vq->signalled_used = vq->published_used;
    return behind_event < since;
}

bool virtq_is_interrupt_suppressed(const struct virtq *vq)
{
    return vq->event_idx ? virtq_load16(used_event(vq)) != vq->published_used
                         : (virtq_load16(vq->avail + VIRTQ_AVAIL_FLAGS) & VIRTQ_AVAIL_F_NO_INTERRUPT) != 0;
}

bool virtq_is_kick_suppressed(const struct virtq *vq)
{
    return vq->event_idx ? virtq_load16(avail_event(vq)) != vq->next_avail
                         : (virtq_load16(vq->used + VIRTQ_USED_FLAGS) & VIRTQ_USED_F_NO_NOTIFY) != 0;
}

bool virtq_publish(struct virtq *vq)
{
    if (vq->next_used == vq->published_used) {
        return false;
    }
    virtq_store16_release(vq->used + VIRTQ_USED_IDX, vq->next_used);
    vq->published_used = vq->next_used;
    virtq_fence();
    return wants_interrupt(vq);
}

void virtq_suppress_kicks(struct virtq *vq)
{
    /* With event_idx, an event that lies behind says the same. */
    if (!vq->event_idx) {
        virtq_store16(vq->used + VIRTQ_USED_FLAGS, VIRTQ_USED_F_NO_NOTIFY);
    }
}

bool virtq_want_more(struct virtq *vq, uint16_t count)
{
    if (vq->event_idx) {
        virtq_store16(avail_event(vq), (uint16_t)(vq->next_avail + count));
    } else {
        virtq_store16(vq->used + VIRTQ_USED_FLAGS, 0);
    }
    virtq_fence();
    return virtq_available(vq) != count;
}
