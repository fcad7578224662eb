/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The block device over sDDF block queues. [VIRTIO 5.2]
 *
 *      chain --parse--> request --issue, in order of arrival--> parts, a slot each --> sDDF --> response --> used
 *
 * A slot is a piece of the data region, and one sDDF request. A request is cut into parts as slots and the backend's
 * unit of 4096 bytes (a block) have it: whole blocks go as they are; a part of a block that is to be written takes two
 * sDDF requests, read and write, with the guest's bytes put in between.
 *
 * Ordering: two parts of one block under way at once, both writing and one of them reading first, would lose one's
 * bytes. So a part waits while it overlaps such another; and any part waits while it overlaps a write of a former life
 * of the driver, which may still come. What waits holds up what came later.
 *
 * Back-pressure: requests stay in the virtqueue while there is no room for them here. Everything goes on with the next
 * response.
 *
 * A driver that did not take VIRTIO_BLK_F_FLUSH believes in write-through: each of its writes is followed by a flush.
 *
 * Left out: discard, write zeroes, secure erase (sDDF has none of these), CONFIG_WCE, zoned storage.
 *
 * Invariants: a slot that is in use belongs to a request in use, or is an orphan: its driver has reset device or queue.
 * Nothing of the guest's is touched for an orphan. At most as many slots as the sDDF queues have entries: there is
 * always room for the second half of a partial write, and for every response.
 */
#include <libvmm/virtio/blk.h>

#include <libvmm/util/util.h>

#include "devices/virtio/virtio_device.h"
#include "spec/virtio/blk.h"
#include "util/checked.h"

struct header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

struct config {        /* [VIRTIO 5.2.4] */
    uint64_t capacity; /* sectors */
    uint32_t size_max;
    uint32_t seg_max;
    uint16_t cylinders;
    uint8_t heads;
    uint8_t sectors;
    uint32_t blk_size;
    uint8_t physical_block_exp;
    uint8_t alignment_offset;
    uint16_t min_io_size;
    uint32_t opt_io_size;
    uint8_t writeback;
    uint8_t unused;
    uint16_t num_queues;
};

_Static_assert(sizeof(struct header) == 16, "layout of VIRTIO 5.2.6");
_Static_assert(offsetof(struct config, blk_size) == 20 && offsetof(struct config, num_queues) == 34,
               "layout of VIRTIO 5.2.4");

#define QUEUE_SIZE      64
#define PIECE_COUNT_MAX 32 /* of one request */
#define REQUEST_COUNT   64
#define SLOT_COUNT_MAX  64
#define SLOT_BLOCKS_MAX 32
/*
 * Chains taken from one queue, and looks for more of them, before others have their turn. More than a driver can give
 * before it is shown what is used.
 */
#define CHAINS_MAX (2 * QUEUE_SIZE)

enum slot_state {
    SLOT_FREE,
    SLOT_READ,
    SLOT_WRITE,
    SLOT_PARTIAL_READ,  /* of a write of less than a block: first its block is read */
    SLOT_PARTIAL_WRITE, /* then it is written */
    SLOT_FLUSH,
};

struct request {
    struct virtq_piece pieces[PIECE_COUNT_MAX]; /* the data, in guest RAM */
    uint32_t piece_count;
    uint32_t type; /* enum virtio_blk_type */
    uint64_t sector;
    uint64_t bytes;        /* of data */
    uint64_t issued_bytes; /* of these, parts have been made */
    uint64_t room_bytes;   /* for the device to write, in front of the status */
    uint8_t *status;       /* in guest RAM */
    uint16_t queue;
    uint16_t head;
    uint16_t part_count; /* under way */
    bool is_issued;      /* nothing is left to be issued */
    bool has_failed;
};

struct slot {
    enum slot_state state;
    bool is_orphan;
    uint8_t request;
    uint16_t block_count;
    uint64_t block;
    uint32_t skip_bytes; /* of the first block, in front of the guest's bytes */
    uint32_t bytes;      /* the guest's */
    uint64_t offset;     /* of these, in the request's data */
};

