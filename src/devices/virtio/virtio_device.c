/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See virtio_device.h. What the driver must not do, and what then happens: features that were not offered, or none of
 * VERSION_1, do not get FEATURES_OK; DRIVER_OK without FEATURES_OK is not taken; bits of the status cannot be cleared
 * one by one; size and areas of a queue that is in use do not change; a queue that cannot be used stops the device.
 */
#include "devices/virtio/virtio_device.h"

#include <libvmm/util/util.h>

#include "util/checked.h"
#include "vm/vm.h"

#define MODEL_FEATURES (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET)
#define LOW_WORD       FIELD(31, 0)
#define HIGH_WORD      FIELD(63, 32)

/* What the driver may write into the status; NEEDS_RESET is the device's own. */
#define DRIVER_BITS                                                                                                    \
    (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK |          \
     VIRTIO_STATUS_FAILED)

static void update_interrupt(struct virtio_device *dev)
{
    const bool high = dev->isr != 0;
    if (high != dev->is_interrupting) {
        dev->is_interrupting = high;
        dev->set_interrupt(dev->transport, high);
    }
}

/* A queue's cause is noted only where no message tells it, a change of the configuration always. [VIRTIO 4.1.4.5.1] */
static void raise(struct virtio_device *dev, uint8_t cause, uint16_t vector)
{
    dev->isr |= cause & VIRTIO_ISR_CONFIG;
    if (dev->send_message != NULL && dev->send_message(dev->transport, vector)) {
        return;
    }
    dev->isr |= cause;
    update_interrupt(dev);
}

static void update_running(struct virtio_device *dev)
{
    dev->is_running = (dev->status & VIRTIO_STATUS_DRIVER_OK) != 0 &&
                      (dev->status & (VIRTIO_STATUS_NEEDS_RESET | VIRTIO_STATUS_FAILED)) == 0;
}

static void clear(struct virtio_device *dev)
{
    dev->driver_features = 0;
    dev->device_features_select = 0;
    dev->driver_features_select = 0;
    dev->queue_select = 0;
    dev->status = 0;
    dev->isr = 0;
    dev->config_vector = VIRTQ_NO_VECTOR;
    dev->is_running = false;
    for (uint16_t i = 0; i < dev->type.queue_count; i++) {
        virtq_reset(&dev->type.queues[i]);
    }
}

void virtio_device_reset(struct virtio_device *dev)
{
    clear(dev);
    dev->type.ops->reset(dev->ctx);
    update_interrupt(dev);
}

bool virtio_device_init(struct virtio_device *dev, const struct virtio_device_type *type, void *ctx,
                        const struct virtio_place *place)
{
    *dev = (struct virtio_device){
        .type = *type,
        .ctx = ctx,
        .vm = vm_instance(),
        .place = *place,
        .features = type->features | MODEL_FEATURES,
    };
    if (place->attach == NULL) {
        LOG_VMM_ERR("%s: its place was not made by virtio_at_mmio or virtio_at_pci\n", type->name);
        return false;
    }
    if (dev->vm->reload != NULL) {
        LOG_VMM_ERR("%s: comes before linux_setup_images, which adds it to the device tree\n", type->name);
        return false;
    }
    clear(dev);
    return place->attach(dev, place);
}

uint32_t virtio_device_read_features(const struct virtio_device *dev)
{
    switch (dev->device_features_select) {
    case 0:
        return field_get32(LOW_WORD, dev->features);
    case 1:
        return field_get32(HIGH_WORD, dev->features);
    default:
        return 0;
    }
}

