/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a virtio entropy device [VIRTIO 5.4]: keeps the ring of each client full of random bytes. What they are
 * worth is what the device's are worth: QEMU's takes its host's.
 *
 * One buffer is with the device at a time, for one client, in turn. The bytes are then copied into that client's ring,
 * and wiped here: nobody gets another's. Clients are not trusted: each can spoil only its own ring. A device that
 * breaks the rules of its virtqueue is stopped, and nobody gets any more.
 *
 * The system description sets `device_base` (setvar_vaddr), `dma_base` and `dma_bytes` (setvar_vaddr, setvar_size),
 * `dma_paddr` (setvar region_paddr) and `irq_channel` (setvar_id).
 */
#include <libvmm/util/util.h>

#include "config.h"
#include "virtio/virtio.h"

#define QUEUE_SIZE   16 /* at most */
#define BUFFER_BYTES 256

/* What lies in the DMA region. */
struct dma {
    uint8_t queue[VIRTQ_BYTES(QUEUE_SIZE)];
    uint8_t bytes[BUFFER_BYTES];
};

CONFIG_SECTION(".entropy_driver_config") struct entropy_driver_config config;
uintptr_t device_base;
uintptr_t dma_base;
size_t dma_bytes;
uint64_t dma_paddr;
uint64_t irq_channel;

static struct virtio device;
static struct virtq queue;
static struct sddf_serial clients[CONFIG_CLIENTS_MAX];
static unsigned turn;        /* whom the next bytes are for, or those that the device is asked for */
static uint32_t asked_bytes; /* of the device; 0: it is idle */
static bool is_usable;

static struct dma *dma(void)
{
    return (struct dma *)dma_base;
}

/* How much a client takes; if nothing, it says when it does. */
static uint32_t find_room(struct sddf_serial *client)
{
    uint8_t *room;
    uint32_t length = sddf_serial_piece(client, &room);
    if (length == 0 && !sddf_serial_wait_for_room(client)) {
        length = sddf_serial_piece(client, &room);
    }
    return MIN(length, (uint32_t)BUFFER_BYTES);
}

static void ask(void)
{
    for (unsigned i = 0; asked_bytes == 0 && i < config.client_count; i++) {
        asked_bytes = find_room(&clients[turn]);
        if (asked_bytes == 0) {
            turn = (turn + 1) % config.client_count;
        }
    }
    if (asked_bytes != 0) {
        queue.desc[0] = (struct virtq_desc){dma_paddr + offsetof(struct dma, bytes), asked_bytes, VIRTQ_DESC_WRITE, 0};
        virtq_offer(&queue, 0);
        virtio_kick(&device, 0, &queue);
    }
}

static void deliver(uint32_t length)
{
    struct sddf_serial *client = &clients[turn];

    if (sddf_serial_write(client, dma()->bytes, length) != 0) {
        microkit_notify(client->channel);
    }
    memset(dma()->bytes, 0, BUFFER_BYTES);
    turn = (turn + 1) % config.client_count;
}

static void finish(void)
{
    uint16_t head;
    uint32_t length;

    if (asked_bytes != 0 && virtq_take(&queue, &head, &length)) {
        const uint32_t asked = asked_bytes;
        asked_bytes = 0;
        deliver(MIN(length, asked));
    }
    if (queue.is_broken) {
        (void)virtio_stop(&device);
        is_usable = false;
    }
}

static bool open_clients(void)
{
    if (!config_is_filled_in(config.magic) || config.client_count == 0 || config.client_count > CONFIG_CLIENTS_MAX) {
        return false;
    }
    for (unsigned i = 0; i < config.client_count; i++) {
        if (!sddf_serial_open(&clients[i], &config.clients[i], SDDF_PRODUCER)) {
            return false;
        }
    }
    return true;
}

static bool set_up(void)
{
    uint64_t features;

    if (!open_clients()) {
        LOG_VMM_ERR("section .entropy_driver_config is not filled in, or its regions hold no rings\n");
        return false;
    }
    if (dma_bytes < sizeof(struct dma)) {
        LOG_VMM_ERR("the DMA region has 0x%zx bytes: must be 0x%zx\n", dma_bytes, sizeof(struct dma));
        return false;
    }
    return virtio_start(&device, device_base, VIRTIO_ID_ENTROPY, 0, &features) &&
           virtio_add_queue(&device, 0, &queue, 1, QUEUE_SIZE, dma()->queue, dma_paddr);
}

void init(void)
{
    is_usable = set_up();
    if (is_usable) {
        virtio_go(&device);
        ask();
        microkit_irq_ack((microkit_channel)irq_channel);
    }
}

void notified(microkit_channel channel)
{
    if (!is_usable) {
        return;
    }
    if (channel == irq_channel) {
        virtio_ack_interrupt(&device);
    }
    finish();
    if (is_usable) {
        ask();
    }
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