struct blk {
    struct virtio_device dev;
    struct virtq queues[VIRTIO_BLK_QUEUE_COUNT_MAX];
    struct config config;
    struct sddf_blk sddf;
    uint8_t *data;
    uint32_t slot_count;
    uint32_t slot_blocks;
    uint64_t free_requests; /* bits */
    uint64_t free_slots;
    uint32_t special_count; /* slots that others may have to wait for: partial writes and orphans */
    uint32_t waiting_first; /* ring of requests that are not wholly issued, in order */
    uint32_t waiting_count;
    uint8_t waiting[REQUEST_COUNT];
    bool is_ready;
    bool has_sent; /* requests that the virtualiser has not been told of */
    struct slot slots[SLOT_COUNT_MAX];
    struct request requests[REQUEST_COUNT];
};

_Static_assert(sizeof(struct blk) <= VIRTIO_BLK_STORAGE_BYTES, "storage of the public structure");

/* The storage as the virtualiser describes it, as soon as it does. */
static void learn_storage(struct blk *blk)
{
    const struct sddf_blk_storage_info *info = blk->sddf.info;
    if (blk->is_ready || !sddf_blk_is_ready(info)) {
        return;
    }
    uint64_t bytes;
    const uint64_t capacity = info->capacity;
    const uint16_t sector_size = info->sector_size;
    const bool is_size_usable =
        is_power_of_two(sector_size) && sector_size >= VIRTIO_BLK_SECTOR_BYTES && sector_size <= SDDF_BLK_BYTES;
    blk->is_ready = true;
    blk->config.capacity = checked_mul(capacity, SDDF_BLK_BYTES, &bytes) ? bytes / VIRTIO_BLK_SECTOR_BYTES : 0;
    blk->config.blk_size = is_size_usable ? sector_size : VIRTIO_BLK_SECTOR_BYTES;
    blk->config.physical_block_exp = (uint8_t)__builtin_ctz(SDDF_BLK_BYTES / blk->config.blk_size);
    blk->config.min_io_size = (uint16_t)(SDDF_BLK_BYTES / blk->config.blk_size);
    blk->config.opt_io_size = blk->slot_blocks * blk->config.min_io_size;
    if (sddf_blk_is_read_only(info)) {
        blk->dev.features |= VIRTIO_BLK_F_RO;
    }
    virtio_device_config_changed(&blk->dev);
}

static uint8_t *slot_data(const struct blk *blk, const struct slot *slot)
{
    return blk->data + (size_t)(slot - blk->slots) * blk->slot_blocks * SDDF_BLK_BYTES;
}

/* Copies between a slot and the guest's bytes that it is for. The one copy there is. */
static void copy(const struct blk *blk, const struct slot *slot, bool to_guest)
{
    const struct request *request = &blk->requests[slot->request];
    uint8_t *data = slot_data(blk, slot) + slot->skip_bytes;
    uint64_t skip = slot->offset;
    uint32_t left = slot->bytes;
    for (uint32_t i = 0; i < request->piece_count && left != 0; i++) {
        const struct virtq_piece *piece = &request->pieces[i];
        if (skip >= piece->bytes) {
            skip -= piece->bytes;
            continue;
        }
        const uint32_t bytes = MIN(left, piece->bytes - (uint32_t)skip);
        uint8_t *memory = piece->memory + skip;
        to_guest ? memcpy(memory, data, bytes) : memcpy(data, memory, bytes);
        data += bytes;
        left -= bytes;
        skip = 0;
    }
}

static void release_request(struct blk *blk, const struct request *request)
{
    blk->free_requests |= BIT(request - blk->requests);
}

