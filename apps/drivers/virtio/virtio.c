/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See virtio.h. */
#include "virtio/virtio.h"

#include <libvmm/util/util.h>

#include "barrier.h"

/* [VIRTIO 4.2.2] */
enum virtio_register {
    MAGIC_VALUE = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    STATUS = 0x070,
    QUEUE_DESC_LOW = 0x080,
    QUEUE_DRIVER_LOW = 0x090,
    QUEUE_DEVICE_LOW = 0x0a0,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100,
};

#define MAGIC             0x74726976
#define STATUS_ACK        1
#define STATUS_DRIVER     2
#define STATUS_DRIVER_OK  4
#define STATUS_FEATURES   8
#define USED_NO_NOTIFY    1
#define RESET_TRIES       1000000
#define CONFIG_TRIES      1000
#define STATUS_CONFIGURED (STATUS_ACK | STATUS_DRIVER | STATUS_FEATURES)

static uint32_t read(const struct virtio *device, uint32_t offset)
{
    return *(volatile uint32_t *)(device->base + offset);
}

static void write(const struct virtio *device, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(device->base + offset) = value;
}

static void write_address(const struct virtio *device, uint32_t low, uint64_t address)
{
    write(device, low, (uint32_t)address);
    write(device, low + 4, (uint32_t)(address >> 32));
}

static uint64_t device_features(const struct virtio *device)
{
    write(device, DEVICE_FEATURES_SEL, 1);
    uint64_t high = read(device, DEVICE_FEATURES);
    write(device, DEVICE_FEATURES_SEL, 0);
    return high << 32 | read(device, DEVICE_FEATURES);
}

static bool is_there(const struct virtio *device, uint32_t id)
{
    if (read(device, MAGIC_VALUE) != MAGIC) {
        LOG_VMM_ERR("no virtio transport: magic value is 0x%x\n", read(device, MAGIC_VALUE));
        return false;
    }
    if (read(device, DEVICE_ID) != id) {
        LOG_VMM_ERR("virtio device is of kind %u: must be %u (0 means that there is none)\n", read(device, DEVICE_ID),
                    id);
        return false;
    }
    if (read(device, VERSION) != 2) {
        LOG_VMM_ERR("virtio transport has version %u: must be 2 (QEMU: -global virtio-mmio.force-legacy=false)\n",
                    read(device, VERSION));
        return false;
    }
    return true;
}

bool virtio_stop(struct virtio *device)
{
    unsigned left = RESET_TRIES;

    write(device, STATUS, 0);
    while (read(device, STATUS) != 0 && left != 0) {
        left--;
    }
    if (left == 0) {
        LOG_VMM_ERR("virtio device does not reset: status is 0x%x\n", read(device, STATUS));
    }
    return left != 0;
}

bool virtio_start(struct virtio *device, uintptr_t base, uint32_t id, uint64_t wanted, uint64_t *agreed)
{
    device->base = base;
    if (!is_there(device, id) || !virtio_stop(device)) {
        return false;
    }
    write(device, STATUS, STATUS_ACK);
    write(device, STATUS, STATUS_ACK | STATUS_DRIVER);
    *agreed = device_features(device) & (wanted | VIRTIO_F_VERSION_1);
    write(device, DRIVER_FEATURES_SEL, 0);
    write(device, DRIVER_FEATURES, (uint32_t)*agreed);
    write(device, DRIVER_FEATURES_SEL, 1);
    write(device, DRIVER_FEATURES, (uint32_t)(*agreed >> 32));
    write(device, STATUS, STATUS_CONFIGURED);
    if ((read(device, STATUS) & STATUS_FEATURES) == 0 || (*agreed & VIRTIO_F_VERSION_1) == 0) {
        LOG_VMM_ERR("virtio device does not agree to features 0x%lx\n", (unsigned long)*agreed);
        return false;
    }
    return true;
}

/* The largest power of two that is no more than both; 0: there is none. */
static uint16_t choose_size(uint32_t offered, uint16_t size_max)
{
    uint16_t size = size_max;
    while (size > offered) {
        size /= 2;
    }
    return size;
}

