/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a virtio block device [VIRTIO 5.2], for one virtualiser.
 *
 * The virtualiser's requests name physical addresses, which go into the device's descriptors as they are: no data is
 * copied, and none is mapped here. That the addresses are the right ones is the virtualiser's to see to; blocks and
 * codes are checked here as well.
 *
 * A request has a slot: three descriptors at fixed places (header, data, status), a header and a status byte in the DMA
 * region. There are as many slots as the device's virtqueue has room for. A device that breaks the rules of its
 * virtqueue is stopped, and all requests are answered with an error. Left out: logical blocks of more than 4096 bytes,
 * discard, write zeroes, several queues, changes of size while in use.
 *
 * The system description sets `device_base` (setvar_vaddr), `dma_base` and `dma_bytes` (setvar_vaddr, setvar_size),
 * `dma_paddr` (setvar region_paddr) and `irq_channel` (setvar_id).
 */
#include <libvmm/sddf/blk.h>
#include <libvmm/util/util.h>

#include "config.h"
#include "virtio/virtio.h"

#define SLOTS_MAX    64
#define CHAIN        3   /* descriptors of a slot */
#define QUEUE_SIZE   256 /* at most */
#define SECTOR_BYTES 512
#define SECTORS_PER  (SDDF_BLK_BYTES / SECTOR_BYTES)
#define ID_BYTES     20

#define FEATURE_RO       (UINT64_C(1) << 5)
#define FEATURE_BLK_SIZE (UINT64_C(1) << 6)
#define FEATURE_FLUSH    (UINT64_C(1) << 9)

/* [VIRTIO 5.2.4] */
#define CONFIG_CAPACITY 0
#define CONFIG_BLK_SIZE 20

/* [VIRTIO 5.2.6] */
enum blk_type {
    TYPE_IN = 0,
    TYPE_OUT = 1,
    TYPE_FLUSH = 4,
    TYPE_GET_ID = 8,
};

#define STATUS_OK     0
#define STATUS_IOERR  1
#define STATUS_UNSUPP 2

struct blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

/* What lies in the DMA region. */
struct dma {
    uint8_t queue[VIRTQ_BYTES(QUEUE_SIZE)];
    struct blk_header headers[SLOTS_MAX];
    uint8_t statuses[SLOTS_MAX];
    char id[ID_BYTES];
};

_Static_assert(SLOTS_MAX == 64, "bits of free_slots");
_Static_assert(SLOTS_MAX *CHAIN <= QUEUE_SIZE, "a chain for every slot");
_Static_assert(offsetof(struct dma, headers) % 16 == 0, "alignment");

enum state {
    STATE_UNUSABLE,
    STATE_IDENTIFYING, /* the device is asked for its serial number */
    STATE_SERVING,
    STATE_BROKEN, /* the device is stopped */
};

struct slot {
    uint32_t id; /* the virtualiser's */
    uint16_t count;
};

CONFIG_SECTION(".blk_driver_config") struct blk_driver_config config;
uintptr_t device_base;
uintptr_t dma_base;
size_t dma_bytes;
uint64_t dma_paddr;
uint64_t irq_channel;

static struct virtio device;
static struct virtq queue;
static struct sddf_blk virt;
static struct slot slots[SLOTS_MAX];
static unsigned slot_count;
static uint64_t free_slots = UINT64_MAX; /* bits */
static unsigned busy_count;
static uint64_t capacity;      /* in units of 4096 bytes */
static uint32_t logical_bytes; /* of a logical block */
static bool is_read_only;
static bool can_flush;
static enum state state;
static uint64_t lost_count; /* responses that the virtualiser did not take */

static struct dma *dma(void)
{
    return (struct dma *)dma_base;
}

/* Fills in a slot's chain and offers it; `length` 0: no data. */
static void offer(unsigned slot, enum blk_type type, uint64_t sector, uint64_t paddr, uint32_t length)
{
    uint16_t first = (uint16_t)(slot * CHAIN);
    bool is_write = type == TYPE_OUT;
    uint16_t data_flags = (uint16_t)(VIRTQ_DESC_NEXT | (is_write ? 0 : VIRTQ_DESC_WRITE));
    uint16_t status = (uint16_t)(first + 2);

    dma()->headers[slot] = (struct blk_header){type, 0, sector};
    dma()->statuses[slot] = STATUS_IOERR;
    queue.desc[first] = (struct virtq_desc){
        dma_paddr + offsetof(struct dma, headers) + slot * sizeof(struct blk_header),
        sizeof(struct blk_header),
        VIRTQ_DESC_NEXT,
        length != 0 ? (uint16_t)(first + 1) : status,
    };
    queue.desc[first + 1] = (struct virtq_desc){paddr, length, data_flags, status};
    queue.desc[status] = (struct virtq_desc){dma_paddr + offsetof(struct dma, statuses) + slot, 1, VIRTQ_DESC_WRITE, 0};
    virtq_offer(&queue, first);
}