static void wait_in_line(struct blk *blk, const struct request *request)
{
    const uint32_t last = (blk->waiting_first + blk->waiting_count) % REQUEST_COUNT;
    blk->waiting[last] = (uint8_t)(request - blk->requests);
    blk->waiting_count++;
}

/*
 * Answers a chain. `bytes` are those of data that were written into it, from the first on: the status counts only where
 * nothing is left out in between. [VIRTIO 2.7.8.2]
 */
static void answer(struct blk *blk, const struct request *request, enum virtio_blk_status status, uint64_t bytes)
{
    *request->status = (uint8_t)status;
    virtq_put(&blk->queues[request->queue], request->head, (uint32_t)(bytes + (bytes == request->room_bytes)));
    release_request(blk, request);
}

/* All parts are done. Where the driver counts on it, a write is not done before it is flushed. */
static void finish(struct blk *blk, struct request *request)
{
    if (request->type == VIRTIO_BLK_T_OUT && !request->has_failed &&
        !virtio_device_has(&blk->dev, VIRTIO_BLK_F_FLUSH)) {
        request->type = VIRTIO_BLK_T_FLUSH;
        request->is_issued = false;
        wait_in_line(blk, request);
        return;
    }
    const bool is_read = request->type == VIRTIO_BLK_T_IN && !request->has_failed;
    answer(blk, request, request->has_failed ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK, is_read ? request->bytes : 0);
}

static bool is_partial(const struct slot *slot)
{
    return slot->state == SLOT_PARTIAL_READ || slot->state == SLOT_PARTIAL_WRITE;
}

static bool is_writing(const struct slot *slot)
{
    return slot->state == SLOT_WRITE || is_partial(slot);
}

/* Whether a part has to wait for another that is under way; see the head of this file. */
static bool must_wait_for(const struct slot *part, const struct slot *other)
{
    if (!is_writing(other) || !ranges_overlap(part->block, part->block_count, other->block, other->block_count)) {
        return false;
    }
    if (other->is_orphan) {
        return true;
    }
    return is_writing(part) && (is_partial(part) || is_partial(other));
}

static bool must_wait(const struct blk *blk, const struct slot *part)
{
    if (blk->special_count == 0 && !is_partial(part)) {
        return false;
    }
    for (uint32_t i = 0; i < blk->slot_count; i++) {
        if (blk->slots[i].state != SLOT_FREE && must_wait_for(part, &blk->slots[i])) {
            return true;
        }
    }
    return false;
}

static bool is_special(const struct slot *slot)
{
    return slot->is_orphan || is_partial(slot);
}

static void release_slot(struct blk *blk, struct slot *slot)
{
    blk->special_count -= is_special(slot);
    slot->state = SLOT_FREE;
    slot->is_orphan = false;
    blk->free_slots |= BIT(slot - blk->slots);
}

/* Hands a slot to the backend. False: it takes none. */
static bool send_slot(struct blk *blk, const struct slot *slot)
{
    static const enum sddf_blk_code codes[] = {
        [SLOT_READ] = SDDF_BLK_READ,           [SLOT_PARTIAL_READ] = SDDF_BLK_READ, [SLOT_WRITE] = SDDF_BLK_WRITE,
        [SLOT_PARTIAL_WRITE] = SDDF_BLK_WRITE, [SLOT_FLUSH] = SDDF_BLK_FLUSH,
    };
    const struct sddf_blk_request request = {
        .code = codes[slot->state],
        .io_or_offset = (uint64_t)(slot_data(blk, slot) - blk->data),
        .block_number = slot->block,
        .count = slot->block_count,
        .id = (uint32_t)(slot - blk->slots),
    };
    const bool is_sent = sddf_blk_put_request(&blk->sddf, &request);
    blk->has_sent |= is_sent;
    return is_sent;
}

