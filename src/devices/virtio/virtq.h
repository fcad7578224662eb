/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The device's side of a split virtqueue: which descriptor chains the driver has made available, which are used, and
 * who wants to be told. [VIRTIO 2.7]
 *
 *      driver                        device
 *      available ring  ------------> virtq_pop, virtq_unpop
 *      used ring       <------------ virtq_put, virtq_publish
 *
 * Left out: packed virtqueues, in-order use, virtqueues whose size is not a power of two.
 *
 * Invariants: while a queue is enabled, its three areas lie wholly in the guest's RAM and are aligned; nothing in them
 * is trusted, and no field of them is read twice for one purpose. The device's own counters are never read back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "devices/virtio/virtq_chain.h"
#include "util/result.h"
#include "vm/gpa.h"
#include "vm/guest_ram.h"

#define VIRTQ_SIZE_MAX  1024   /* the largest that a device may offer */
#define VIRTQ_NO_VECTOR 0xffff /* [VIRTIO 4.1.5.1.2.1] */

/* The areas of a queue, as the driver names them one by one. */
enum virtq_area {
    VIRTQ_AREA_DESC,   /* descriptor table */
    VIRTQ_AREA_DRIVER, /* available ring */
    VIRTQ_AREA_DEVICE, /* used ring */
    VIRTQ_AREA_COUNT,
};

struct virtq {
    uint16_t size_max; /* what the device offers: a power of two; survives a reset */
    uint16_t size;     /* what the driver has chosen */
    uint16_t vector;   /* the message that it has chosen, on a transport that has several; or VIRTQ_NO_VECTOR */
    gpa_t areas[VIRTQ_AREA_COUNT];
    bool enabled;

    /* Below: only while enabled. */
    bool event_idx;
    const struct guest_ram *ram;
    const uint8_t *desc;
    const uint8_t *avail;
    uint8_t *used;
    uint16_t next_avail;     /* of the available ring: the next chain to take */
    uint16_t next_used;      /* of the used ring: where the next chain goes */
    uint16_t published_used; /* next_used as the driver has been shown it */
    uint16_t signalled_used; /* published_used when it was last asked whether the driver wants an interrupt */
};

/* The state after a reset of the device or of the queue. */
void virtq_reset(struct virtq *vq);

/*
 * Starts to use the rings. RESULT_INVALID: the size is not a power of two up to size_max, or an area is misaligned;
 * RESULT_RANGE: an area is not in the guest's RAM. The queue then stays disabled.
 */
MUST_CHECK enum result virtq_enable(struct virtq *vq, const struct guest_ram *ram, bool event_idx);

/*
 * Takes the next available chain. RESULT_RANGE: there is none; RESULT_INVALID: the driver has broken the ring or the
 * chain's head.
 */
MUST_CHECK enum result virtq_pop(struct virtq *vq, struct virtq_chain *chain);

/* Puts the last `count` chains back, which have not been used: virtq_pop gives them again. */
void virtq_unpop(struct virtq *vq, uint16_t count);

/* Whether the driver has asked not to be interrupted for what it is shown next. */
bool virtq_is_interrupt_suppressed(const struct virtq *vq);

/* Whether the driver is asked not to kick. */
bool virtq_is_kick_suppressed(const struct virtq *vq);

/* How many chains are available; more than the queue's size for a ring that virtq_pop would call broken. */
uint16_t virtq_available(const struct virtq *vq);

static inline bool virtq_has_available(const struct virtq *vq)
{
    return virtq_available(vq) != 0;
}

/* Returns a chain to the driver, with the number of bytes written into it. Not visible before virtq_publish. */
void virtq_put(struct virtq *vq, uint16_t head, uint32_t written_bytes);

/* Shows the driver all chains that were put, and answers whether it wants an interrupt for them. */
MUST_CHECK bool virtq_publish(struct virtq *vq);

/* Asks the driver not to notify the device of available chains. It may do so all the same. */
void virtq_suppress_kicks(struct virtq *vq);

/*
 * Asks for notifications again, of more than the `count` chains that are known to be available. True: there are more
 * already, for which none may come.
 */
MUST_CHECK bool virtq_want_more(struct virtq *vq, uint16_t count);

static inline bool virtq_want_kicks(struct virtq *vq)
{
    return virtq_want_more(vq, 0);
}