static void respond(uint32_t id, enum sddf_blk_status status, uint16_t count)
{
    const struct sddf_blk_response response = {status, count, id};
    if (!sddf_blk_put_response(&virt, &response) && lost_count++ == 0) {
        LOG_VMM_ERR("the virtualiser takes no response\n");
    }
}

static bool is_valid(const struct sddf_blk_request *request)
{
    switch (request->code) {
    case SDDF_BLK_WRITE:
        if (is_read_only) {
            return false;
        }
        break;
    case SDDF_BLK_READ:
        break;
    case SDDF_BLK_FLUSH:
        return true;
    default:
        return false;
    }
    return request->count != 0 && request->count <= capacity && request->block_number <= capacity - request->count;
}

static unsigned take_slot(void)
{
    const unsigned slot = (unsigned)__builtin_ctzll(free_slots);
    free_slots &= free_slots - 1;
    busy_count++;
    return slot;
}

static void free_slot(unsigned slot)
{
    free_slots |= UINT64_C(1) << slot;
    busy_count--;
}

static void start(const struct sddf_blk_request *request)
{
    const unsigned slot = take_slot();

    slots[slot] = (struct slot){request->id, request->count};
    if (request->code == SDDF_BLK_FLUSH) {
        slots[slot].count = 0;
        offer(slot, TYPE_FLUSH, 0, 0, 0);
    } else {
        offer(slot, request->code == SDDF_BLK_WRITE ? TYPE_OUT : TYPE_IN, request->block_number * SECTORS_PER,
              request->io_or_offset, (uint32_t)request->count * SDDF_BLK_BYTES);
    }
}

/* One request. False: it was answered at once. */
static bool serve(const struct sddf_blk_request *request)
{
    bool is_done = request->code == SDDF_BLK_FLUSH && !can_flush; /* without the feature, writes go through */

    if (!is_valid(request)) {
        respond(request->id, SDDF_BLK_INVALID, 0);
        return false;
    }
    if (state == STATE_BROKEN || is_done) {
        respond(request->id, state == STATE_BROKEN ? SDDF_BLK_IO_ERROR : SDDF_BLK_OK, 0);
        return false;
    }
    start(request);
    return true;
}

/*
 * Takes requests while there are slots, and room for the responses; no more than the queue holds, as the virtualiser
 * may go on putting wrong ones: it notifies again. Answers whether anything was answered at once.
 */
static bool take_requests(void)
{
    struct sddf_blk_request request;
    bool has_responded = false;
    bool has_offered = false;

    for (uint32_t left = virt.req.capacity; left != 0; left--) {
        if (busy_count >= slot_count || busy_count >= sddf_blk_responses(&virt) ||
            !sddf_blk_take_request(&virt, &request)) {
            break;
        }
        bool is_offered = serve(&request);
        has_offered = has_offered || is_offered;
        has_responded = has_responded || !is_offered;
    }
    if (has_offered) {
        virtio_kick(&device, 0, &queue);
    }
    return has_responded;
}

static enum sddf_blk_status status_of(unsigned slot)
{
    switch (*(volatile uint8_t *)&dma()->statuses[slot]) {
    case STATUS_OK:
        return SDDF_BLK_OK;
    case STATUS_UNSUPP:
        return SDDF_BLK_INVALID;
    default:
        return SDDF_BLK_IO_ERROR;
    }
}

static void finish(unsigned slot, enum sddf_blk_status status)
{
    free_slot(slot);
    respond(slots[slot].id, status, status == SDDF_BLK_OK ? slots[slot].count : 0);
}

/* The device is done with some: answers whether there were any. */
static bool finish_requests(void)
{
    bool has_responded = false;
    uint16_t head;
    uint32_t length;

    while (virtq_take(&queue, &head, &length)) {
        finish(head / CHAIN, status_of(head / CHAIN));
        has_responded = true;
    }
    return has_responded;
}

