/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * sDDF's block connections: a queue of requests to a virtualiser, a queue of its responses, a page that describes the
 * storage, and a data region for the blocks themselves. See queue.h for what the sides may expect of each other.
 *
 * A client notifies the virtualiser after it has enqueued; the virtualiser notifies after it has responded. There are
 * at most `num_buffers` requests under way: a client that keeps to that finds room for every response.
 */
#pragma once

#include <libvmm/sddf/queue.h>

#define SDDF_BLK_VERSION       ((char)2)
#define SDDF_BLK_CLIENT_CONFIG ".blk_client_config"
/** The unit of transfer: a "block", in bytes. */
#define SDDF_BLK_BYTES        4096
#define SDDF_BLK_CAPACITY_MAX (UINT32_C(1) << 15)

struct sddf_blk_connection {
    struct sddf_region storage_info;
    struct sddf_region req_queue;
    struct sddf_region resp_queue;
    uint16_t num_buffers; /**< capacity of both queues; a power of two */
    uint8_t id;           /**< the channel */
};

/** Section .blk_client_config. */
struct sddf_blk_client_config {
    char magic[SDDF_MAGIC_BYTES];
    struct sddf_blk_connection virt;
    struct sddf_region data;
};

enum sddf_blk_code {
    SDDF_BLK_READ,
    SDDF_BLK_WRITE,
    SDDF_BLK_FLUSH,
    SDDF_BLK_BARRIER,
};

enum sddf_blk_status {
    SDDF_BLK_OK,
    SDDF_BLK_UNSPECIFIED,
    SDDF_BLK_INVALID,   /**< the request makes no sense: code, buffer or blocks */
    SDDF_BLK_IO_ERROR,  /**< the device could not do it */
    SDDF_BLK_NO_DEVICE, /**< there is none */
};

struct sddf_blk_request {
    uint32_t code;         /**< enum sddf_blk_code */
    uint64_t io_or_offset; /**< of the buffer, from the start of the client's data region, in bytes */
    uint64_t block_number; /**< first block */
    uint16_t count;        /**< blocks */
    uint32_t id;           /**< comes back in the response */
};

struct sddf_blk_response {
    uint32_t status; /**< enum sddf_blk_status */
    uint16_t success_count;
    uint32_t id;
};

struct sddf_blk_req_queue {
    uint32_t head;
    uint32_t tail;
    bool plugged; /**< the client's: the virtualiser leaves the requests alone for now */
    uint8_t reserved[7];
    struct sddf_blk_request entries[];
};

struct sddf_blk_resp_queue {
    uint32_t head;
    uint32_t tail;
    struct sddf_blk_response entries[];
};

/** The page that describes the storage. */
struct sddf_blk_storage_info {
    char serial_number[64];
    bool read_only;
    bool ready;           /**< the rest is valid; by sddf_blk_is_ready and sddf_blk_set_ready */
    uint16_t sector_size; /**< bytes */
    uint16_t block_size;  /**< preferred size of a transfer, in units of 4096 bytes */
    uint16_t queue_depth;
    uint16_t cylinders;
    uint16_t heads;
    uint16_t blocks;
    uint64_t capacity; /**< in units of 4096 bytes */
};

_Static_assert(sizeof(struct sddf_blk_connection) == 56, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_connection, req_queue) == 16, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_connection, resp_queue) == 32, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_connection, num_buffers) == 48, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_connection, id) == 50, "layout of sDDF");
_Static_assert(sizeof(struct sddf_blk_client_config) == 80, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_client_config, virt) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_client_config, data) == 64, "layout of sDDF");
_Static_assert(sizeof(struct sddf_blk_request) == 32, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_request, io_or_offset) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_request, block_number) == 16, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_request, count) == 24, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_request, id) == 28, "layout of sDDF");
_Static_assert(sizeof(struct sddf_blk_response) == 12, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_response, success_count) == 4, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_response, id) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_req_queue, plugged) == 8, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_req_queue, entries) == 16, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_resp_queue, entries) == 8, "layout of sDDF");
_Static_assert(sizeof(struct sddf_blk_storage_info) == 88, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, read_only) == 64, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, ready) == 65, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, sector_size) == 66, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, block_size) == 68, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, queue_depth) == 70, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, cylinders) == 72, "layout of sDDF");
_Static_assert(offsetof(struct sddf_blk_storage_info, capacity) == 80, "layout of sDDF");

/** One's end of a connection. Opened by sddf_blk_open; `channel` and `info` are there for the caller. */
struct sddf_blk {
    struct sddf_blk_req_queue *req_queue;
    struct sddf_blk_resp_queue *resp_queue;
    struct sddf_blk_storage_info *info;
    struct sddf_counter32 req;
    struct sddf_counter32 resp;
    uint8_t channel;
};

/**
 * Opens one's end of a connection.
 *
 * @param blk         filled in; must not be used when this answers false.
 * @param connection  from the configuration section.
 * @param role        SDDF_PRODUCER for the client, who produces requests; SDDF_CONSUMER for the virtualiser.
 * @return whether the regions can hold the queues and the page.
 */
static inline bool sddf_blk_open(struct sddf_blk *blk, const struct sddf_blk_connection *connection,
                                 enum sddf_role role)
{
    uint32_t capacity = connection->num_buffers;
    enum sddf_role resp_role = role == SDDF_PRODUCER ? SDDF_CONSUMER : SDDF_PRODUCER;