/* The next part of a request: which blocks, and which bytes of them. */
static struct slot next_part(const struct blk *blk, const struct request *request)
{
    struct slot part = {.request = (uint8_t)(request - blk->requests), .offset = request->issued_bytes};
    if (request->type == VIRTIO_BLK_T_FLUSH) {
        part.state = SLOT_FLUSH;
        return part;
    }
    const uint64_t position = request->sector * VIRTIO_BLK_SECTOR_BYTES + request->issued_bytes;
    const uint64_t left = request->bytes - request->issued_bytes;
    const uint32_t room = blk->slot_blocks * SDDF_BLK_BYTES;
    part.block = position / SDDF_BLK_BYTES;
    part.skip_bytes = (uint32_t)(position % SDDF_BLK_BYTES);
    if (request->type == VIRTIO_BLK_T_IN) {
        part.state = SLOT_READ;
        part.bytes = (uint32_t)MIN(left, (uint64_t)(room - part.skip_bytes));
    } else if (part.skip_bytes != 0 || left < SDDF_BLK_BYTES) {
        part.state = SLOT_PARTIAL_READ;
        part.bytes = (uint32_t)MIN(left, (uint64_t)(SDDF_BLK_BYTES - part.skip_bytes));
    } else {
        part.state = SLOT_WRITE;
        part.bytes = (uint32_t)MIN(left / SDDF_BLK_BYTES * SDDF_BLK_BYTES, (uint64_t)room);
    }
    part.block_count = (uint16_t)((part.skip_bytes + part.bytes + SDDF_BLK_BYTES - 1) / SDDF_BLK_BYTES);
    return part;
}

/* Sends the next part of a request. False: not now. */
static bool issue_part(struct blk *blk, struct request *request)
{
    const struct slot part = next_part(blk, request);
    if (blk->free_slots == 0 || sddf_blk_requests(&blk->sddf) == 0 || must_wait(blk, &part)) {
        return false;
    }
    struct slot *slot = &blk->slots[__builtin_ctzll(blk->free_slots)];
    *slot = part;
    if (slot->state == SLOT_WRITE) {
        copy(blk, slot, false);
    }
    if (!send_slot(blk, slot)) {
        slot->state = SLOT_FREE;
        return false;
    }
    blk->free_slots &= blk->free_slots - 1;
    blk->special_count += is_special(slot);
    request->issued_bytes += slot->bytes;
    request->part_count++;
    request->is_issued = request->issued_bytes == request->bytes || request->type == VIRTIO_BLK_T_FLUSH;
    return true;
}

/* Sends what waits, in order, as far as that goes. A request that has failed sends nothing more. */
static void issue(struct blk *blk)
{
    while (blk->waiting_count != 0) {
        struct request *request = &blk->requests[blk->waiting[blk->waiting_first]];
        while (!request->is_issued && !request->has_failed) {
            if (!issue_part(blk, request)) {
                return;
            }
        }
        request->is_issued = true;
        blk->waiting_first = (blk->waiting_first + 1) % REQUEST_COUNT;
        blk->waiting_count--;
        if (request->part_count == 0) {
            finish(blk, request);
        }
    }
}

static void add_piece(struct request *request, struct virtq_piece piece, bool *fits)
{
    if (piece.bytes == 0) {
        return;
    }
    if (request->piece_count == PIECE_COUNT_MAX) {
        *fits = false;
        return;
    }
    request->pieces[request->piece_count++] = piece;
    request->bytes += piece.bytes;
}

/* The data of a request and its status byte, which is the chain's last. False: there is none. */
static bool gather(struct request *request, struct virtq_chain *chain, bool *fits)
{
    const bool is_read = request->type == VIRTIO_BLK_T_IN || request->type == VIRTIO_BLK_T_GET_ID;
    struct virtq_piece piece;
    struct virtq_piece last = {.bytes = 0};
    while (virtq_chain_next_readable(chain, &piece)) {
        if (request->type == VIRTIO_BLK_T_OUT) {
            add_piece(request, piece, fits);
        }
    }
    while (virtq_chain_next_writable(chain, &piece)) {
        if (is_read) {
            add_piece(request, last, fits);
        }
        last = piece;
        request->room_bytes += piece.bytes;
    }
    if (chain->is_broken || last.bytes == 0) {
        return false;
    }
    request->status = last.memory + last.bytes - 1;
    last.bytes--;
    request->room_bytes--;
    if (is_read) {
        add_piece(request, last, fits);
    }
    return true;
}

