/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a virtio console device with one port [VIRTIO 5.3]: characters between the device and one client, a
 * virtualiser or a VMM's debugger. Every character passes as it is.
 *
 * When the client's ring is full, the device gets no buffers until there is room: nothing is lost. A device that breaks
 * the rules of its virtqueues is stopped.
 *
 * The system description sets `device_base` (setvar_vaddr), `dma_base` and `dma_bytes` (setvar_vaddr, setvar_size),
 * `dma_paddr` (setvar region_paddr) and `irq_channel` (setvar_id).
 */
#include <libvmm/sddf/serial.h>
#include <libvmm/util/util.h>

#include "config.h"
#include "virtio/virtio.h"

#define QUEUE_SIZE    8 /* at most */
#define BUFFER_BYTES  256
#define QUEUE_RECEIVE 0
#define QUEUE_SEND    1

/* What lies in the DMA region. */
struct dma {
    uint8_t receive[VIRTQ_BYTES(QUEUE_SIZE)];
    uint8_t send[VIRTQ_BYTES(QUEUE_SIZE)];
    uint8_t received[BUFFER_BYTES];
    uint8_t sent[BUFFER_BYTES];
};

CONFIG_SECTION(".console_driver_config") struct sddf_serial_driver_config config;
uintptr_t device_base;
uintptr_t dma_base;
size_t dma_bytes;
uint64_t dma_paddr;
uint64_t irq_channel;

static struct virtio device;
static struct virtq receive_queue;
static struct virtq send_queue;
static struct sddf_serial rx;
static struct sddf_serial tx;
static uint32_t received_bytes; /* in `received`, of which the first `passed_on` are in the ring */
static uint32_t passed_on;
static bool is_receiving; /* the device has `received` */
static bool is_sending;   /* the device has `sent` */
static bool is_usable;

static struct dma *dma(void)
{
    return (struct dma *)dma_base;
}

static void offer(struct virtq *queue, uint32_t index, struct virtq_desc desc)
{
    queue->desc[0] = desc;
    virtq_offer(queue, 0);
    virtio_kick(&device, index, queue);
}

/* Whether all that was received is in the ring; if not, the client says when there is room. */
static bool pass_on(void)
{
    const uint32_t before = passed_on;
    passed_on += sddf_serial_write(&rx, dma()->received + passed_on, received_bytes - passed_on);
    if (passed_on < received_bytes && !sddf_serial_wait_for_room(&rx)) {
        passed_on += sddf_serial_write(&rx, dma()->received + passed_on, received_bytes - passed_on);
    }
    if (passed_on != before) {
        microkit_notify(rx.channel);
    }
    return passed_on == received_bytes;
}

static void receive(void)
{
    uint16_t head;
    uint32_t length;
    if (is_receiving && virtq_take(&receive_queue, &head, &length)) {
        is_receiving = false;
        received_bytes = MIN(length, (uint32_t)BUFFER_BYTES);
        passed_on = 0;
    }
    if (!is_receiving && pass_on() && !receive_queue.is_broken) {
        is_receiving = true;
        offer(&receive_queue, QUEUE_RECEIVE,
              (struct virtq_desc){dma_paddr + offsetof(struct dma, received), BUFFER_BYTES, VIRTQ_DESC_WRITE, 0});
    }
}

static void send(void)
{
    uint16_t head;
    uint32_t length;
    if (is_sending && virtq_take(&send_queue, &head, &length)) {
        is_sending = false;
    }
    if (is_sending || send_queue.is_broken) {
        return;
    }
    length = sddf_serial_read(&tx, dma()->sent, BUFFER_BYTES);
    if (length == 0) {
        return;
    }
    is_sending = true;
    if (sddf_serial_producer_waits(&tx)) {
        microkit_notify(tx.channel);
    }
    offer(&send_queue, QUEUE_SEND, (struct virtq_desc){dma_paddr + offsetof(struct dma, sent), length, 0, 0});
}

static void pump(void)
{
    receive();
    send();
    if (receive_queue.is_broken || send_queue.is_broken) {
        (void)virtio_stop(&device);
        is_usable = false;
    }
}

static bool set_up(void)
{
    uint64_t features;
    if (!sddf_magic_is(config.magic, SDDF_SERIAL_VERSION) || !sddf_serial_open(&rx, &config.rx, SDDF_PRODUCER) ||
        !sddf_serial_open(&tx, &config.tx, SDDF_CONSUMER)) {
        LOG_VMM_ERR("section .console_driver_config is not filled in, or its regions hold no rings\n");
        return false;
    }
    if (dma_bytes < sizeof(struct dma)) {
        LOG_VMM_ERR("the DMA region has 0x%zx bytes: must be 0x%zx\n", dma_bytes, sizeof(struct dma));
        return false;
    }
    return virtio_start(&device, device_base, VIRTIO_ID_CONSOLE, 0, &features) &&
           virtio_add_queue(&device, QUEUE_RECEIVE, &receive_queue, 1, QUEUE_SIZE, dma()->receive,
                            dma_paddr + offsetof(struct dma, receive)) &&
           virtio_add_queue(&device, QUEUE_SEND, &send_queue, 1, QUEUE_SIZE, dma()->send,
                            dma_paddr + offsetof(struct dma, send));
}

void init(void)
{
    is_usable = set_up();
    if (is_usable) {
        virtio_go(&device);
        pump();
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
    pump();
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
