/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * sDDF's network connections. Each direction has two queues of buffers, free and active, and a data region that the
 * buffers lie in. See queue.h for what the sides may expect of each other.
 *
 * Transmission: the client takes a buffer from tx free, fills it, puts it on tx active; it finds it on tx free again
 * when it was sent. At start the client itself puts all of its buffers on tx free, by sddf_net_fill. Reception: the
 * client takes filled buffers from rx active and returns them to rx free; it gives none at start. The region that they
 * lie in may be read only for the client: where no packet is copied for it, it is the driver's.
 *
 * The flag `consumer_signalled` of a queue is its consumer's: it wants to hear when something was put.
 */
#pragma once

#include <libvmm/sddf/queue.h>

#define SDDF_NET_VERSION       ((char)5)
#define SDDF_NET_CLIENT_CONFIG ".net_client_config"
/** Size of a buffer. */
#define SDDF_NET_BUFFER_BYTES 2048
#define SDDF_NET_CAPACITY_MAX (UINT32_C(1) << 15)
/** The bits of a buffer's `oid` that mean something; 0 for clients. */
#define SDDF_NET_OID_MASK 0x3f

struct sddf_net_connection {
    struct sddf_region free_queue;
    struct sddf_region active_queue;
    uint16_t num_buffers; /**< capacity of both queues; a power of two */
    uint8_t id;           /**< the channel */
};

/** Section .net_client_config. */
struct sddf_net_client_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_net_connection rx;
    struct sddf_region rx_data;
    struct sddf_net_connection tx;
    struct sddf_region tx_data;
    uint8_t mac[6];
};

struct sddf_net_buffer {
    uint64_t io_or_offset; /**< from the start of the data region, in bytes */
    uint16_t len;          /**< of the frame, in bytes; 0 for a free buffer */
    uint16_t oid;          /**< SDDF_NET_OID_MASK; 0 for clients */
};

struct sddf_net_queue {
    uint16_t tail;
    uint16_t head;
    uint32_t consumer_signalled;
    struct sddf_net_buffer entries[];
};

_Static_assert(sizeof(struct sddf_net_connection) == 40, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_connection, active_queue) == 16, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_connection, num_buffers) == 32, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_connection, id) == 34, "layout of sDDF");
_Static_assert(sizeof(struct sddf_net_client_config) == 128, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_client_config, rx) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_client_config, rx_data) == 48, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_client_config, tx) == 64, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_client_config, tx_data) == 104, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_client_config, mac) == 120, "layout of sDDF");
_Static_assert(sizeof(struct sddf_net_buffer) == 16, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_buffer, len) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_buffer, oid) == 10, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_queue, head) == 2, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_queue, consumer_signalled) == 4, "layout of sDDF");
_Static_assert(offsetof(struct sddf_net_queue, entries) == 8, "layout of sDDF");

/** One's end of one queue. */
struct sddf_net_end {
    struct sddf_net_queue *queue;
    struct sddf_counter16 counter;
    bool is_filled_by_other; /* somebody else fills it at start: one's own counter is read at the first put */
};

/** One's ends of one direction's two queues. Opened by sddf_net_open; `channel` is there for the caller. */
struct sddf_net {
    struct sddf_net_end free;
    struct sddf_net_end active;
    uint8_t channel;
};

/**
 * Opens one's ends of a direction.
 *
 * @param net         filled in; must not be used when this answers false.
 * @param connection  from the configuration section.
 * @param role        of the caller for the active queue: SDDF_PRODUCER who sends, SDDF_CONSUMER who receives.
 * @return whether the regions can hold the queues.
 */
static inline bool sddf_net_open(struct sddf_net *net, const struct sddf_net_connection *connection,
                                 enum sddf_role role)
{
    struct sddf_net_queue *free_queue = (struct sddf_net_queue *)connection->free_queue.vaddr;
    struct sddf_net_queue *active_queue = (struct sddf_net_queue *)connection->active_queue.vaddr;
    enum sddf_role free_role = role == SDDF_PRODUCER ? SDDF_CONSUMER : SDDF_PRODUCER;
    uint16_t capacity = connection->num_buffers;