/* The serial number, padded with zeros, or not ended if it is as long as that. [VIRTIO 5.2.6] */
static void answer_id(struct blk *blk, const struct request *request)
{
    uint8_t id[VIRTIO_BLK_ID_BYTES] = {0};
    uint32_t done = 0;
    if (blk->is_ready) {
        memcpy(id, blk->sddf.info->serial_number, strnlen(blk->sddf.info->serial_number, VIRTIO_BLK_ID_BYTES));
    }
    for (uint32_t i = 0; i < request->piece_count && done < VIRTIO_BLK_ID_BYTES; i++) {
        const uint32_t bytes = MIN(request->pieces[i].bytes, VIRTIO_BLK_ID_BYTES - done);
        memcpy(request->pieces[i].memory, id + done, bytes);
        done += bytes;
    }
    answer(blk, request, done == VIRTIO_BLK_ID_BYTES ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR, done);
}

/* Whether the sectors exist and the data consists of whole ones. */
static bool is_transfer_valid(const struct blk *blk, const struct request *request)
{
    return request->bytes % VIRTIO_BLK_SECTOR_BYTES == 0 &&
           range_inside(0, blk->config.capacity, request->sector, request->bytes / VIRTIO_BLK_SECTOR_BYTES) &&
           !(request->type == VIRTIO_BLK_T_OUT && (blk->dev.features & VIRTIO_BLK_F_RO) != 0);
}

static void start(struct blk *blk, struct request *request, bool fits)
{
    switch (request->type) {
    case VIRTIO_BLK_T_IN:
    case VIRTIO_BLK_T_OUT:
        request->has_failed = !fits || !is_transfer_valid(blk, request);
        request->is_issued = request->bytes == 0;
        break;
    case VIRTIO_BLK_T_FLUSH:
        request->has_failed = !blk->is_ready;
        break;
    case VIRTIO_BLK_T_GET_ID:
        answer_id(blk, request);
        return;
    default:
        answer(blk, request, VIRTIO_BLK_S_UNSUPP, 0);
        return;
    }
    wait_in_line(blk, request);
}

/* Takes one request out of a queue. False: there is none, or no room for it. */
static bool take(struct blk *blk, uint16_t queue)
{
    struct virtq_chain chain;
    struct header header;
    bool fits = true;
    if (blk->free_requests == 0 || !virtio_device_pop(&blk->dev, queue, &chain)) {
        return false;
    }
    struct request *request = &blk->requests[__builtin_ctzll(blk->free_requests)];
    const size_t bytes = virtq_chain_read(&chain, &header, sizeof header);
    request->type = header.type;
    request->sector = header.sector;
    request->queue = queue;
    request->head = chain.head;
    request->piece_count = 0;
    request->bytes = 0;
    request->issued_bytes = 0;
    request->room_bytes = 0;
    request->part_count = 0;
    request->is_issued = false;
    request->has_failed = false;
    if (bytes != sizeof header || !gather(request, &chain, &fits)) {
        virtio_device_fail(&blk->dev, "gives a request without header or status, or a broken chain");
        return false;
    }
    blk->free_requests &= blk->free_requests - 1;
    start(blk, request, fits);
    return true;
}

static void serve(struct blk *blk, uint16_t queue)
{
    unsigned left = CHAINS_MAX;
    struct virtq *vq = &blk->queues[queue];
    if (!blk->dev.is_running || !vq->enabled) {
        return;
    }
    do {
        while (left != 0 && take(blk, queue)) {
            left--;
            issue(blk);
        }
        if (!blk->dev.is_running) {
            return;
        }
        if (blk->free_requests == 0) {
            virtq_suppress_kicks(vq);
            return;
        }
    } while (virtq_want_kicks(vq) && left-- > 1);
}

