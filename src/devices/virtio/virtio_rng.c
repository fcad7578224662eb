/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The entropy device: one queue of buffers, which the VMM's source fills. A buffer that gets fewer bytes than it has
 * room for is used all the same, as the specification permits. [VIRTIO 5.4]
 */
#include <libvmm/virtio/rng.h>

#include "devices/virtio/virtio_device.h"

#define QUEUE_SIZE 16
#define QUEUE      0
/* Of one buffer: a guest must not keep the VMM busy for long with one request. */
#define BYTES_MAX   4096
#define BUFFERS_MAX (2 * QUEUE_SIZE) /* of one kick, likewise */

struct rng {
    struct virtio_device dev;
    struct virtq queue;
    virtio_rng_source_t source;
    void *cookie;
};

_Static_assert(sizeof(struct rng) <= VIRTIO_RNG_STORAGE_BYTES, "storage of the public structure");

enum outcome {
    OUTCOME_DONE,
    OUTCOME_WAIT, /* the source has nothing now */
    OUTCOME_NONE, /* the queue is empty, or the driver has made a mistake */
};

/* False: the source has nothing now. */
static bool fill(struct rng *rng, struct virtq_chain *chain)
{
    struct virtq_piece piece;
    uint32_t left = BYTES_MAX;
    while (left != 0 && virtq_chain_claim(chain, left, &piece)) {
        const size_t given = rng->source(rng->cookie, piece.memory, piece.bytes);
        const uint32_t bytes = given < piece.bytes ? (uint32_t)given : piece.bytes;
        chain->written_bytes += bytes;
        left -= bytes;
        if (bytes < piece.bytes) {
            return chain->written_bytes != 0;
        }
    }
    return true;
}

/* Serves one buffer. */
static enum outcome serve(struct rng *rng)
{
    struct virtq_chain chain;
    if (!virtio_device_pop(&rng->dev, QUEUE, &chain)) {
        return OUTCOME_NONE;
    }
    if (!fill(rng, &chain)) {
        virtq_unpop(&rng->queue, 1);
        return OUTCOME_WAIT;
    }
    if (chain.is_broken) {
        virtio_device_fail(&rng->dev, "gives a broken chain");
        return OUTCOME_NONE;
    }
    virtq_put(&rng->queue, chain.head, chain.written_bytes);
    return OUTCOME_DONE;
}

/* What is used is shown at the end: until then, a driver has no more buffers to give than the queue has entries. */
static void kick(void *ctx, uint16_t queue)
{
    struct rng *rng = ctx;
    enum outcome outcome = OUTCOME_DONE;
    for (unsigned left = BUFFERS_MAX; left != 0 && outcome == OUTCOME_DONE; left--) {
        outcome = serve(rng);
        if (outcome == OUTCOME_NONE && rng->dev.is_running && virtq_want_kicks(&rng->queue)) {
            outcome = OUTCOME_DONE;
        }
    }
    virtio_device_signal(&rng->dev, queue);
}

static void reset(void *ctx)
{
    (void)ctx;
}

static void queue_reset(void *ctx, uint16_t queue)
{
    (void)ctx;
    (void)queue;
}

bool virtio_rng_init(struct virtio_rng *storage, struct virtio_place place, virtio_rng_source_t source, void *cookie)
{
    static const struct virtio_device_ops ops = {.reset = reset, .queue_reset = queue_reset, .kick = kick};
    struct rng *rng = (struct rng *)(void *)storage;
    const struct virtio_device_type type = {
        .id = VIRTIO_ID_RNG,
        .name = "virtio rng",
        .ops = &ops,
        .queues = &rng->queue,
        .queue_count = 1,
    };
    *rng = (struct rng){.queue.size_max = QUEUE_SIZE, .source = source, .cookie = cookie};
    return virtio_device_init(&rng->dev, &type, rng, &place);
}

void virtio_rng_ready(struct virtio_rng *storage)
{
    struct rng *rng = (struct rng *)(void *)storage;
    virtio_device_kick(&rng->dev, QUEUE);
}