void virtio_device_write_features(struct virtio_device *dev, uint32_t value)
{
    if ((dev->status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        return;
    }
    if (dev->driver_features_select == 0) {
        dev->driver_features = field_set(LOW_WORD, dev->driver_features, value);
    } else if (dev->driver_features_select == 1) {
        dev->driver_features = field_set(HIGH_WORD, dev->driver_features, value);
    }
}

static bool are_features_ok(const struct virtio_device *dev)
{
    const uint64_t features = dev->driver_features;
    return (features & ~dev->features) == 0 && (features & VIRTIO_F_VERSION_1) != 0 &&
           (dev->type.ops->accepts == NULL || dev->type.ops->accepts(dev->ctx, features));
}

/* What was made available before counts now; a kick that came too early was not heard. */
static void start(struct virtio_device *dev)
{
    for (uint16_t i = 0; i < dev->type.queue_count; i++) {
        virtio_device_kick(dev, i);
    }
}

void virtio_device_write_status(struct virtio_device *dev, uint32_t value)
{
    if (value == 0) {
        virtio_device_reset(dev);
        return;
    }
    const bool was_running = dev->is_running;
    uint8_t added = (uint8_t)(value & DRIVER_BITS & ~(uint32_t)dev->status);
    if ((added & VIRTIO_STATUS_FEATURES_OK) != 0 && !are_features_ok(dev)) {
        added &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    }
    if (((dev->status | added) & VIRTIO_STATUS_FEATURES_OK) == 0) {
        added &= (uint8_t)~VIRTIO_STATUS_DRIVER_OK;
    }
    dev->status |= added;
    update_running(dev);
    if (dev->is_running && !was_running) {
        start(dev);
    }
}

struct virtq *virtio_device_selected_queue(struct virtio_device *dev)
{
    return dev->queue_select < dev->type.queue_count ? &dev->type.queues[dev->queue_select] : NULL;
}

/* The selected queue if it may be configured now. */
static struct virtq *configurable_queue(struct virtio_device *dev)
{
    struct virtq *vq = virtio_device_selected_queue(dev);
    return vq == NULL || vq->enabled ? NULL : vq;
}

void virtio_device_write_queue_size(struct virtio_device *dev, uint32_t value)
{
    struct virtq *vq = configurable_queue(dev);
    if (vq != NULL) {
        /* What does not fit is no valid size either; enabling the queue finds out. */
        vq->size = value <= VIRTQ_SIZE_MAX ? (uint16_t)value : 0;
    }
}

void virtio_device_write_area(struct virtio_device *dev, enum virtq_area area, bool is_high, uint32_t value)
{
    struct virtq *vq = configurable_queue(dev);
    if (vq != NULL) {
        vq->areas[area].value = field_set(is_high ? HIGH_WORD : LOW_WORD, vq->areas[area].value, value);
    }
}

void virtio_device_enable_queue(struct virtio_device *dev)
{
    struct virtq *vq = configurable_queue(dev);
    if (vq == NULL || (dev->status & VIRTIO_STATUS_NEEDS_RESET) != 0) {
        return;
    }
    if ((dev->status & VIRTIO_STATUS_FEATURES_OK) == 0) {
        virtio_device_fail(dev, "enables a queue before FEATURES_OK");
        return;
    }
    if (virtq_enable(vq, &dev->vm->ram, virtio_device_has(dev, VIRTIO_F_EVENT_IDX)) != RESULT_OK) {
        virtio_device_fail(dev, "enables a queue whose size or addresses are invalid");
        return;
    }
    virtio_device_kick(dev, dev->queue_select);
}

void virtio_device_reset_queue(struct virtio_device *dev)
{
    struct virtq *vq = virtio_device_selected_queue(dev);
    if (vq == NULL) {
        return;
    }
    if (vq->enabled) {
        dev->type.ops->queue_reset(dev->ctx, dev->queue_select);
    }
    virtq_reset(vq);
}

void virtio_device_kick(struct virtio_device *dev, uint32_t queue)
{
    if (dev->is_running && queue < dev->type.queue_count && dev->type.queues[queue].enabled) {
        dev->type.ops->kick(dev->ctx, (uint16_t)queue);
    }
}

void virtio_device_ack(struct virtio_device *dev, uint32_t causes)
{
    dev->isr &= (uint8_t)~causes;
    update_interrupt(dev);
}

static bool is_in_config(const struct virtio_device *dev, uint64_t offset, uint32_t bytes)
{
    return is_aligned(offset, bytes) && range_inside(0, dev->type.config_bytes, offset, bytes);
}

/* The generation counts changes that a driver has seen, so that it cannot wrap between two looks. [VIRTIO 4.1.4.3.1] */
bool virtio_device_read_config(struct virtio_device *dev, uint64_t offset, uint32_t bytes, uint64_t *value)
{
    *value = 0;
    if (!is_in_config(dev, offset, bytes)) {
        return false;
    }
    dev->config_generation += dev->config_is_new;
    dev->config_is_new = false;
    memcpy(value, (const uint8_t *)dev->type.config + offset, bytes);
    return true;
}

bool virtio_device_write_config(struct virtio_device *dev, uint64_t offset, uint32_t bytes, uint64_t value)
{
    if (!is_in_config(dev, offset, bytes)) {
        return false;
    }
    if (dev->type.ops->write_config != NULL) {
        dev->type.ops->write_config(dev->ctx, (uint32_t)offset, (uint32_t)value, bytes);
    }
    return true;
}

bool virtio_device_pop(struct virtio_device *dev, uint16_t queue, struct virtq_chain *chain)
{
    struct virtq *vq = &dev->type.queues[queue];
    if (!dev->is_running || !vq->enabled) {
        return false;
    }
    switch (virtq_pop(vq, chain)) {
    case RESULT_OK:
        return true;
    case RESULT_RANGE:
        return false;
    default:
        virtio_device_fail(dev, "has broken an available ring");
        return false;
    }
}

void virtio_device_signal(struct virtio_device *dev, uint16_t queue)
{
    struct virtq *vq = &dev->type.queues[queue];
    if (dev->is_running && vq->enabled && virtq_publish(vq)) {
        raise(dev, VIRTIO_ISR_QUEUE, vq->vector);
    }
}

void virtio_device_config_changed(struct virtio_device *dev)
{
    dev->config_is_new = true;
    if ((dev->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        raise(dev, VIRTIO_ISR_CONFIG, dev->config_vector);
    }
}

void virtio_device_fail(struct virtio_device *dev, const char *reason)
{
    if ((dev->status & VIRTIO_STATUS_NEEDS_RESET) != 0) {
        return;
    }
    dev->status |= VIRTIO_STATUS_NEEDS_RESET;
    update_running(dev);
    if ((dev->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        raise(dev, VIRTIO_ISR_CONFIG, dev->config_vector);
    }
    if (dev->failures < VIRTIO_FAIL_LOG_COUNT_MAX) {
        dev->failures++;
        LOG_VMM_ERR("guest: driver of %s %s; the device needs a reset\n", dev->type.name, reason);
    }
}

bool virtio_notified(microkit_channel ch)
{
    return device_notified(vm_instance(), ch);
}

/* Reports. */

static const char *why_not_running(const struct virtio_device *dev)
{
    if ((dev->status & VIRTIO_STATUS_NEEDS_RESET) != 0) {
        return "-> stopped: the driver has broken a rule, and must reset it";
    }
    return dev->is_running ? "running" : "-> its driver has not set DRIVER_OK";
}

static const char *why_queue_stands(const struct virtq *vq)
{
    if (virtq_available(vq) > vq->size) {
        return "-> broken: more chains than it has entries";
    }
    if (virtq_available(vq) != 0) {
        return virtq_is_kick_suppressed(vq) ? "-> chains wait: the device has not gone on, or cannot (see below)"
                                            : "-> chains wait: the driver has not kicked";
    }
    if (vq->published_used != vq->next_used) {
        return "-> used chains have not been shown to the driver";
    }
    return virtq_is_interrupt_suppressed(vq) ? "no chain waits; the driver wants no interrupt for the next one"
                                             : "no chain waits";
}

static void report_queue(const struct virtq *vq, uint16_t index, const struct report *report)
{
    if (!vq->enabled) {
        report_line(report, "  queue %u: -> not ready: the driver has not enabled it", index);
        return;
    }
    report_line(report, "  queue %u: size %u, %u taken, %u used, %u available: %s", index, vq->size, vq->next_avail,
                vq->next_used, virtq_available(vq), why_queue_stands(vq));
}

void virtio_device_report(const struct virtio_device *dev, const struct report *report)
{
    report_line(report, "%s: status 0x%x, features 0x%lx, interrupt %s; %s", dev->type.name, dev->status,
                dev->driver_features, dev->is_interrupting ? "high" : "low", why_not_running(dev));
    for (uint16_t i = 0; i < dev->type.queue_count; i++) {
        report_queue(&dev->type.queues[i], i, report);
    }
    if (dev->type.ops->report != NULL) {
        dev->type.ops->report(dev->ctx, report);
    }
}
