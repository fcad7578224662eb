/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a virtio network device [VIRTIO 5.1], for one virtualiser.
 *
 * Buffers in the virtualiser's queues are physical addresses; frames are neither mapped nor copied here. The device's
 * header before a frame has a place of its own in the DMA region, so that the frame begins where its buffer does. A
 * slot of a virtqueue is two descriptors at fixed places: header and frame. There are as many slots as the device's
 * virtqueue has room for. A device that breaks the rules of a virtqueue is stopped: what is sent then is dropped.
 *
 * Left out: offloads, several queues, control queue. The device then passes on every frame, whatever its address is.
 *
 * The system description sets `device_base` (setvar_vaddr), `dma_base` and `dma_bytes` (setvar_vaddr, setvar_size),
 * `dma_paddr` (setvar region_paddr) and `irq_channel` (setvar_id).
 */
#include <libvmm/sddf/net.h>
#include <libvmm/util/util.h>

#include "config.h"
#include "virtio/virtio.h"

#define SLOTS_MAX    128
#define CHAIN        2
#define QUEUE_SIZE   (SLOTS_MAX * CHAIN) /* at most */
#define BATCH        (2 * SLOTS_MAX)     /* frames of a queue, before others are looked at */
#define HEADER_BYTES 12                  /* [VIRTIO 5.1.6] with VERSION_1 */

enum {
    QUEUE_RX,
    QUEUE_TX,
    QUEUE_COUNT,
};

/* What lies in the DMA region. */
struct dma {
    uint8_t queues[QUEUE_COUNT][VIRTQ_BYTES(QUEUE_SIZE)];
    uint8_t headers[QUEUE_COUNT][SLOTS_MAX][HEADER_BYTES];
};

struct direction {
    struct virtq queue;
    struct sddf_net link;
    uint64_t paddrs[SLOTS_MAX]; /* of the buffers that the device has */
    bool is_busy[SLOTS_MAX];
    uint16_t free_slots[SLOTS_MAX];
    uint16_t free_count;
    uint16_t slot_count;
};

CONFIG_SECTION(".net_driver_config") struct net_driver_config config;
uintptr_t device_base;
uintptr_t dma_base;
size_t dma_bytes;
uint64_t dma_paddr;
uint64_t irq_channel;

static struct virtio device;
static struct direction rx;
static struct direction tx;
static bool is_usable;
static bool is_stopped; /* the device */

static uint64_t header_paddr(unsigned queue, unsigned slot)
{
    return dma_paddr + offsetof(struct dma, headers) + (queue * SLOTS_MAX + slot) * (uint64_t)HEADER_BYTES;
}

static void offer(struct direction *direction, unsigned queue, uint64_t paddr, uint32_t length)
{
    uint16_t slot = direction->free_slots[--direction->free_count];
    uint16_t first = (uint16_t)(slot * CHAIN);
    uint16_t write = queue == QUEUE_RX ? VIRTQ_DESC_WRITE : 0;

    direction->paddrs[slot] = paddr;
    direction->is_busy[slot] = true;
    direction->queue.desc[first] = (struct virtq_desc){header_paddr(queue, slot), HEADER_BYTES,
                                                       (uint16_t)(VIRTQ_DESC_NEXT | write), (uint16_t)(first + 1)};
    direction->queue.desc[first + 1] = (struct virtq_desc){paddr, length, write, 0};
    virtq_offer(&direction->queue, first);
}

static uint64_t take_slot_back(struct direction *direction, unsigned slot)
{
    direction->is_busy[slot] = false;
    direction->free_slots[direction->free_count++] = (uint16_t)slot;
    return direction->paddrs[slot];
}

/* A chain that the device is done with: its buffer's address, and how much of the frame was written. */
static bool take(struct direction *direction, uint64_t *paddr, uint16_t *length)
{
    uint16_t head;
    uint32_t written;

    if (!virtq_take(&direction->queue, &head, &written)) {
        return false;
    }
    *paddr = take_slot_back(direction, head / CHAIN);
    written = written < HEADER_BYTES ? 0 : written - HEADER_BYTES;
    *length = (uint16_t)MIN(written, (uint32_t)SDDF_NET_BUFFER_BYTES);
    return true;
}