    if (!sddf_region_holds(connection->free_queue, capacity, SDDF_NET_CAPACITY_MAX, sizeof(struct sddf_net_queue),
                           sizeof(struct sddf_net_buffer)) ||
        !sddf_region_holds(connection->active_queue, capacity, SDDF_NET_CAPACITY_MAX, sizeof(struct sddf_net_queue),
                           sizeof(struct sddf_net_buffer))) {
        return false;
    }
    net->free.queue = free_queue;
    net->free.counter = sddf_counter16_open(free_role, &free_queue->head, &free_queue->tail, capacity);
    net->free.is_filled_by_other = free_role == SDDF_PRODUCER;
    net->active.queue = active_queue;
    net->active.counter = sddf_counter16_open(role, &active_queue->head, &active_queue->tail, capacity);
    net->active.is_filled_by_other = false;
    net->channel = connection->id;
    return true;
}

/** Buffers that can be taken (for the consumer) or put (for the producer); 0 when the other side is broken. */
static inline uint16_t sddf_net_available(struct sddf_net_end *end)
{
    return sddf_counter16_look(&end->counter);
}

/** Whether a buffer can be taken or put; sooner said than how many. */
static inline bool sddf_net_has(struct sddf_net_end *end)
{
    return sddf_counter16_has(&end->counter);
}

/** Whether the other side's counter made no sense when it was last looked at. */
static inline bool sddf_net_is_broken(const struct sddf_net_end *end)
{
    return end->counter.is_broken;
}

/** Puts a buffer. For the producer, who notifies the consumer if sddf_net_consumer_waits. False: there is no room. */
static inline bool sddf_net_put(struct sddf_net_end *end, const struct sddf_net_buffer *buffer)
{
    if (end->is_filled_by_other) {
        end->is_filled_by_other = false;
        end->counter.own = __atomic_load_n(end->counter.published, __ATOMIC_ACQUIRE);
        end->counter.left = 0;
    }
    if (!sddf_net_has(end)) {
        return false;
    }
    end->queue->entries[sddf_counter16_index(&end->counter)] = *buffer;
    sddf_counter16_advance(&end->counter);
    return true;
}

/** Takes a buffer: copies its entry once. For the consumer. False: there is none. */
static inline bool sddf_net_take(struct sddf_net_end *end, struct sddf_net_buffer *buffer)
{
    if (!sddf_net_has(end)) {
        return false;
    }
    const volatile struct sddf_net_buffer *entry = &end->queue->entries[sddf_counter16_index(&end->counter)];
    *buffer = (struct sddf_net_buffer){
        .io_or_offset = entry->io_or_offset,
        .len = entry->len,
        .oid = entry->oid & SDDF_NET_OID_MASK,
    };
    sddf_counter16_advance(&end->counter);
    return true;
}

/** For the producer, after putting: whether the consumer is to be notified. */
static inline bool sddf_net_consumer_waits(struct sddf_net_end *end)
{
    return sddf_signal_is_due(&end->queue->consumer_signalled);
}

/**
 * For the consumer, when the queue is empty: asks for a notification when something is put.
 *
 * @return whether to wait. False: there is something already, go on.
 */
static inline bool sddf_net_wait(struct sddf_net_end *end)
{
    sddf_signal_request(&end->queue->consumer_signalled);
    if (sddf_counter16_look(&end->counter) == 0) {
        return true;
    }
    sddf_signal_cancel(&end->queue->consumer_signalled);
    return false;
}

/** For the consumer, who is busy or does not care: asks for no notifications. */
static inline void sddf_net_do_not_signal(struct sddf_net_end *end)
{
    sddf_signal_cancel(&end->queue->consumer_signalled);
}

/**
 * Puts all buffers of a data region, offsets 0, 2048, 4096 and so on, on a free queue that nothing was ever put on. By
 * its consumer, right after sddf_net_open: the client for tx, the virtualiser for rx. For that moment the consumer acts
 * as the producer, who puts nothing until it has seen a buffer come out of this queue.
 *
 * @param end   of the queue.
 * @param data  the region; only as many buffers as the queue has room for are put.
 */
static inline void sddf_net_fill(struct sddf_net_end *end, struct sddf_region data)
{
    uint64_t count = data.size / SDDF_NET_BUFFER_BYTES;
    uint16_t capacity = end->counter.capacity;
    uint16_t most = count < capacity ? (uint16_t)count : capacity;

    for (uint16_t i = 0; i < most; i++) {
        uint16_t at = (uint16_t)((uint16_t)(end->counter.own + i) & (capacity - 1));
        end->queue->entries[at] = (struct sddf_net_buffer){.io_or_offset = (uint64_t)i * SDDF_NET_BUFFER_BYTES};
    }
    __atomic_store_n(&end->queue->tail, (uint16_t)(end->counter.own + most), __ATOMIC_RELEASE);
}
