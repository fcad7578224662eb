/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a virtio network device [VIRTIO 5.1], for one virtualiser.
 *
 * Buffers in the virtualiser's queues are physical addresses; frames are neither mapped nor copied here. The device's
 * header before a frame has a place of its own in the DMA region, so that the frame begins where its buffer does. A
 * slot of a virtqueue is two descriptors at fixed places: header and frame.
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

#define SLOTS        128
#define CHAIN        2
#define QUEUE_SIZE   (SLOTS * CHAIN)
#define HEADER_BYTES 12 /* [VIRTIO 5.1.6] with VERSION_1 */

enum {
    QUEUE_RX,
    QUEUE_TX,
    QUEUE_COUNT,
};

/* What lies in the DMA region. */
struct dma {
    uint8_t queues[QUEUE_COUNT][VIRTQ_BYTES(QUEUE_SIZE)];
    uint8_t headers[QUEUE_COUNT][SLOTS][HEADER_BYTES];
};

struct direction {
    struct virtq queue;
    struct sddf_net link;
    uint64_t paddrs[SLOTS]; /* of the buffers that the device has */
    bool is_busy[SLOTS];
    uint16_t free_slots[SLOTS];
    uint16_t free_count;
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

static uint64_t header_paddr(unsigned queue, unsigned slot)
{
    return dma_paddr + offsetof(struct dma, headers) + (queue * SLOTS + slot) * (uint64_t)HEADER_BYTES;
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

/* A chain that the device is done with: its buffer's address, and how much of the frame was written. */
static bool take(struct direction *direction, uint64_t *paddr, uint16_t *length)
{
    uint16_t head;
    uint32_t written;

    while (virtq_take(&direction->queue, &head, &written)) {
        unsigned slot = head / CHAIN;
        if (head % CHAIN != 0 || !direction->is_busy[slot]) {
            LOG_VMM_ERR("the device is done with descriptor %u, which it was not given\n", head);
            continue;
        }
        direction->is_busy[slot] = false;
        direction->free_slots[direction->free_count++] = (uint16_t)slot;
        *paddr = direction->paddrs[slot];
        written = written < HEADER_BYTES ? 0 : written - HEADER_BYTES;
        *length = (uint16_t)MIN(written, (uint32_t)SDDF_NET_BUFFER_BYTES);
        return true;
    }
    return false;
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

/* Passes buffers on from one of the virtualiser's queues to the device. */
static void give_buffers(struct direction *direction, unsigned queue, struct sddf_net_end *from)
{
    struct sddf_net_buffer buffer;
    bool has_offered = false;

    do {
        while (direction->free_count != 0 && sddf_net_take(from, &buffer)) {
            uint16_t length = queue == QUEUE_RX ? SDDF_NET_BUFFER_BYTES : buffer.len;
            offer(direction, queue, buffer.io_or_offset, MIN(length, SDDF_NET_BUFFER_BYTES));
            has_offered = true;
        }
    } while (direction->free_count != 0 && !sddf_net_wait(from));
    if (has_offered) {
        virtio_kick(&device, queue, &direction->queue);
    }
}

static void pump(void)
{
    return_buffers(&rx, &rx.link.active);
    give_buffers(&rx, QUEUE_RX, &rx.link.free);
    return_buffers(&tx, &tx.link.free);
    give_buffers(&tx, QUEUE_TX, &tx.link.active);
}

static bool open_direction(struct direction *direction, unsigned queue, const struct sddf_net_connection *connection,
                           enum sddf_role role)
{
    struct dma *dma = (struct dma *)dma_base;

    for (uint16_t i = 0; i < SLOTS; i++) {
        direction->free_slots[i] = i;
    }
    direction->free_count = SLOTS;
    memset(dma->headers[queue], 0, sizeof(dma->headers[queue]));
    return sddf_net_open(&direction->link, connection, role) &&
           virtio_add_queue(&device, queue, &direction->queue, QUEUE_SIZE, dma->queues[queue],
                            dma_paddr + queue * VIRTQ_BYTES(QUEUE_SIZE));
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
    if (!virtio_start(&device, device_base, VIRTIO_ID_NET, 0, &features)) {
        return false;
    }
    if (!open_direction(&rx, QUEUE_RX, &config.rx, SDDF_PRODUCER) ||
        !open_direction(&tx, QUEUE_TX, &config.tx, SDDF_CONSUMER)) {
        LOG_VMM_ERR("the regions of the connection to the virtualiser hold no queues\n");
        return false;
    }
    return true;
}

void init(void)
{
    if (!set_up()) {
        return;
    }
    is_usable = true;
    virtio_go(&device);
    pump();
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
    pump();
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