/* Passes buffers on from the device to one of the virtualiser's queues. */
static void return_buffers(struct direction *direction, struct sddf_net_end *to)
{
    struct sddf_net_buffer buffer = {0};
    bool has_put = false;

    while (take(direction, &buffer.io_or_offset, &buffer.len)) {
        has_put = sddf_net_put(to, &buffer) || has_put;
    }
    if (has_put && sddf_net_consumer_waits(to)) {
        microkit_notify(direction->link.channel);
    }
}

/* Passes a batch of buffers on from one of the virtualiser's queues to the device. Answers whether there may be more.
 */
static bool give_buffers(struct direction *direction, unsigned queue, struct sddf_net_end *from)
{
    struct sddf_net_buffer buffer;
    unsigned left = BATCH;

    while (left != 0 && direction->free_count != 0 && sddf_net_take(from, &buffer)) {
        uint16_t length = queue == QUEUE_RX ? SDDF_NET_BUFFER_BYTES : buffer.len;
        offer(direction, queue, buffer.io_or_offset, MIN(length, SDDF_NET_BUFFER_BYTES));
        left--;
    }
    if (left != BATCH) {
        virtio_kick(&device, queue, &direction->queue);
    }
    return direction->free_count != 0 && !sddf_net_wait(from);
}

static void pump(void)
{
    bool is_busy = true;

    while (is_busy) {
        return_buffers(&rx, &rx.link.active);
        is_busy = give_buffers(&rx, QUEUE_RX, &rx.link.free);
        return_buffers(&tx, &tx.link.free);
        is_busy = give_buffers(&tx, QUEUE_TX, &tx.link.active) || is_busy;
    }
}

static void drop(uint64_t paddr)
{
    const struct sddf_net_buffer buffer = {.io_or_offset = paddr};
    (void)sddf_net_put(&tx.link.free, &buffer);
}

/* Without a device: what is to be sent comes back at once. Buffers for reception stay here. */
static void drop_all(void)
{
    struct sddf_net_buffer buffer;

    for (unsigned slot = 0; slot < tx.slot_count; slot++) {
        if (tx.is_busy[slot]) {
            drop(take_slot_back(&tx, slot));
        }
    }
    do {
        for (unsigned left = BATCH; left != 0 && sddf_net_take(&tx.link.active, &buffer); left--) {
            drop(buffer.io_or_offset);
        }
        if (sddf_net_consumer_waits(&tx.link.free)) {
            microkit_notify(tx.link.channel);
        }
    } while (!sddf_net_wait(&tx.link.active));
}

static void step(void)
{
    if (!is_stopped) {
        pump();
    }
    if (!is_stopped && (rx.queue.is_broken || tx.queue.is_broken)) {
        (void)virtio_stop(&device);
        is_stopped = true;
    }
    if (is_stopped) {
        drop_all();
    }
}

static bool open_direction(struct direction *direction, unsigned queue, const struct sddf_net_connection *connection,
                           enum sddf_role role)
{
    struct dma *dma = (struct dma *)dma_base;

    memset(dma->headers[queue], 0, sizeof(dma->headers[queue]));
    if (!virtio_add_queue(&device, queue, &direction->queue, CHAIN, QUEUE_SIZE, dma->queues[queue],
                          dma_paddr + queue * VIRTQ_BYTES(QUEUE_SIZE))) {
        return false;
    }
    if (!sddf_net_open(&direction->link, connection, role)) {
        LOG_VMM_ERR("the regions of the connection to the virtualiser hold no queues\n");
        return false;
    }
    direction->slot_count = direction->queue.size / CHAIN;
    while (direction->free_count < direction->slot_count) {
        direction->free_slots[direction->free_count] = direction->free_count;
        direction->free_count++;
    }
    return true;
}

static bool set_up(void)
{
    uint64_t features;

    if (!config_is_filled_in(config.magic)) {
        LOG_VMM_ERR("section .net_driver_config is not filled in\n");
        return false;
    }
    if (dma_bytes < sizeof(struct dma)) {
        LOG_VMM_ERR("the DMA region has 0x%zx bytes: must be 0x%zx\n", dma_bytes, sizeof(struct dma));
        return false;
    }
    return virtio_start(&device, device_base, VIRTIO_ID_NET, 0, &features) &&
           open_direction(&rx, QUEUE_RX, &config.rx, SDDF_PRODUCER) &&
           open_direction(&tx, QUEUE_TX, &config.tx, SDDF_CONSUMER);
}

void init(void)
{
    if (!set_up()) {
        return;
    }
    is_usable = true;
    virtio_go(&device);
    step();
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
    step();
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
