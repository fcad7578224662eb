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
 * region. Left out: discard, write zeroes, several queues, changes of size while in use.
 *
 * The system description sets `device_base` (setvar_vaddr), `dma_base` and `dma_bytes` (setvar_vaddr, setvar_size),
 * `dma_paddr` (setvar region_paddr) and `irq_channel` (setvar_id).
 */
#include <libvmm/sddf/blk.h>
#include <libvmm/util/util.h>

#include "config.h"
#include "virtio/virtio.h"

#define SLOTS        64
#define CHAIN        3 /* descriptors of a slot */
#define QUEUE_SIZE   256
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
    struct blk_header headers[SLOTS];
    uint8_t statuses[SLOTS];
    char id[ID_BYTES];
};

_Static_assert(SLOTS == 64, "bits of free_slots");
_Static_assert(SLOTS *CHAIN <= QUEUE_SIZE, "a chain for every slot");
_Static_assert(offsetof(struct dma, headers) % 16 == 0, "alignment");

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
static struct slot slots[SLOTS];
static uint64_t free_slots = UINT64_MAX; /* bits */
static unsigned busy_count;
static uint64_t capacity; /* in units of 4096 bytes */
static bool is_read_only;
static bool can_flush;
static bool is_usable;

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
    if (!sddf_blk_put_response(&virt, &response)) {
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

static void start(const struct sddf_blk_request *request)
{
    const unsigned slot = (unsigned)__builtin_ctzll(free_slots);

    free_slots &= free_slots - 1;
    slots[slot] = (struct slot){request->id, request->count};
    busy_count++;
    if (request->code == SDDF_BLK_FLUSH) {
        slots[slot].count = 0;
        offer(slot, TYPE_FLUSH, 0, 0, 0);
    } else {
        offer(slot, request->code == SDDF_BLK_WRITE ? TYPE_OUT : TYPE_IN, request->block_number * SECTORS_PER,
              request->io_or_offset, (uint32_t)request->count * SDDF_BLK_BYTES);
    }
}

/* Takes requests while there are slots, and room for the responses. Answers whether anything was answered at once. */
static bool take_requests(void)
{
    struct sddf_blk_request request;
    bool has_responded = false;
    bool has_offered = false;

    while (busy_count < SLOTS && busy_count < sddf_blk_responses(&virt) && sddf_blk_take_request(&virt, &request)) {
        bool is_done = request.code == SDDF_BLK_FLUSH && !can_flush; /* without the feature, writes go through */
        if (!is_valid(&request) || is_done) {
            respond(request.id, is_done ? SDDF_BLK_OK : SDDF_BLK_INVALID, 0);
            has_responded = true;
        } else {
            start(&request);
            has_offered = true;
        }
    }
    if (has_offered) {
        virtio_kick(&device, 0, &queue);
    }
    return has_responded;
}

/* The device is done with some: answers whether there were any. */
static bool finish_requests(void)
{
    bool has_responded = false;
    uint16_t head;
    uint32_t length;

    while (virtq_take(&queue, &head, &length)) {
        unsigned slot = head / CHAIN;
        if (head % CHAIN != 0 || slot >= SLOTS || (free_slots >> slot & 1) != 0) {
            LOG_VMM_ERR("the device is done with descriptor %u, which it was not given\n", head);
            continue;
        }
        uint8_t status = *(volatile uint8_t *)&dma()->statuses[slot];
        bool is_ok = status == STATUS_OK;
        free_slots |= UINT64_C(1) << slot;
        busy_count--;
        respond(slots[slot].id,
                is_ok                     ? SDDF_BLK_OK
                : status == STATUS_UNSUPP ? SDDF_BLK_INVALID
                                          : SDDF_BLK_IO_ERROR,
                is_ok ? slots[slot].count : 0);
        has_responded = true;
    }
    return has_responded;
}

/* The device's serial number [VIRTIO 5.2.6]. Nothing else is under way: waited for here. */
static void read_id(char *id)
{
    uint16_t head;
    uint32_t length;

    offer(0, TYPE_GET_ID, 0, dma_paddr + offsetof(struct dma, id), ID_BYTES);
    virtio_kick(&device, 0, &queue);
    while (!virtq_take(&queue, &head, &length)) {
    }
    virtio_ack_interrupt(&device);
    if (dma()->statuses[0] == STATUS_OK) {
        memcpy(id, dma()->id, strnlen(dma()->id, ID_BYTES));
    }
}

static void publish_info(uint64_t features)
{
    uint32_t sector_bytes =
        (features & FEATURE_BLK_SIZE) != 0 ? virtio_config32(&device, CONFIG_BLK_SIZE) : SECTOR_BYTES;
    struct sddf_blk_storage_info info = {
        .read_only = is_read_only,
        .sector_size = (uint16_t)sector_bytes,
        .block_size = 1,
        .queue_depth = SLOTS,
        .capacity = capacity,
    };

    read_id(info.serial_number);
    *virt.info = info;
    sddf_blk_set_ready(virt.info, true);
    microkit_notify(virt.channel);
}

static bool set_up(uint64_t *features)
{
    if (!config_is_filled_in(config.magic) || !sddf_blk_open(&virt, &config.virt, SDDF_CONSUMER)) {
        LOG_VMM_ERR("section .blk_driver_config is not filled in, or its regions hold no queues\n");
        return false;
    }
    if (dma_bytes < sizeof(struct dma)) {
        LOG_VMM_ERR("the DMA region has 0x%zx bytes: must be 0x%zx\n", dma_bytes, sizeof(struct dma));
        return false;
    }
    return virtio_start(&device, device_base, VIRTIO_ID_BLK, FEATURE_RO | FEATURE_BLK_SIZE | FEATURE_FLUSH, features) &&
           virtio_add_queue(&device, 0, &queue, QUEUE_SIZE, dma()->queue, dma_paddr);
}

void init(void)
{
    uint64_t features;

    if (!set_up(&features)) {
        return;
    }
    is_usable = true;
    is_read_only = (features & FEATURE_RO) != 0;
    can_flush = (features & FEATURE_FLUSH) != 0;
    virtio_go(&device);
    capacity = virtio_config64(&device, CONFIG_CAPACITY) / SECTORS_PER;
    publish_info(features);
    microkit_irq_ack((microkit_channel)irq_channel);
}

void notified(microkit_channel channel)
{
    if (!is_usable) {
        return;
    }
    if (channel == irq_channel) {
        virtio_ack_interrupt(&device);
    }
    bool has_responded = finish_requests();
    has_responded = take_requests() || has_responded;
    if (has_responded) {
        microkit_notify(virt.channel);
    }
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