/* Tells both sides what there is for them. */
static void tell(struct blk *blk)
{
    for (uint16_t i = 0; i < blk->dev.type.queue_count; i++) {
        virtio_device_signal(&blk->dev, i);
    }
    if (blk->has_sent) {
        blk->has_sent = false;
        microkit_notify(blk->sddf.channel);
    }
}

static void kick(void *ctx, uint16_t queue)
{
    struct blk *blk = ctx;
    learn_storage(blk);
    serve(blk, queue);
    tell(blk);
}

/* The block of a partial write has been read: the guest's bytes go into it. False: the backend takes no more. */
static bool write_back(struct blk *blk, struct slot *slot)
{
    copy(blk, slot, false);
    slot->state = SLOT_PARTIAL_WRITE;
    return send_slot(blk, slot);
}

static void on_response(struct blk *blk, const struct sddf_blk_response *response)
{
    if (response->id >= blk->slot_count || blk->slots[response->id].state == SLOT_FREE) {
        return;
    }
    struct slot *slot = &blk->slots[response->id];
    if (slot->is_orphan) {
        release_slot(blk, slot);
        return;
    }
    struct request *request = &blk->requests[slot->request];
    bool is_good = response->status == SDDF_BLK_OK && response->success_count >= slot->block_count;
    if (is_good && slot->state == SLOT_PARTIAL_READ) {
        if (write_back(blk, slot)) {
            return;
        }
        is_good = false;
    }
    if (is_good && slot->state == SLOT_READ) {
        copy(blk, slot, true);
    }
    release_slot(blk, slot);
    request->has_failed |= !is_good;
    request->part_count--;
    if (request->part_count == 0 && request->is_issued) {
        finish(blk, request);
    }
}

static bool on_notified(void *ctx, microkit_channel channel)
{
    struct blk *blk = ctx;
    struct sddf_blk_response response;
    if (channel != blk->sddf.channel) {
        return false;
    }
    learn_storage(blk);
    for (uint32_t left = 2 * SLOT_COUNT_MAX; left != 0 && sddf_blk_take_response(&blk->sddf, &response); left--) {
        on_response(blk, &response);
    }
    issue(blk);
    for (uint16_t i = 0; i < blk->dev.type.queue_count; i++) {
        serve(blk, i);
    }
    tell(blk);
    return true;
}