/* The device is used no longer: what it has is answered. */
static bool give_up(void)
{
    bool has_responded = false;

    (void)virtio_stop(&device);
    for (unsigned slot = 0; slot < slot_count; slot++) {
        if (state == STATE_SERVING && (free_slots >> slot & 1) == 0) {
            finish(slot, SDDF_BLK_IO_ERROR);
            has_responded = true;
        }
    }
    state = state == STATE_SERVING ? STATE_BROKEN : STATE_UNUSABLE;
    return has_responded;
}

/* The device's serial number [VIRTIO 5.2.6]: the first request, with which the virtualiser has nothing to do. */
static void ask_for_id(void)
{
    offer(take_slot(), TYPE_GET_ID, 0, dma_paddr + offsetof(struct dma, id), ID_BYTES);
    virtio_kick(&device, 0, &queue);
    state = STATE_IDENTIFYING;
}

static void publish_info(void)
{
    struct sddf_blk_storage_info info = {
        .read_only = is_read_only,
        .sector_size = (uint16_t)logical_bytes,
        .block_size = 1,
        .queue_depth = (uint16_t)slot_count,
        .capacity = capacity,
    };
    uint16_t head;
    uint32_t length;

    if (!virtq_take(&queue, &head, &length)) {
        return;
    }
    free_slot(head / CHAIN);
    if (status_of(head / CHAIN) == SDDF_BLK_OK) {
        memcpy(info.serial_number, dma()->id, ID_BYTES);
    }
    *virt.info = info;
    sddf_blk_set_ready(virt.info, true);
    state = STATE_SERVING;
    microkit_notify(virt.channel);
}

/* What the device says of itself. The unit of its capacity and of requests is always 512 bytes [VIRTIO 5.2.4]. */
static bool read_geometry(uint64_t features)
{
    is_read_only = (features & FEATURE_RO) != 0;
    can_flush = (features & FEATURE_FLUSH) != 0;
    capacity = virtio_config64(&device, CONFIG_CAPACITY) / SECTORS_PER;
    logical_bytes = (features & FEATURE_BLK_SIZE) != 0 ? virtio_config32(&device, CONFIG_BLK_SIZE) : SECTOR_BYTES;
    if (logical_bytes < SECTOR_BYTES || logical_bytes > SDDF_BLK_BYTES || (logical_bytes & (logical_bytes - 1)) != 0) {
        LOG_VMM_ERR("logical blocks of %u bytes: must be a power of two from %u to %u\n", logical_bytes, SECTOR_BYTES,
                    SDDF_BLK_BYTES);
        return false;
    }
    return true;
}

static bool set_up(void)
{
    uint64_t features;

    if (!config_is_filled_in(config.magic) || !sddf_blk_open(&virt, &config.virt, SDDF_CONSUMER)) {
        LOG_VMM_ERR("section .blk_driver_config is not filled in, or its regions hold no queues\n");
        return false;
    }
    if (dma_bytes < sizeof(struct dma)) {
        LOG_VMM_ERR("the DMA region has 0x%zx bytes: must be 0x%zx\n", dma_bytes, sizeof(struct dma));
        return false;
    }
    if (!virtio_start(&device, device_base, VIRTIO_ID_BLK, FEATURE_RO | FEATURE_BLK_SIZE | FEATURE_FLUSH, &features) ||
        !read_geometry(features) || !virtio_add_queue(&device, 0, &queue, CHAIN, QUEUE_SIZE, dma()->queue, dma_paddr)) {
        return false;
    }
    slot_count = MIN(queue.size / CHAIN, SLOTS_MAX);
    return true;
}

void init(void)
{
    if (!set_up()) {
        return;
    }
    virtio_go(&device);
    ask_for_id();
    microkit_irq_ack((microkit_channel)irq_channel);
}

static void step(void)
{
    bool has_responded = false;

    if (state == STATE_IDENTIFYING) {
        publish_info();
    }
    if (state == STATE_SERVING) {
        has_responded = finish_requests();
    }
    if (queue.is_broken && state != STATE_BROKEN) {
        has_responded = give_up() || has_responded;
    }
    if (state == STATE_SERVING || state == STATE_BROKEN) {
        has_responded = take_requests() || has_responded;
    }
    if (has_responded) {
        microkit_notify(virt.channel);
    }
}

void notified(microkit_channel channel)
{
    if (state == STATE_UNUSABLE) {
        return;
    }
    if (channel == irq_channel) {
        virtio_ack_interrupt(&device);
    }
    step();
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