bool virtio_add_queue(struct virtio *device, uint32_t index, struct virtq *queue, uint16_t size_min, uint16_t size_max,
                      void *memory, uint64_t memory_paddr)
{
    uint8_t *bytes = memory;

    write(device, QUEUE_SEL, index);
    const uint32_t offered = read(device, QUEUE_NUM_MAX);
    const uint16_t size = choose_size(offered, size_max);
    if (size < size_min) {
        LOG_VMM_ERR("virtqueue %u can have %u entries: must be %u at least\n", index, offered, size_min);
        return false;
    }
    *queue = (struct virtq){
        .desc = memory,
        .avail = (struct virtq_avail *)(bytes + VIRTQ_AVAIL_OFFSET(size)),
        .used = (struct virtq_used *)(bytes + VIRTQ_USED_OFFSET(size)),
        .size = size,
    };
    write(device, QUEUE_NUM, size);
    write_address(device, QUEUE_DESC_LOW, memory_paddr);
    write_address(device, QUEUE_DRIVER_LOW, memory_paddr + VIRTQ_AVAIL_OFFSET(size));
    write_address(device, QUEUE_DEVICE_LOW, memory_paddr + VIRTQ_USED_OFFSET(size));
    write(device, QUEUE_READY, 1);
    return true;
}

void virtio_go(struct virtio *device)
{
    write(device, STATUS, STATUS_CONFIGURED | STATUS_DRIVER_OK);
}

uint8_t virtio_config8(const struct virtio *device, uint32_t offset)
{
    return *(volatile uint8_t *)(device->base + CONFIG + offset);
}

uint32_t virtio_config32(const struct virtio *device, uint32_t offset)
{
    return read(device, CONFIG + offset);
}

/* [VIRTIO 2.5.1] Both halves of one generation. */
uint64_t virtio_config64(const struct virtio *device, uint32_t offset)
{
    uint32_t before;
    uint64_t value;
    unsigned left = CONFIG_TRIES;
    do {
        before = read(device, CONFIG_GENERATION);
        value = virtio_config32(device, offset) | (uint64_t)virtio_config32(device, offset + 4) << 32;
        left--;
    } while (read(device, CONFIG_GENERATION) != before && left != 0);
    return value;
}

void virtio_ack_interrupt(struct virtio *device)
{
    write(device, INTERRUPT_ACK, read(device, INTERRUPT_STATUS));
    barrier_device();
}

void virtq_offer(struct virtq *queue, uint16_t head)
{
    queue->offered[head / 64] |= UINT64_C(1) << head % 64;
    queue->avail->ring[queue->next_avail & (queue->size - 1)] = head;
    queue->next_avail++;
    barrier_device();
    *(volatile uint16_t *)&queue->avail->index = queue->next_avail;
}

void virtio_kick(struct virtio *device, uint32_t index, const struct virtq *queue)
{
    barrier_device();
    if ((*(volatile uint16_t *)&queue->used->flags & USED_NO_NOTIFY) == 0) {
        write(device, QUEUE_NOTIFY, index);
    }
}

static bool has_offered(const struct virtq *queue, uint32_t head)
{
    return head < queue->size && (queue->offered[head / 64] >> head % 64 & 1) != 0;
}

/* [VIRTIO 2.7.8] */
bool virtq_take(struct virtq *queue, uint16_t *head, uint32_t *length)
{
    const uint16_t count = (uint16_t)(*(volatile uint16_t *)&queue->used->index - queue->next_used);

    if (count == 0 || queue->is_broken) {
        return false;
    }
    barrier_device();
    const volatile struct virtq_used_element *element = &queue->used->ring[queue->next_used & (queue->size - 1)];
    const uint32_t id = element->id;
    if (count > queue->size || !has_offered(queue, id)) {
        queue->is_broken = true;
        LOG_VMM_ERR("the device returns descriptor %u, which it does not have: it is no longer used\n", id);
        return false;
    }
    *length = element->length;
    queue->next_used++;
    queue->offered[id / 64] &= ~(UINT64_C(1) << id % 64);
    *head = (uint16_t)id;
    return true;
}