/* Forgets the requests of one queue; VIRTIO_BLK_QUEUE_COUNT_MAX: of all. What is under way for them ends as orphans. */
static void forget(struct blk *blk, uint16_t queue)
{
    const bool is_all = queue == VIRTIO_BLK_QUEUE_COUNT_MAX;
    for (uint32_t i = 0; i < blk->slot_count; i++) {
        struct slot *slot = &blk->slots[i];
        if (slot->state != SLOT_FREE && !slot->is_orphan && (is_all || blk->requests[slot->request].queue == queue)) {
            blk->special_count += !is_special(slot);
            slot->is_orphan = true;
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < blk->waiting_count; i++) {
        const uint8_t waiting = blk->waiting[(blk->waiting_first + i) % REQUEST_COUNT];
        if (!is_all && blk->requests[waiting].queue != queue) {
            blk->waiting[(blk->waiting_first + kept++) % REQUEST_COUNT] = waiting;
        }
    }
    blk->waiting_count = kept;
    for (uint32_t i = 0; i < REQUEST_COUNT; i++) {
        if (is_all || blk->requests[i].queue == queue) {
            release_request(blk, &blk->requests[i]);
        }
    }
}

static void reset(void *ctx)
{
    struct blk *blk = ctx;
    forget(blk, VIRTIO_BLK_QUEUE_COUNT_MAX);
    learn_storage(blk);
}

static void queue_reset(void *ctx, uint16_t queue)
{
    forget(ctx, queue);
}

static void report(void *ctx, const struct report *to)
{
    const struct blk *blk = ctx;
    uint32_t under_way = blk->slot_count;
    for (uint64_t left = blk->free_slots; left != 0; left &= left - 1) {
        under_way--;
    }
    report_line(to, "  %s; %u of %u requests are with the virtualiser, %u wait%s",
                blk->is_ready ? "the disk is ready" : "the virtualiser has not said that the disk is ready", under_way,
                blk->slot_count, blk->waiting_count, blk->free_slots == 0 ? ": the virtualiser takes no more" : "");
}

static bool open_storage(struct blk *blk, const struct sddf_blk_client_config *config)
{
    if (config == NULL || !sddf_magic_is(config->magic, SDDF_BLK_VERSION) ||
        !sddf_blk_open(&blk->sddf, &config->virt, SDDF_PRODUCER) || config->data.vaddr == NULL ||
        config->data.size < SDDF_BLK_BYTES) {
        LOG_VMM_ERR("virtio blk: its client configuration is not one of sDDF 0.7's, or its queues do not fit their "
                    "regions, or its data region has less than %u bytes\n",
                    SDDF_BLK_BYTES);
        return false;
    }
    const uint64_t blocks = config->data.size / SDDF_BLK_BYTES;
    blk->data = config->data.vaddr;
    blk->slot_count = (uint32_t)MIN(MIN(blocks, (uint64_t)SLOT_COUNT_MAX), (uint64_t)config->virt.num_buffers);
    blk->slot_blocks = (uint32_t)MIN(blocks / blk->slot_count, (uint64_t)SLOT_BLOCKS_MAX);
    blk->free_slots = FIELD(blk->slot_count - 1, 0);
    blk->free_requests = FIELD(REQUEST_COUNT - 1, 0);
    return true;
}

bool virtio_blk_init(struct virtio_blk *storage, struct virtio_place place, const struct sddf_blk_client_config *config,
                     size_t queue_count)
{
    static const struct virtio_device_ops ops = {
        .reset = reset,
        .queue_reset = queue_reset,
        .report = report,
        .kick = kick,
        .notified = on_notified,
    };
    struct blk *blk = (struct blk *)(void *)storage;
    memset(blk, 0, sizeof *blk);
    if (queue_count == 0 || queue_count > VIRTIO_BLK_QUEUE_COUNT_MAX) {
        LOG_VMM_ERR("virtio blk: %zu queues, limits are 1 and %u\n", queue_count, VIRTIO_BLK_QUEUE_COUNT_MAX);
        return false;
    }
    if (!open_storage(blk, config)) {
        return false;
    }
    const struct virtio_device_type type = {
        .id = VIRTIO_ID_BLK,
        .name = "virtio blk",
        .ops = &ops,
        .features = VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY |
                    (queue_count > 1 ? VIRTIO_BLK_F_MQ : 0),
        .queues = blk->queues,
        .queue_count = (uint16_t)queue_count,
        .config = &blk->config,
        .config_bytes = sizeof blk->config,
    };
    for (size_t i = 0; i < VIRTIO_BLK_QUEUE_COUNT_MAX; i++) {
        blk->queues[i].size_max = QUEUE_SIZE;
    }
    blk->config = (struct config){
        .seg_max = PIECE_COUNT_MAX, .blk_size = VIRTIO_BLK_SECTOR_BYTES, .num_queues = (uint16_t)queue_count};
    if (!virtio_device_init(&blk->dev, &type, blk, &place)) {
        return false;
    }
    learn_storage(blk);
    return true;
}

bool virtio_blk_is_ready(const struct virtio_blk *storage)
{
    const struct blk *blk = (const struct blk *)(const void *)storage;
    return sddf_blk_is_ready(blk->sddf.info);
}