    if (!sddf_region_holds(connection->req_queue, capacity, SDDF_BLK_CAPACITY_MAX, sizeof(struct sddf_blk_req_queue),
                           sizeof(struct sddf_blk_request)) ||
        !sddf_region_holds(connection->resp_queue, capacity, SDDF_BLK_CAPACITY_MAX, sizeof(struct sddf_blk_resp_queue),
                           sizeof(struct sddf_blk_response)) ||
        !sddf_region_holds(connection->storage_info, 1, 1, 0, sizeof(struct sddf_blk_storage_info))) {
        return false;
    }
    blk->req_queue = (struct sddf_blk_req_queue *)connection->req_queue.vaddr;
    blk->resp_queue = (struct sddf_blk_resp_queue *)connection->resp_queue.vaddr;
    blk->info = (struct sddf_blk_storage_info *)connection->storage_info.vaddr;
    blk->req = sddf_counter32_open(role, &blk->req_queue->head, &blk->req_queue->tail, capacity);
    blk->resp = sddf_counter32_open(resp_role, &blk->resp_queue->head, &blk->resp_queue->tail, capacity);
    blk->channel = connection->id;
    return true;
}

/** Whether the last operation found that a counter of the other side makes no sense. */
static inline bool sddf_blk_is_broken(const struct sddf_blk *blk)
{
    return blk->req.is_broken || blk->resp.is_broken;
}

/** For a client: whether the storage information is valid. */
static inline bool sddf_blk_is_ready(const struct sddf_blk_storage_info *info)
{
    /* The other side may write anything there, and a bool has two values only. */
    return __atomic_load_n((const uint8_t *)&info->ready, __ATOMIC_ACQUIRE) != 0;
}

/** For a client: whether writes are refused. */
static inline bool sddf_blk_is_read_only(const struct sddf_blk_storage_info *info)
{
    return __atomic_load_n((const uint8_t *)&info->read_only, __ATOMIC_RELAXED) != 0;
}

/** For a virtualiser, which has filled in the rest. */
static inline void sddf_blk_set_ready(struct sddf_blk_storage_info *info, bool is_ready)
{
    __atomic_store_n(&info->ready, is_ready, __ATOMIC_RELEASE);
}

/** For a client: holds its requests back, or lets them go. */
static inline void sddf_blk_set_plugged(struct sddf_blk *blk, bool is_plugged)
{
    __atomic_store_n(&blk->req_queue->plugged, is_plugged, __ATOMIC_RELEASE);
}

/** For a virtualiser: whether it is to leave the requests alone. */
static inline bool sddf_blk_is_plugged(const struct sddf_blk *blk)
{
    /* As above. */
    return __atomic_load_n((const uint8_t *)&blk->req_queue->plugged, __ATOMIC_ACQUIRE) != 0;
}

/** Requests that can be put (client), or taken (virtualiser); 0 when the other side is broken. */
static inline uint32_t sddf_blk_requests(struct sddf_blk *blk)
{
    return sddf_counter32_room(&blk->req);
}

/** Responses that can be taken (client), or put (virtualiser); 0 when the other side is broken. */
static inline uint32_t sddf_blk_responses(struct sddf_blk *blk)
{
    return sddf_counter32_room(&blk->resp);
}

/** Puts a request. For the client. False: there is no room. */
static inline bool sddf_blk_put_request(struct sddf_blk *blk, const struct sddf_blk_request *request)
{
    if (sddf_counter32_room(&blk->req) == 0) {
        return false;
    }
    blk->req_queue->entries[sddf_counter32_index(&blk->req, 0)] = *request;
    sddf_counter32_advance(&blk->req, 1);
    return true;
}

/** Takes a request: copies it once. For the virtualiser. False: there is none. */
static inline bool sddf_blk_take_request(struct sddf_blk *blk, struct sddf_blk_request *request)
{
    if (sddf_counter32_room(&blk->req) == 0) {
        return false;
    }
    const volatile struct sddf_blk_request *entry = &blk->req_queue->entries[sddf_counter32_index(&blk->req, 0)];
    *request = (struct sddf_blk_request){
        .code = entry->code,
        .io_or_offset = entry->io_or_offset,
        .block_number = entry->block_number,
        .count = entry->count,
        .id = entry->id,
    };
    sddf_counter32_advance(&blk->req, 1);
    return true;
}

/** Puts a response. For the virtualiser. False: there is no room. */
static inline bool sddf_blk_put_response(struct sddf_blk *blk, const struct sddf_blk_response *response)
{
    if (sddf_counter32_room(&blk->resp) == 0) {
        return false;
    }
    blk->resp_queue->entries[sddf_counter32_index(&blk->resp, 0)] = *response;
    sddf_counter32_advance(&blk->resp, 1);
    return true;
}

/** Takes a response: copies it once. For the client. False: there is none. */
static inline bool sddf_blk_take_response(struct sddf_blk *blk, struct sddf_blk_response *response)
{
    if (sddf_counter32_room(&blk->resp) == 0) {
        return false;
    }
    const volatile struct sddf_blk_response *entry = &blk->resp_queue->entries[sddf_counter32_index(&blk->resp, 0)];
    *response = (struct sddf_blk_response){
        .status = entry->status,
        .success_count = entry->success_count,
        .id = entry->id,
    };
    sddf_counter32_advance(&blk->resp, 1);
    return true;
}
